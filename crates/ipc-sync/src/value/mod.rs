//! [`Value`] and [`Array`]: plain data that processes share, behind a lock.

pub(crate) mod array;
pub(crate) mod guard;
mod owner;

use std::fmt;
use std::num::Wrapping;
use std::ops::Add;
use std::time::Duration;

use bytemuck::AnyBitPattern;
#[cfg(doc)]
use ipc_error::Error;
use ipc_error::Result;
use ipc_trace::internal::made;

#[cfg(doc)]
use crate::lock::Lock;
use crate::value::array::Array;
use crate::value::guard::ValueGuard;

/// What a [`Value`] or an [`Array`] holds: data of which all bytes mean something, and that points
/// nowhere.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be shared between processes as plain data",
    note = "numbers can, arrays of them, and structs with `#[derive(Clone, Copy, bytemuck::AnyBitPattern)]` (crate `bytemuck`, feature `derive`)",
    note = "what points to other memory, such as a `String`, goes through a `Queue` or a `Manager`"
)]
pub trait Plain: AnyBitPattern {}

impl<T: AnyBitPattern> Plain for T {}

/// One value that all processes see; Python's `multiprocessing.Value`.
///
/// Create it before the processes that use it are started, and let their closures borrow it. The
/// only way to change what is there is its lock, so no update is lost.
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
/// [`bytemuck::AnyBitPattern`] (crate `bytemuck`, feature `derive`):
///
/// ```
/// #[derive(Clone, Copy, bytemuck::AnyBitPattern)]
/// #[repr(C)]
/// struct Progress {
///     done: u64,
///     failed: u32,
/// }
///
/// let progress = ipc_common::Value::new(Progress { done: 0, failed: 0 })?;
/// progress.lock()?.done += 1;
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// Such a struct is also the way to have one lock for several values, where Python has `Value('i', 0,
/// lock=lock)`: what must change together stands in one `Value`.
///
/// A guard lives until the end of its statement, so `*value.lock()? = *value.lock()? + 1`, which is
/// Python's `value.value = value.value + 1`, has two of them and is [`Error::AlreadyLocked`]. Write
/// `*value.lock()? += 1`, [`fetch_add`](Value::fetch_add), or for anything else
/// `let mut held = value.lock()?; *held = f(*held)`.
///
/// What points into the memory of one process cannot be shared:
///
/// ```compile_fail,E0277
/// ipc_common::Value::new(String::from("on the heap of this process")).unwrap();
/// ```
///
/// Nor can a `bool`, a `char` or an enum: a process that is killed while it writes may leave bytes that
/// mean no such thing. Use a number.
pub struct Value<T>(pub(crate) Array<T>);

impl<T: Plain> Value<T> {
    /// A new one with this value; Python's `Value('d', 0.0)`. Costs one page of shared memory.
    ///
    /// # Errors
    ///
    /// [`Error::System`] if there is no memory for it.
    pub fn new(initial: T) -> Result<Self> {
        let array = Array::new(&[initial])?;
        made(array.trace_id(), "Value");
        Ok(Value(array))
    }

    /// Waits until no other process or thread has the value, and takes it; Python's `with value.get_lock():`.
    ///
    /// # Errors
    ///
    /// As for [`Lock::lock`].
    pub fn lock(&self) -> Result<ValueGuard<'_, T>> {
        self.0.lock().map(ValueGuard::first)
    }

    /// Waits at most `timeout` for it; `None` if another process or thread had it all the while.
    ///
    /// # Errors
    ///
    /// As for [`Lock::lock`].
    pub fn lock_timeout(&self, timeout: Duration) -> Result<Option<ValueGuard<'_, T>>> {
        Ok(self.0.lock_timeout(timeout)?.map(ValueGuard::first))
    }

    /// A copy of the value; Python's `value.value`. Waits until no other process or thread has it.
    ///
    /// By the time it is here the value may be another. What depends on the one that was there is done
    /// with the guard of [`lock`](Value::lock).
    ///
    /// ```
    /// let level = ipc_common::Value::new(1.5)?;
    /// level.set(level.get()? * 2.0)?; // right only while no other process sets it
    /// assert_eq!(level.get()?, 3.0);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    ///
    /// If the last owner died while it had the value, this may be half-changed if it is not a single
    /// number. The next guard still [says so](ValueGuard::owner_died).
    ///
    /// # Errors
    ///
    /// As for [`Lock::lock`]: [`Error::AlreadyLocked`] if this thread has a guard of it.
    pub fn get(&self) -> Result<T> {
        self.0.first()
    }

    /// Sets the value; Python's `value.value = …`. Waits until no other process or thread has it.
    ///
    /// That the last owner died does not matter any more after it: the value is whole.
    ///
    /// # Errors
    ///
    /// As for [`get`](Value::get).
    pub fn set(&self, value: T) -> Result<()> {
        *self.lock()? = value;
        Ok(())
    }
}

impl<T: Plain> Value<T>
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
    /// A kill could leave half of a number of more than 64 bits, so that is not compiled. Use the guard,
    /// which tells.
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
        self.0.replace_first(|before| (Wrapping(before) + Wrapping(number)).0)
    }
}

impl<T> fmt::Debug for Value<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Value").finish_non_exhaustive()
    }
}
