//! [`ValueGuard`]: the data of a value or an array, while its lock is held.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

#[cfg(doc)]
use crate::lock::LockGuard;
use crate::robust::user_guard::UserGuard;
use crate::value::owner::Owner;

/// The value, or the row of values, is this thread's until this is dropped.
///
/// It belongs to the thread that took it, and no process can be started meanwhile: see [`LockGuard`].
/// The data may be lent to other threads, as any `&mut`: if the process is killed meanwhile, the next
/// one gets the lock when all its threads have ended.
#[must_use = "the lock is given back as soon as its guard is dropped"]
pub struct ValueGuard<'a, T: ?Sized> {
    /// Points to initialised data in shared memory that lives for `'a`.
    data: NonNull<T>,
    lent: Lent<'a>,
}

/// Holds the mutex, and the note that the data is lent out.
struct Lent<'a> {
    owner: &'a Owner,
    held: UserGuard<'a>,
}

impl Drop for Lent<'_> {
    #[inline]
    fn drop(&mut self) {
        self.owner.clear(); // and then the mutex is released
    }
}

impl<'a, T: ?Sized> ValueGuard<'a, T> {
    /// `data` must be what the mutex protects, `owner` be set to this thread.
    pub(super) fn new(data: NonNull<T>, owner: &'a Owner, held: UserGuard<'a>) -> Self {
        ValueGuard { data, lent: Lent { owner, held } }
    }

    /// Whether the last owner died while it had the data, so that it may be half-changed. Said once,
    /// to the first owner after that death.
    pub fn owner_died(&self) -> bool {
        self.lent.held.owner_died
    }
}

impl<'a, T> ValueGuard<'a, T> {
    /// Of a row of one.
    pub(super) fn first(row: ValueGuard<'a, [T]>) -> Self {
        ValueGuard { data: row.data.cast(), lent: row.lent }
    }
}

impl<T: ?Sized> Deref for ValueGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: while the mutex is held no other thread uses the data, except one to which this guard
        // has lent it: those of a dead owner have ended, as `Owner` sees to. And whatever bytes it has
        // left there are a T, since T is `Plain`.
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
