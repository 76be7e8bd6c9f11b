//! [`Array`]: a row of values.

use std::fmt;
use std::marker::PhantomData;
use std::mem::offset_of;
use std::num::NonZeroUsize;
use std::ptr::NonNull;
use std::time::Duration;

use bytemuck::Zeroable;
#[cfg(doc)]
use ipc_error::Error;
use ipc_error::Result;
use ipc_trace::internal::{address, made};

#[cfg(doc)]
use crate::lock::Lock;
use crate::robust::mutex::RobustMutex;
use crate::robust::user_guard::UserGuard;
use crate::value::Plain;
#[cfg(doc)]
use crate::value::Value;
use crate::value::guard::ValueGuard;
use crate::value::owner::{Owner, Program};
use ipc_memory::{Deadline, Mapping};

/// A row of values of fixed length that all processes see; Python's `multiprocessing.Array`.
///
/// As [`Value`], but its guard is a slice.
///
/// ```
/// use ipc_common::{Array, Process};
///
/// let numbers = Array::new(&[1, 2, 3])?;
/// let child = Process::new(|| -> ipc_common::Result<()> {
///     numbers.lock()?.iter_mut().for_each(|n| *n = -*n);
///     Ok(())
/// });
/// child.start()?.join()?;
/// assert_eq!(*numbers.lock()?, [-1, -2, -3]);
/// # Ok::<(), ipc_common::Error>(())
/// ```
pub struct Array<T> {
    /// A [`Header`], then the values.
    pub(crate) memory: Mapping,
    pub(crate) len: usize,
    pub(crate) items: PhantomData<T>,
}

#[derive(Zeroable)]
#[repr(C, align(64))]
struct Header {
    mutex: RobustMutex,
    owner: Owner,
}

const _: () = assert!(offset_of!(Header, mutex) == 0);

impl<T: Plain> Array<T> {
    /// A new one with these values; Python's `Array('i', [1, 2, 3])`.
    ///
    /// # Errors
    ///
    /// [`Error::System`] if there is no memory for it.
    pub fn new(initial: &[T]) -> Result<Self> {
        let array = Self::zeroed(initial.len())?;
        // SAFETY: the mapping is new and large enough.
        unsafe {
            array
                .data()
                .cast()
                .copy_from_nonoverlapping(NonNull::from(initial).cast::<T>(), initial.len());
        }
        Ok(array)
    }

    /// A new one of this length, whose values are all zero; Python's `Array('i', 1000)`. A page of it
    /// takes memory when something is first written there.
    ///
    /// ```
    /// let row = ipc_common::Array::<f64>::zeroed(1000)?;
    /// assert_eq!(row.lock()?[999], 0.0);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::System`] if there is no memory for it.
    pub fn zeroed(len: usize) -> Result<Self> {
        const { assert!(align_of::<T>() <= 4096, "a page is not aligned as this type wants") }
        let size = Self::OFFSET.saturating_add(len.saturating_mul(size_of::<T>()));
        let memory = Mapping::new(NonZeroUsize::MIN.saturating_add(size - 1))?;
        let array = Array { memory, len, items: PhantomData };
        made(array.trace_id(), "Array");
        Ok(array)
    }

    /// How many values it has; Python's `len(array)`.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Waits until no other process or thread has the values, and takes all of them; Python's
    /// `with array.get_lock():`.
    ///
    /// If the last owner was killed, this also waits until all threads of its process have ended: it
    /// may have lent the data to one of them.
    ///
    /// # Errors
    ///
    /// As for [`Lock::lock`]; [`Error::System`] also if no descriptor is free to wait for a dead
    /// owner's process with.
    pub fn lock(&self) -> Result<ValueGuard<'_, [T]>> {
        let guard = self.lock_until(Deadline::NEVER)?;
        Ok(guard.expect("a wait without a deadline ends with the lock"))
    }

    /// Waits at most `timeout` for them; `None` if another process or thread had them all the while.
    ///
    /// # Errors
    ///
    /// As for [`lock`](Array::lock).
    pub fn lock_timeout(&self, timeout: Duration) -> Result<Option<ValueGuard<'_, [T]>>> {
        self.lock_until(Deadline::after(timeout))
    }

    fn lock_until(&self, deadline: Deadline) -> Result<Option<ValueGuard<'_, [T]>>> {
        let program = Program::own()?;
        let Some(held) = self.hold(deadline)? else { return Ok(None) };
        let Header { mutex, owner } = self.header();
        owner.set(program, mutex.owner());
        Ok(Some(ValueGuard::new(self.data(), owner, held)))
    }

    /// Takes the mutex, and waits until no thread of a dead owner uses the data.
    fn hold(&self, deadline: Deadline) -> Result<Option<UserGuard<'_>>> {
        let Header { mutex, owner } = self.header();
        let Some(mut held) = UserGuard::lock(mutex, deadline)? else { return Ok(None) };
        if owner.is_set() {
            held.owner_died = true;
            if !owner.wait_for_end(deadline)? {
                return Ok(None); // it stays set: the next one waits, too
            }
        }
        Ok(Some(held))
    }

    /// A copy of the first value. That an owner died stays noted for the next guard.
    pub(super) fn first(&self) -> Result<T> {
        let _held = self.hold(Deadline::NEVER)?;
        // SAFETY: a `Value` has one value, and while the mutex is held no other thread changes it.
        Ok(unsafe { self.data().cast::<T>().read() })
    }

    /// Replaces the first value, and returns what it was before. Nothing is lent out meanwhile, so no owner
    /// is noted; that one died is not said again.
    #[inline]
    pub(super) fn replace_first(&self, change: impl FnOnce(T) -> T) -> Result<T> {
        let _held = self.hold(Deadline::NEVER)?;
        let first = self.data().cast::<T>();
        // SAFETY: a `Value` has one value, and while the mutex is held no other thread uses it.
        let before = unsafe { first.read() };
        // SAFETY: the same.
        unsafe { first.write(change(before)) };
        self.header().owner.clear();
        Ok(before)
    }

    /// Where the values begin.
    const OFFSET: usize =
        if size_of::<Header>() > align_of::<T>() { size_of::<Header>() } else { align_of::<T>() };

    fn data(&self) -> NonNull<[T]> {
        // SAFETY: the mapping is longer than this.
        let start = unsafe { self.memory.start().add(Self::OFFSET) };
        NonNull::slice_from_raw_parts(start.cast(), self.len)
    }
}

impl<T> Array<T> {
    /// By which traces know it.
    pub(super) fn trace_id(&self) -> u64 {
        address(&self.header().mutex)
    }

    fn header(&self) -> &Header {
        // SAFETY: the mapping begins with a header, zeroed by the kernel, which `Zeroable` makes valid.
        unsafe { self.memory.start().cast().as_ref() }
    }
}

impl<T> Drop for Array<T> {
    fn drop(&mut self) {
        // If a guard was leaked (`mem::forget`), its thread's list of held locks still leads here, so
        // the memory has to stay.
        if self.header().mutex.is_held_here() {
            self.memory.stay_mapped();
        }
    }
}

impl<T> fmt::Debug for Array<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let owner = self.header().mutex.owner();
        f.debug_struct("Array").field("len", &self.len).field("owner", &owner).finish()
    }
}
