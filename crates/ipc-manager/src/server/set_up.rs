//! How the server parts from what it has copied of its parent.

use std::fs;
use std::os::fd::RawFd;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::SigSet;
use nix::unistd::close;

use ipc_error::{Error, Result};

/// Blocks all signals, closes all files of the parent's but `control` and the standard streams, and
/// allows itself as many descriptors as it can have: it needs one for each client.
pub(crate) fn part_from_parent(control: RawFd) -> Result<()> {
    // A handler of the parent's may write to a file by its number, which is another file here.
    SigSet::all().thread_block().map_err(|e| Error::system("start a manager", "", e))?;
    let failed = |e| Error::system("start a manager: close what its parent has open", "", e);
    let open = fs::read_dir("/proc/self/fd").map_err(failed)?;
    let open = open.filter_map(|file| file.ok()?.file_name().to_str()?.parse::<RawFd>().ok());
    for file in open.collect::<Vec<_>>() {
        // Nothing in this process uses those any more: it only serves, and ends without running
        // destructors. One of them was the list itself, which is closed already.
        if file > 2 && file != control {
            let _ = close(file);
        }
    }
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).map_err(|e| failed(e.into()))?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most).map_err(|e| failed(e.into()))
}
