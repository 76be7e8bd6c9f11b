//! How many threads this process has: a fork copies only one of them.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::thread;
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, unshare};

/// How long threads that are ending may take.
const EXITING: Duration = Duration::from_millis(100);

/// The number of this process's threads.
///
/// The kernel refuses to take a thread out of its process if there is another one, and does nothing for
/// one that is alone. That is asked first, since to look into a folder takes ten times as long.
///
/// A thread that was joined still counts while the kernel tears it down, and one that
/// `std::thread::scope` has waited for may still be running its destructors. Nothing tells when
/// they are gone, so look again.
pub fn count_threads() -> io::Result<usize> {
    if unshare(CloneFlags::CLONE_THREAD).is_ok() {
        return Ok(1);
    }
    let begin = Instant::now();
    loop {
        // A directory has two links and one from each folder in it, here one for each thread.
        let threads = fs::metadata("/proc/self/task")?.nlink().saturating_sub(2) as usize;
        if threads == 1 || begin.elapsed() >= EXITING {
            return Ok(threads);
        }
        thread::sleep(Duration::from_micros(50));
    }
}
