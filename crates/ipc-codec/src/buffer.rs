//! [`with_buffer`]: a buffer that a thread keeps, so that not every item allocates.

use std::cell::Cell;
use std::mem;

thread_local! {
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A thread keeps a buffer of up to this size. A larger one it keeps until an item comes that does
/// not need it, since new memory costs more than to copy it.
const KEEP: usize = 4 << 20;
const KEEP_IF_NEEDED: usize = 96 << 20;

/// Calls `f` with an empty buffer.
pub fn with_buffer<R>(f: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    // Taken, not borrowed: `f` runs the user's code, which may come here again.
    // (In a destructor at the thread's end there may be none any more.)
    let mut taken = Taken(BUFFER.try_with(Cell::take).unwrap_or_default());
    f(&mut taken.0)
}

/// The thread's buffer, which goes back to it when this is dropped. (So what `f` returns, which may be
/// large, is not moved meanwhile.)
struct Taken(Vec<u8>);

impl Drop for Taken {
    #[inline]
    fn drop(&mut self) {
        empty(&mut self.0);
        let _ = BUFFER.try_with(|kept| kept.set(mem::take(&mut self.0)));
    }
}

/// Empties a buffer for the next use.
#[inline]
pub fn empty(buffer: &mut Vec<u8>) {
    let size = buffer.capacity();
    if size > KEEP_IF_NEEDED || size > KEEP && size / 2 > buffer.len() {
        *buffer = Vec::new();
    }
    buffer.clear();
}
