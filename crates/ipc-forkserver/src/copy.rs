//! [`Copier`]: a new process that is a copy of this one, but a child of its parent.

use std::ffi::c_int;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::ptr;

use nix::errno::Errno;

const PR_GET_TID_ADDRESS: c_int = 40;

/// What glibc's `fork` knows and a bare system call has to be told.
pub(crate) struct Copier {
    /// Where glibc keeps the id of the calling thread.
    thread_id: *mut libc::pid_t,
    /// The thread's list of robust mutexes, and the size of its head.
    robust_list: (*mut u8, usize),
}

pub(crate) enum Copy {
    /// This is the copy.
    Child,
    /// This is the original; the copy's id and pidfd.
    Original(u32, OwnedFd),
}

impl Copier {
    /// # Errors
    ///
    /// EINVAL if the kernel was built without checkpoint and restore.
    pub(crate) fn new() -> io::Result<Self> {
        let mut thread_id: *mut libc::pid_t = ptr::null_mut();
        // SAFETY: the kernel writes an address where it is to.
        Errno::result(unsafe { libc::prctl(PR_GET_TID_ADDRESS, &raw mut thread_id) })?;
        let (mut list, mut size) = (ptr::null_mut(), 0_usize);
        // SAFETY: the kernel writes a pointer and a size where it is to.
        let got =
            unsafe { libc::syscall(libc::SYS_get_robust_list, 0, &raw mut list, &raw mut size) };
        Errno::result(got)?;
        Ok(Copier { thread_id, robust_list: (list, size) })
    }

    /// Makes the copy. It has this thread alone, the same memory at the same places, and copies of
    /// all descriptors.
    ///
    /// # Safety
    ///
    /// This is the only thread of the process, and the one that has made the `Copier`. No fork handler
    /// runs: what of the program's relies on one must be told in another way.
    pub(crate) unsafe fn copy(&self) -> io::Result<Copy> {
        let flags = libc::CLONE_PARENT
            | libc::CLONE_PIDFD
            | libc::CLONE_CHILD_SETTID
            | libc::CLONE_CHILD_CLEARTID
            | libc::SIGCHLD;
        let mut pidfd: c_int = -1;
        let (thread_id, no_tls) = (self.thread_id.expose_provenance(), 0_usize);
        // The kernel's order of the last two is not the same everywhere.
        let [fourth, fifth] =
            if cfg!(target_arch = "x86_64") { [thread_id, no_tls] } else { [no_tls, thread_id] };
        // SAFETY: without CLONE_VM the child has a copy of this memory, and goes on on its copy of
        // this stack. The ids are written to where glibc keeps them, as its own fork does.
        let pid = unsafe {
            libc::syscall(libc::SYS_clone, flags as usize, 0_usize, &raw mut pidfd, fourth, fifth)
        };
        match Errno::result(pid)? {
            0 => {
                let (list, size) = self.robust_list;
                // A new process has none. SAFETY: it is glibc's, of this thread, as before the copy.
                let set = unsafe { libc::syscall(libc::SYS_set_robust_list, list, size) };
                Errno::result(set)?;
                Ok(Copy::Child)
            }
            // SAFETY: the kernel has just opened it.
            pid => Ok(Copy::Original(pid as u32, unsafe { OwnedFd::from_raw_fd(pidfd) })),
        }
    }
}
