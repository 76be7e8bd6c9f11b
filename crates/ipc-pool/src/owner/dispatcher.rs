//! [`Dispatcher`]: sends tasks out, and takes results in.

use std::cell::{Cell, RefCell};
use std::process;
use std::rc::Rc;
use std::time::Duration;

use crate::owner::doorbell::{Doorbell, Heard};
use crate::owner::inbox::Inbox;
use crate::owner::owner_process::OwnerProcess;
use crate::shared::outbox::Outbox;
use crate::shared::pool_shared::PoolShared;
use crate::shared::task_queue::{Task, TaskNumber};
use crate::worker::config::WorkerConfig;
use crate::worker::supervisor::Supervisor;
use ipc_codec::with_buffer;
use ipc_error::{Error, Result};
use ipc_process::internal::PidFd;
use ipc_process::{Child, Connection, Message, Nothing, Process, one_way_pipe};
use ipc_sync::internal::Deadline;
use ipc_trace::internal::{Act, span};

/// How long the supervisor has to end, and workers whose supervisor was killed.
const GRACE: Duration = Duration::from_secs(1);

/// So often does a process that only gives tasks look whether its supervisor lives.
const TASKS_BETWEEN_LOOKS: u32 = 64;

/// The pool's own side. Whatever it waits for, it takes in all messages that come.
pub(crate) struct Dispatcher {
    shared: PoolShared,
    workers: usize,
    supervisor: Child,
    /// Tells the supervisor to end.
    shutdown: Connection<(), Nothing>,
    doorbell: Doorbell,
    inbox: RefCell<Inbox>,
    is_terminated: Cell<bool>,
    /// Whether supervisor and workers have ended.
    has_ended: Cell<bool>,
    owner: OwnerProcess,
}

impl Dispatcher {
    /// Starts the supervisor, and blocks until all workers are ready.
    pub(crate) fn start(workers: usize, config: &WorkerConfig<'_>) -> Result<Self> {
        let failed =
            |e| Error::system("start a pool: make a pipe", "close some files (ulimit -n)", e);
        let shared = PoolShared::new()?;
        let (doorbell, writer) = Doorbell::new().map_err(failed)?;
        let (end, shutdown) = one_way_pipe()?;
        let owner = PidFd::open(process::id()).map_err(failed)?;
        let supervisor = Process::new(|| {
            let outbox = Outbox { shared: &shared, doorbell: &writer };
            Supervisor::new(outbox, config, &end, &owner).run(workers)
        });
        let supervisor = supervisor.name("PoolSupervisor").daemon(true);
        let supervisor = supervisor.start_without(&[&doorbell, &shutdown])?;
        drop((writer, end));
        let dispatcher = Dispatcher {
            shared,
            workers,
            supervisor,
            shutdown,
            doorbell,
            inbox: RefCell::default(),
            is_terminated: Cell::new(false),
            has_ended: Cell::new(false),
            owner: OwnerProcess::this(),
        };
        dispatcher.wait_until(Deadline::NEVER, |inbox| inbox.ready_workers() >= workers)?;
        Ok(dispatcher)
    }

    pub(crate) fn workers(&self) -> usize {
        self.workers
    }

    pub(crate) fn supervisor(&self) -> &Child {
        &self.supervisor
    }

    /// Gives the workers a task: one call of `function` for each of `arguments`. Its results are
    /// kept until it is [forgotten](Self::forget).
    pub(crate) fn submit<A: Message, R: Message>(
        &self,
        function: fn(A) -> R,
        arguments: &[A],
    ) -> Result<TaskNumber> {
        self.owner.check()?;
        with_buffer(|buffer| {
            let task = Task::write(buffer, function, arguments)?;
            loop {
                let number = self.shared.tasks.next_number();
                self.collect()?; // results that are not wanted do not pile up
                if number.is_multiple_of(TASKS_BETWEEN_LOOKS) {
                    self.listen(Deadline::NOW)?;
                }
                self.check_end()?;
                if self.inbox.borrow().expects(number) {
                    // Numbers come again after 2³⁰ tasks.
                    return Err(Error::Invalid(
                        "cannot give the pool so many tasks while the result of such an old one is \
                         kept; drop it",
                    ));
                }
                match self.shared.tasks.try_put(&task) {
                    Ok(()) => {
                        self.inbox.borrow_mut().expect(number);
                        return Ok(number);
                    }
                    Err(Error::Full) => {} // the workers make room
                    Err(Error::Closed) => return Err(ended("it was closed")),
                    Err(e) => return Err(e),
                }
                self.listen(Deadline::after(Duration::from_millis(100)))?;
            }
        })
    }

