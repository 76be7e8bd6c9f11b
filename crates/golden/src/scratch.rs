//! A directory of one's own for as long as it is needed.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::{env, fs, io, process};

/// A new, empty directory, which is removed with all it holds when this is dropped.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
}

impl Scratch {
    pub(crate) fn new() -> io::Result<Scratch> {
        static COUNT: AtomicU64 = AtomicU64::new(0);

        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = env::temp_dir().join(format!("golden-{}-{count}", process::id()));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Scratch { path }),
                // Left by a process that was killed and had our id.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nobody can be told here, and a directory that stays in the temporary one harms nobody.
        let _ = fs::remove_dir_all(&self.path);
    }
}
