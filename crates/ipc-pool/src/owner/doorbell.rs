//! [`Doorbell`]: how the pool sleeps until there is a message.

use std::fs::File;
use std::io::{self, ErrorKind, PipeReader, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::fence;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{EventfdFlags, eventfd};

use ipc_error::{Error, Result};
use ipc_process::Child;
use ipc_queue::internal::{above_stdio, wait_until};
use ipc_sync::internal::{Deadline, spin_until};
use ipc_worker::shared::pool_shared::PoolShared;

/// The pipe's end that is read. Only the supervisor and the workers have the other.
///
/// *An event loop hears of each message.* From the moment that it has a descriptor, the workers are
/// told that the pool sleeps, and ring for each message after it is there. So what came before a look
/// that has emptied the pipe is taken in after it, and what comes later makes the descriptor readable.
/// A worker that is killed before it rings leaves that to its supervisor, which tells of its end.
pub(crate) struct Doorbell {
    reader: PipeReader,
    /// Until when workers may live whose supervisor was killed.
    orphans_end: Mutex<Option<Deadline>>,
    /// For event loops.
    watch: OnceLock<Watch>,
}

struct Watch {
    /// Readable if the pipe, the supervisor's pidfd or `first` is.
    epoll: OwnedFd,
    /// Readable until the first look: it tells of what came before, for which nothing has rung.
    first: File,
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
    /// A new one, and the end that is written to. Neither reading nor writing blocks.
    pub(crate) fn new() -> io::Result<(Self, OwnedFd)> {
        let (reader, writer) = io::pipe()?;
        let (reader, writer) = (above_stdio(reader.into())?, above_stdio(writer.into())?);
        for end in [&reader, &writer] {
            fcntl(end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        }
        let (orphans_end, watch) = (Mutex::new(None), OnceLock::new());
        Ok((Doorbell { reader: reader.into(), orphans_end, watch }, writer))
    }

    /// A descriptor that is readable after a message has come, or the pool has ended, until
    /// [`listen`](Self::listen) has heard of it.
    pub(crate) fn watch(&self, shared: &PoolShared, supervisor: &Child) -> Result<BorrowedFd<'_>> {
        if self.watch.get().is_none() {
            let watch = self.new_watch(supervisor).map_err(|e| {
                Error::system("give the pool a descriptor", "close some files (ulimit -n)", e)
            })?;
            let _ = self.watch.set(watch); // unless another thread was faster
            fence(SeqCst); // the watch before the flag; pairs with the second fence in `listen`
            shared.pool_sleeps().store(1, SeqCst);
        }
        Ok(self.watch.get().expect("it is set").epoll.as_fd())
    }

    fn new_watch(&self, supervisor: &Child) -> io::Result<Watch> {
        let first = eventfd(1, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let first = File::from(above_stdio(first)?);
        let epoll = above_stdio(epoll::create(CreateFlags::CLOEXEC)?)?;
        for source in [self.reader.as_fd(), supervisor.as_fd(), first.as_fd()] {
            epoll::add(&epoll, source, EventData::new_u64(0), EventFlags::IN)?;
        }
        Ok(Watch { epoll, first })
    }

    /// Sleeps until there may be messages, or `was_taken_in` says that another thread has taken some in:
    /// that may have been before the workers were told that the pool sleeps, so that none has rung.
    /// `orphans` is how long the workers of a supervisor that was killed have to end. One thread at a
    /// time calls it.
    pub(crate) fn listen(
        &self,
        shared: &PoolShared,
        supervisor: &Child,
        was_taken_in: impl Fn() -> bool,
        orphans: Duration,
        deadline: Deadline,
    ) -> Result<Heard> {
        let has_news = || !shared.results.is_empty();
        let is_watched = || self.watch.get().is_some();
        // (Whoever watches relies on it that the pipe is emptied.)
        if !is_watched() && (has_news() || deadline != Deadline::NOW && spin_until(has_news)) {
            return Ok(Heard::News);
        }
        if let Some(watch) = self.watch.get() {
            let _ = (&watch.first).read(&mut [0; 8]); // fails if this is not the first look
        }
        shared.pool_sleeps().store(1, SeqCst);
        fence(SeqCst); // StoreLoad: the flag before the look; pairs with the fence in `notify`
        let is_known = has_news() || was_taken_in(); // in this order: what is no more there was taken in
        let until = if is_known { Deadline::NOW } else { deadline };
        let ready = wait_until(&[&self.reader, supervisor], until);
        if !is_watched() {
            shared.pool_sleeps().store(0, SeqCst);
            fence(SeqCst); // StoreLoad: the flag before the look; pairs with the fence in `watch`
            if is_watched() {
                shared.pool_sleeps().store(1, SeqCst); // another thread has just begun to
            }
        }
        let heard = match ready?[..] {
            [] => Heard::Nothing,
            [1] => self.listen_to_orphans(orphans, deadline)?,
            _ => self.read()?,
        };
        let is_known = is_known || has_news();
        Ok(if heard == Heard::Nothing && is_known { Heard::News } else { heard })
    }

    /// The supervisor has ended, so the kernel kills the workers at once. But a child of theirs may
    /// have the other end, too, and does not end: that is not waited for.
    fn listen_to_orphans(&self, time: Duration, deadline: Deadline) -> Result<Heard> {
        let mut orphans_end = self.orphans_end.lock().unwrap_or_else(PoisonError::into_inner);
        let end = *orphans_end.get_or_insert_with(|| Deadline::after(time));
        match wait_until(&[&self.reader], end.or_before(deadline))?[..] {
            [] if end.is_past() => Ok(Heard::End),
            [] => Ok(Heard::Nothing),
            _ => self.read(),
        }
    }

    /// Empties the pipe.
    fn read(&self) -> Result<Heard> {
        let mut buffer = [0; 256];
        loop {
            match (&self.reader).read(&mut buffer) {
                Ok(0) => return Ok(Heard::End),
                Ok(len) if len < buffer.len() => return Ok(Heard::News),
                Ok(_) => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(Heard::News),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(Error::system("listen to the pool's workers", "", e)),
            }
        }
    }
}

impl AsFd for Doorbell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}
