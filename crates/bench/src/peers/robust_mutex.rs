//! [`RobustMutex`]: the C library's, between processes.

use std::mem::MaybeUninit;

use nix::errno::Errno;

use crate::outcome::Outcome;
use crate::peers::shared_memory::SharedMemory;

/// A `pthread_mutex_t` that is shared between processes and robust.
pub(crate) struct RobustMutex(SharedMemory);

impl RobustMutex {
    pub(crate) fn new() -> Outcome<Self> {
        let mutex = RobustMutex(SharedMemory::new(size_of::<libc::pthread_mutex_t>())?);
        let mut attributes = MaybeUninit::uninit();
        let attributes = attributes.as_mut_ptr();
        // SAFETY: the attributes are initialised before they are used, and the memory is large and
        // aligned enough for a mutex, of which there is none yet.
        unsafe {
            checked(libc::pthread_mutexattr_init(attributes))?;
            checked(libc::pthread_mutexattr_setpshared(attributes, libc::PTHREAD_PROCESS_SHARED))?;
            checked(libc::pthread_mutexattr_setrobust(attributes, libc::PTHREAD_MUTEX_ROBUST))?;
            checked(libc::pthread_mutex_init(mutex.raw(), attributes))?;
        }
        Ok(mutex)
    }

    pub(crate) fn lock(&self) -> Outcome<()> {
        // SAFETY: the mutex is initialised.
        checked(unsafe { libc::pthread_mutex_lock(self.raw()) })
    }

    pub(crate) fn unlock(&self) -> Outcome<()> {
        // SAFETY: the mutex is initialised, and says itself if it is not locked by us.
        checked(unsafe { libc::pthread_mutex_unlock(self.raw()) })
    }

    fn raw(&self) -> *mut libc::pthread_mutex_t {
        self.0.start().as_ptr().cast()
    }
}

fn checked(code: i32) -> Outcome<()> {
    match code {
        0 => Ok(()),
        code => Err(Errno::from_raw(code).into()),
    }
}
