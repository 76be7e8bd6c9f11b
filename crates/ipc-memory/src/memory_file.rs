//! [`new_file`]: memory with a descriptor.

use std::num::NonZeroUsize;
use std::os::fd::OwnedFd;

use ipc_error::{Error, Result};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::resource::{Resource, getrlimit};
use nix::unistd::ftruncate;

/// Memory with a descriptor, without a name.
pub(crate) fn new_file(len: NonZeroUsize) -> Result<OwnedFd> {
    let largest = getrlimit(Resource::RLIMIT_FSIZE).map_or(u64::MAX, |(soft, _)| soft);
    if len.get() as u64 > largest {
        return Err(map_error(len, nix::Error::EFBIG)); // the kernel would send SIGXFSZ
    }
    let file = memfd_create(c"ipc-common", MFdFlags::MFD_CLOEXEC).map_err(|e| map_error(len, e))?;
    let size = i64::try_from(len.get()).map_err(|_| map_error(len, nix::Error::EFBIG))?;
    ftruncate(&file, size).map_err(|e| map_error(len, e))?;
    Ok(file)
}

pub(crate) fn map_error(len: NonZeroUsize, e: nix::Error) -> Error {
    let advice = "free memory, or raise the limits on it (ulimit -v, vm.max_map_count) and with a \
                  fork server on files (ulimit -n, ulimit -f)";
    Error::system(format!("map {len} bytes of shared memory"), advice, e)
}
