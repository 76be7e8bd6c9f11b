//! [`Collector`]: takes in what the workers say.
//!
//! Any thread may wait. One of those that do listens to the doorbell and takes in what comes, for all
//! of them; the others sleep until it wakes them. A thread that leaves lets another one listen.

use std::os::fd::BorrowedFd;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::owner::doorbell::{Doorbell, Heard};
use crate::owner::inbox::Inbox;
use crate::owner::owner_process::OwnerProcess;
use ipc_error::{Error, Result};
use ipc_process::Child;
use ipc_sync::internal::Deadline;
use ipc_trace::internal::{Act, span};
use ipc_worker::shared::panics::catch;
use ipc_worker::shared::pool_shared::PoolShared;
use ipc_worker::shared::task_queue::TaskNumber;

/// How long the supervisor has to end, and workers whose supervisor was killed.
pub(crate) const GRACE: Duration = Duration::from_secs(1);

pub(crate) struct Collector {
    pub(crate) shared: PoolShared,
    pub(crate) supervisor: Child,
    pub(crate) owner: OwnerProcess,
    doorbell: Doorbell,
    inbox: Mutex<Inbox>,
    pub(crate) is_terminated: AtomicBool,
    /// Whether supervisor and workers have ended.
    has_ended: AtomicBool,
}

impl Collector {
    pub(crate) fn new(shared: PoolShared, supervisor: Child, doorbell: Doorbell) -> Self {
        Collector {
            shared,
            supervisor,
            owner: OwnerProcess::this(),
            doorbell,
            inbox: Mutex::default(),
            is_terminated: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
        }
    }

