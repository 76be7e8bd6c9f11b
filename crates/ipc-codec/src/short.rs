//! [`Short`]: a value of a few bytes, in registers.

/// The bytes of a value that has at most nine, so that they can be put where they belong by one store.
/// None if the value's bytes are in a buffer.
#[derive(Clone, Copy, Debug)]
#[must_use = "its bytes are nowhere else"]
pub struct Short {
    /// Lowest byte first.
    bytes: u128,
    len: usize,
}

impl Short {
    /// The bytes are in a buffer.
    pub(crate) const IN_BUFFER: Short = Short { bytes: 0, len: 0 };

    #[inline]
    pub(crate) fn of_byte(byte: u8) -> Self {
        Short { bytes: byte.into(), len: 1 }
    }

    /// A mark, and the last `len` bytes of a number, highest first.
    #[inline]
    pub(crate) fn marked(mark: u8, n: u64, len: usize) -> Self {
        let bytes = (n << (64 - 8 * len)).swap_bytes();
        Short { bytes: u128::from(bytes) << 8 | u128::from(mark), len: 1 + len }
    }

    /// How many they are.
    #[inline]
    pub fn len(self) -> usize {
        self.len
    }

    /// Whether there are none: the value is in a buffer.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// The bytes as a number: the first is the lowest, and behind the last are zeros.
    #[inline]
    pub fn bytes(self) -> u128 {
        self.bytes
    }

    /// Appends them.
    #[inline]
    pub(crate) fn append_to(self, out: &mut Vec<u8>) {
        // As many bytes as there can be, which are one store, and then without those too many.
        let end = out.len() + self.len;
        out.extend_from_slice(&self.bytes.to_le_bytes());
        out.truncate(end);
    }
}
