//! [`Value`] and [`Array`]: plain data that processes share, behind a lock.

use std::fmt;
use std::marker::PhantomData;
use std::num::{NonZeroUsize, Wrapping};
use std::ops::{Add, Deref, DerefMut};
use std::ptr::NonNull;
use std::time::Duration;

use bytemuck::AnyBitPattern;

#[cfg(doc)]
use ipc_error::Error;
use ipc_error::Result;

use crate::lock::{Lock, LockGuard};
use crate::os::mapping::Mapping;

/// One value that all processes see; Python's `multiprocessing.Value`.
///
/// Create it before the processes that use it are started, and let their closures borrow it. The
/// only way to the value is its lock, so no update is lost.
///
/// ```
/// use ipc_common::{Process, Value};
///
/// let num = Value::new(0.0_f64)?;
/// let child = Process::new(|| -> ipc_common::Result<()> {
///     *num.lock()? = 3.1415927;
///     Ok(())
/// });
/// child.start()?.join()?;
/// assert_eq!(*num.lock()?, 3.1415927);
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// It is plain data: numbers, arrays of them, and structs of those that derive
/// [`bytemuck::AnyBitPattern`]. What points into the memory of one process cannot be shared:
///
/// ```compile_fail,E0277
/// ipc_common::Value::new(String::from("on the heap of this process")).unwrap();
/// ```
///
/// A `bool`, a `char` or an enum is none either: whoever is killed while he writes may leave bytes
/// that mean no such thing. Use a number.
pub struct Value<T>(Array<T>);

impl<T: AnyBitPattern> Value<T> {
    /// A new one with this value; Python's `Value('d', 0.0)`. Costs two pages of shared memory.
    ///
    /// # Errors
    ///
    /// [`Error::System`] if there is no memory for it.
    pub fn new(initial: T) -> Result<Self> {
        Ok(Value(Array::new(&[initial])?))
    }

    /// Waits until nobody else has the value, and takes it; Python's `with value.get_lock():`.
    ///
    /// # Errors
    ///
    /// As for [`Lock::lock`].
    pub fn lock(&self) -> Result<ValueGuard<'_, T>> {
        self.0.lock().map(ValueGuard::first)
    }

    /// Waits at most `timeout` for it; `None` if somebody else had it all the while.
    ///
    /// # Errors
    ///
    /// As for [`Lock::lock`].
    pub fn lock_timeout(&self, timeout: Duration) -> Result<Option<ValueGuard<'_, T>>> {
        Ok(self.0.lock_timeout(timeout)?.map(ValueGuard::first))
    }
}

impl<T: AnyBitPattern> Value<T>
where
    Wrapping<T>: Add<Output = Wrapping<T>>,
{
    /// Adds to a whole number (not to a float: use the guard), and returns what it was before; as
    /// std's atomics do, it wraps around.
    ///
    /// ```
    /// let tickets = ipc_common::Value::new(10_i32)?;
    /// assert_eq!(tickets.fetch_add(-1)?, 10);
    /// assert_eq!(*tickets.lock()?, 9);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    ///
    /// Of a number of more than 64 bits a kill could leave one half, so that is not compiled. Use the
    /// guard, which tells.
    ///
    /// ```compile_fail
    /// ipc_common::Value::new(1_u128).unwrap().fetch_add(1).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Lock::lock`]: [`Error::AlreadyLocked`] if this thread has a guard of it. That the last
    /// owner died is no error here, and not said again to the next: a whole number is never
    /// half-written.
    pub fn fetch_add(&self, number: T) -> Result<T> {
        const { assert!(size_of::<T>() <= 8, "fetch_add is for numbers of up to 64 bits") }
        let mut value = self.lock()?;
        let before = *value;
        *value = (Wrapping(before) + Wrapping(number)).0;
        Ok(before)
    }
}

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
    lock: Lock,
    data: Mapping,
    len: usize,
    items: PhantomData<T>,
}

impl<T: AnyBitPattern> Array<T> {
    /// A new one with these values; Python's `Array('i', [1, 2, 3])`.
    ///
    /// # Errors
    ///
    /// [`Error::System`] if there is no memory for it.
    pub fn new(initial: &[T]) -> Result<Self> {
        const { assert!(align_of::<T>() <= 4096, "a page is not aligned as this type wants") }
        let size = NonZeroUsize::new(size_of_val(initial)).unwrap_or(NonZeroUsize::MIN);
        let data = Mapping::new(size)?;
        // SAFETY: the mapping is new, large enough, and aligned to a page.
        unsafe {
            data.start()
                .cast::<T>()
                .copy_from_nonoverlapping(NonNull::from(initial).cast(), initial.len());
        }
        Ok(Array { lock: Lock::new()?, data, len: initial.len(), items: PhantomData })
    }

    /// How many values it has; Python's `len(array)`.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Waits until nobody else has the values, and takes all of them; Python's
    /// `with array.get_lock():`.
    ///
    /// # Errors
    ///
    /// As for [`Lock::lock`].
    pub fn lock(&self) -> Result<ValueGuard<'_, [T]>> {
        self.lock.lock().map(|lock| self.guard(lock))
    }

    /// Waits at most `timeout` for them; `None` if somebody else had them all the while.
    ///
    /// # Errors
    ///
    /// As for [`Lock::lock`].
    pub fn lock_timeout(&self, timeout: Duration) -> Result<Option<ValueGuard<'_, [T]>>> {
        Ok(self.lock.lock_timeout(timeout)?.map(|lock| self.guard(lock)))
    }

    fn guard<'a>(&'a self, lock: LockGuard<'a>) -> ValueGuard<'a, [T]> {
        ValueGuard { data: NonNull::slice_from_raw_parts(self.data.start().cast(), self.len), lock }
    }
}

/// The value, or the row of values, is yours until you drop this.
///
/// It belongs to the thread that took it, and no process can be started meanwhile: see [`LockGuard`].
/// Do not lend the data to another thread either, in a process that may be killed: the next one gets
/// the lock as soon as *this* thread is dead, and the other may be writing for an instant longer.
#[must_use = "the lock is given back as soon as its guard is dropped"]
pub struct ValueGuard<'a, T: ?Sized> {
    /// Points to initialised data in shared memory that lives for `'a`.
    data: NonNull<T>,
    lock: LockGuard<'a>,
}

impl<'a, T> ValueGuard<'a, T> {
    /// Of a row of one.
    fn first(row: ValueGuard<'a, [T]>) -> Self {
        ValueGuard { data: row.data.cast(), lock: row.lock }
    }
}

impl<T: ?Sized> ValueGuard<'_, T> {
    /// Whether the last one who had it died meanwhile, so that the data may be half-changed. Said
    /// once, to the first after that death.
    pub fn owner_died(&self) -> bool {
        self.lock.owner_died()
    }
}

impl<T: ?Sized> Deref for ValueGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: while we have the lock no other thread of any process touches the data (but one to
        // whom a guard's owner has lent it who was killed just now, which `ValueGuard` warns of), and
        // whatever bytes a dead owner has left there are a T.
        unsafe { self.data.as_ref() }
    }
}

impl<T: ?Sized> DerefMut for ValueGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above, and this borrows the only guard.
        unsafe { self.data.as_mut() }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for ValueGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T> fmt::Debug for Value<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Value").field("lock", &self.0.lock).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Array<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Array { lock, len, .. } = self;
        f.debug_struct("Array").field("lock", lock).field("len", len).finish_non_exhaustive()
    }
}