    /// Only in the pool's own process: another one may have a copy that is locked for ever.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended.load(Relaxed)
    }

    /// Waits until the inbox says so; `false` if the deadline came first. Of the tasks' results, those
    /// of `wanted` alone matter, if it is some.
    ///
    /// # Errors
    ///
    /// [`Error::PoolEnded`] if that will never be.
    pub(crate) fn wait_until(
        &self,
        deadline: Deadline,
        wanted: Option<TaskNumber>,
        mut is_so: impl FnMut(&Inbox) -> bool,
    ) -> Result<bool> {
        let mut was_so = false;
        let in_time = self.wait(deadline, wanted, |inbox| {
            was_so = is_so(inbox);
            was_so || inbox.end().is_some()
        })?;
        if in_time && !was_so {
            check_end(&self.lock())?;
        }
        Ok(in_time)
    }

    /// The same, whether or not it is known why the pool ends.
    pub(crate) fn wait(
        &self,
        deadline: Deadline,
        wanted: Option<TaskNumber>,
        is_so: impl FnMut(&Inbox) -> bool,
    ) -> Result<bool> {
        self.owner.check()?;
        let mut inbox = self.lock();
        let waited;
        (inbox, waited) = self.wait_and_collect(inbox, deadline, wanted, is_so);
        inbox.hand_over();
        self.call_due(inbox);
        waited
    }

    fn wait_and_collect<'a>(
        &'a self,
        mut inbox: MutexGuard<'a, Inbox>,
        deadline: Deadline,
        wanted: Option<TaskNumber>,
        mut is_so: impl FnMut(&Inbox) -> bool,
    ) -> (MutexGuard<'a, Inbox>, Result<bool>) {
        let mut was_last = false;
        loop {
            let is_last = deadline.is_past(); // there may always be another message
            let collected = self.collect(&mut inbox).map(|()| is_so(&inbox));
            if was_last || !matches!(collected, Ok(false)) {
                return (inbox, collected);
            }
            if inbox.has_due() {
                self.call_due(inbox);
                inbox = self.lock();
            } else if !inbox.has_listener {
                inbox.has_listener = true;
                let known = inbox.taken_in();
                drop(inbox);
                let heard = self.listen(known, deadline);
                inbox = self.lock();
                inbox.has_listener = false;
                match heard {
                    // The doorbell is silent now, though it may have rung: a last look.
                    Ok(has_news) => was_last = !has_news || is_last,
                    Err(e) => return (inbox, Err(e)),
                }
            } else if is_last {
                return (inbox, Ok(false));
            } else {
                self.sleep(inbox, wanted, deadline);
                inbox = self.lock();
            }
        }
    }

    /// Sleeps while another thread listens.
    fn sleep(
        &self,
        mut inbox: MutexGuard<'_, Inbox>,
        wanted: Option<TaskNumber>,
        deadline: Deadline,
    ) {
        inbox.add_sleeper(wanted);
        drop(inbox);
        match deadline.remaining() {
            None => thread::park(),
            Some(time) => thread::park_timeout(time.into()),
        }
        self.lock().remove_sleeper();
    }

    /// Takes in the messages that have come.
    pub(crate) fn collect(&self, inbox: &mut Inbox) -> Result<()> {
        for _ in 0..self.shared.results.len() {
            let _getting = span(Act::Get, self.shared.results.trace_id());
            let mut message = Vec::new();
            self.shared.results.get(&mut message, Deadline::NOW)?;
            inbox.accept(message);
        }
        Ok(())
    }

    /// Calls the callbacks that are due. The inbox is not locked meanwhile: they may use the pool.
    pub(crate) fn call_due<'a>(&'a self, mut inbox: MutexGuard<'a, Inbox>) {
        while let Some(callback) = inbox.next_due() {
            drop(inbox);
            // A panic is on standard error already, and no concern of the thread that collects.
            let _ = catch(callback);
            inbox = self.lock();
        }
    }

    /// Sleeps until something may have come, or more messages than are `known` were taken in; `false` if
    /// the deadline came first. Caller is the listener.
    fn listen(&self, known: u64, deadline: Deadline) -> Result<bool> {
        let _waiting =
            (deadline != Deadline::NOW).then(|| span(Act::Wait, self.shared.results.trace_id()));
        let was_taken_in = || self.lock().taken_in() != known;
        let Collector { shared, supervisor, .. } = self;
        let heard = self.doorbell.listen(shared, supervisor, was_taken_in, GRACE, deadline)?;
        if heard == Heard::End {
            self.note_end()?;
        }
        Ok(heard != Heard::Nothing)
    }

    /// No process is left that could do anything.
    fn note_end(&self) -> Result<()> {
        // Whoever has closed the doorbell by its end has an exit code an instant later.
        let why = match self.supervisor.join_timeout(GRACE) {
            _ if self.is_terminated.load(Relaxed) => "it was terminated".into(),
            Ok(Some(0)) => "it was closed and has ended".into(),
            Ok(Some(code)) => format!("its supervisor ended with code {code}"),
            _ => "its workers have ended".into(),
        };
        let mut inbox = self.lock();
        self.collect(&mut inbox)?; // they may have said why
        inbox.set_end(why);
        self.has_ended.store(true, Relaxed);
        Ok(())
    }

    /// Takes in what has come, and does not wait.
    pub(crate) fn collect_now(&self) -> Result<()> {
        // A supervisor that was killed takes its workers along, in an instant, and then there is news.
        let deadline = match self.supervisor.is_alive()? {
            true => Deadline::NOW,
            false => Deadline::after(GRACE),
        };
        self.wait(deadline, None, |inbox| inbox.end().is_some()).map(drop)
    }

    /// A descriptor that is readable when there is something to take in.
    pub(crate) fn fd(&self) -> Result<BorrowedFd<'_>> {
        self.owner.check()?;
        self.doorbell.watch(&self.shared, &self.supervisor)
    }
}

/// # Errors
///
/// [`Error::PoolEnded`] if it is known why no more results will come.
pub(crate) fn check_end(inbox: &Inbox) -> Result<()> {
    inbox.end().map_or(Ok(()), |why| Err(Error::PoolEnded { why: why.into() }))
}
