//! [`Kept`]: a descriptor that a process opens when it first needs it, and keeps.

use std::io;
use std::mem;
use std::os::fd::AsFd;

use ipc_sync::internal::fork_generation;
use rustix::fs::fstat;

/// A descriptor that is kept, since to open it again for each child takes longer than to look whether it
/// is still there.
#[derive(Debug)]
pub(crate) struct Kept<F>(Option<(F, Identity)>);

/// The numbers of device and file, and for which process it was opened: not for a copy of that by others.
type Identity = (u64, u64, u32);

impl<F: AsFd> Kept<F> {
    /// None yet.
    pub(crate) const NONE: Self = Kept(None);

    /// It, opened if it is not there.
    pub(crate) fn get_or_open(&mut self, open: impl FnOnce() -> io::Result<F>) -> io::Result<&F> {
        let is_there =
            |(file, identity): &(F, _)| identity_of(file).is_ok_and(|id| id == *identity);
        let kept = match self.0.take() {
            Some(kept) if is_there(&kept) => kept,
            gone => {
                // A program that closes all descriptors, as daemons do, has closed this one. If there is
                // another file by its number, that is not to be closed.
                mem::forget(gone);
                let file = open()?;
                let identity = identity_of(&file)?;
                (file, identity)
            }
        };
        Ok(&self.0.insert(kept).0)
    }

    /// Whether it was opened.
    pub(crate) fn is_open(&self) -> bool {
        self.0.is_some()
    }

    /// It, if it is there, to be kept by another.
    pub(crate) fn take(&mut self) -> Option<F> {
        self.0.take().map(|(file, _)| file)
    }
}

fn identity_of(file: &impl AsFd) -> io::Result<Identity> {
    let stat = fstat(file)?;
    Ok((stat.st_dev, stat.st_ino, fork_generation()))
}