    /// The message with the results of a task, if it has come.
    pub(crate) fn result(&self, task: TaskNumber) -> Option<Rc<Vec<u8>>> {
        self.inbox.borrow().result(task).cloned()
    }

    /// Drops the results of a task, also those that are still to come.
    pub(crate) fn forget(&self, task: TaskNumber) {
        self.inbox.borrow_mut().forget(task);
    }

    /// No more tasks are given.
    pub(crate) fn close(&self) {
        if self.owner.is_this() {
            self.shared.tasks.close();
        }
    }

    pub(crate) fn join(&self) -> Result<()> {
        self.owner.check()?;
        if !self.shared.tasks.is_closed() {
            return Err(Error::Invalid("cannot join the pool: close() or terminate() it first"));
        }
        // Also when it is known why the pool ends, workers may have results that want room.
        self.wait(Deadline::NEVER, |_| self.has_ended.get())?;
        match self.supervisor.join()? {
            0 => Ok(()),
            _ if self.is_terminated.get() => Ok(()),
            _ => self.check_end(),
        }
    }

    pub(crate) fn terminate(&self) -> Result<()> {
        self.owner.check()?;
        self.is_terminated.set(true);
        self.close();
        let _ = self.shutdown.send(&()); // fails if the supervisor has ended
        let has_ended = self.wait(Deadline::after(GRACE), |_| self.has_ended.get());
        if !has_ended.unwrap_or(false) {
            self.supervisor.kill()?; // the kernel then kills the workers
        }
        self.join()
    }

    /// Waits until the inbox says so; `false` if the deadline came first.
    ///
    /// # Errors
    ///
    /// [`Error::PoolEnded`] if that will never be.
    pub(crate) fn wait_until(
        &self,
        deadline: Deadline,
        mut is_so: impl FnMut(&Inbox) -> bool,
    ) -> Result<bool> {
        let mut was_so = false;
        let in_time = self.wait(deadline, |inbox| {
            was_so = is_so(inbox);
            was_so || inbox.end().is_some()
        })?;
        if in_time && !was_so {
            self.check_end()?;
        }
        Ok(in_time)
    }

    /// The same, whether or not it is known why the pool ends.
    fn wait(&self, deadline: Deadline, mut is_so: impl FnMut(&Inbox) -> bool) -> Result<bool> {
        self.owner.check()?;
        loop {
            let is_last = deadline.is_past(); // there may always be another message
            self.collect()?;
            if is_so(&self.inbox.borrow()) {
                return Ok(true);
            }
            if !self.listen(deadline)? || is_last {
                return Ok(is_so(&self.inbox.borrow()));
            }
        }
    }

    fn check_end(&self) -> Result<()> {
        let inbox = self.inbox.borrow();
        inbox.end().map_or(Ok(()), |why| Err(ended(why)))
    }

    /// Takes in the messages that have come.
    fn collect(&self) -> Result<()> {
        for _ in 0..self.shared.results.len() {
            let _getting = span(Act::Get, self.shared.results.trace_id());
            let mut message = Vec::new();
            self.shared.results.get(&mut message, Deadline::NOW)?;
            self.inbox.borrow_mut().accept(message);
        }
        Ok(())
    }

    /// Sleeps until something may have come; `false` if the deadline came first.
    fn listen(&self, deadline: Deadline) -> Result<bool> {
        let _waiting =
            (deadline != Deadline::NOW).then(|| span(Act::Wait, self.shared.results.trace_id()));
        let heard = self.doorbell.listen(&self.shared, &self.supervisor, GRACE, deadline)?;
        if heard == Heard::End {
            self.note_end();
        }
        Ok(heard != Heard::Nothing)
    }

    /// No process is left that could do anything.
    fn note_end(&self) {
        let why = match self.supervisor.exit_code() {
            _ if self.is_terminated.get() => "it was terminated".into(),
            Ok(Some(0)) => "it was closed and has ended".into(),
            Ok(Some(code)) => format!("its supervisor ended with code {code}"),
            _ => "its workers have ended".into(),
        };
        self.inbox.borrow_mut().set_end(why);
        self.has_ended.set(true);
    }
}

fn ended(why: &str) -> Error {
    Error::PoolEnded { why: why.into() }
}

impl Drop for Dispatcher {
    fn drop(&mut self) {
        // Fails in a process that was forked from the pool's own, where the pool is only a copy.
        let _ = self.terminate();
    }
}
