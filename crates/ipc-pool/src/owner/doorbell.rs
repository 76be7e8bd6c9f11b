//! [`Doorbell`]: how the pool sleeps until there is a message.

use std::cell::Cell;
use std::io::{self, PipeReader, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::fence;
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use crate::shared::pool_shared::PoolShared;
use ipc_error::{Error, Result};
use ipc_process::Child;
use ipc_process::internal::{above_stdio, wait_until};
use ipc_sync::internal::{Deadline, spin_until};

/// The pipe's end that is read. Only the supervisor and the workers have the other.
pub(crate) struct Doorbell {
    reader: PipeReader,
    /// Until when workers may live whose supervisor was killed.
    orphans_end: Cell<Option<Deadline>>,
}

/// What [`Doorbell::listen`] has heard.
#[derive(PartialEq)]
pub(crate) enum Heard {
    /// Nothing before the deadline.
    Nothing,
    /// There may be messages.
    News,
    /// The supervisor and the workers have ended, and there may be messages.
    End,
}

impl Doorbell {
    /// A new one, and the end that is written to. Writing does not block.
    pub(crate) fn new() -> io::Result<(Self, OwnedFd)> {
        let (reader, writer) = io::pipe()?;
        let (reader, writer) = (above_stdio(reader.into())?, above_stdio(writer.into())?);
        fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        Ok((Doorbell { reader: reader.into(), orphans_end: Cell::new(None) }, writer))
    }

    /// Sleeps until there may be messages. `orphans` is how long the workers of a supervisor that was
    /// killed have to end.
    pub(crate) fn listen(
        &self,
        shared: &PoolShared,
        supervisor: &Child,
        orphans: Duration,
        deadline: Deadline,
    ) -> Result<Heard> {
        let has_news = || !shared.results.is_empty();
        if has_news() || deadline != Deadline::NOW && spin_until(has_news) {
            return Ok(Heard::News);
        }
        shared.pool_sleeps().store(1, SeqCst);
        fence(SeqCst); // StoreLoad: the flag before the look; pairs with the fence in `notify`
        let ready = match has_news() {
            true => Ok(Vec::new()),
            false => wait_until(&[&self.reader, supervisor], deadline),
        };
        shared.pool_sleeps().store(0, Relaxed);
        let heard = match ready?[..] {
            [] => Heard::Nothing,
            [1] => self.listen_to_orphans(orphans, deadline)?,
            _ => self.read()?,
        };
        Ok(if heard == Heard::Nothing && has_news() { Heard::News } else { heard })
    }

    /// The supervisor has ended, so the kernel kills the workers at once. But a child of theirs may
    /// have the other end, too, and does not end: that is not waited for.
    fn listen_to_orphans(&self, time: Duration, deadline: Deadline) -> Result<Heard> {
        let end = self.orphans_end.get().unwrap_or_else(|| Deadline::after(time));
        self.orphans_end.set(Some(end));
        match wait_until(&[&self.reader], end.or_before(deadline))?[..] {
            [] if end.is_past() => Ok(Heard::End),
            [] => Ok(Heard::Nothing),
            _ => self.read(),
        }
    }

    fn read(&self) -> Result<Heard> {
        let read = (&self.reader).read(&mut [0; 64]);
        match read.map_err(|e| Error::system("listen to the pool's workers", "", e))? {
            0 => Ok(Heard::End),
            _ => Ok(Heard::News),
        }
    }
}

impl AsFd for Doorbell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}
