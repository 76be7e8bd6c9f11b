//! [`Dispatcher`]: sends tasks out, and ends the pool.

use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::owner::collector::{Collector, GRACE, check_end};
use crate::owner::doorbell::Doorbell;
use crate::owner::inbox::{Callback, Inbox};
use ipc_codec::with_buffer;
use ipc_error::{Error, Result};
use ipc_process::Child;
use ipc_queue::{Connection, Message, Nothing, one_way_pipe};
use ipc_sync::internal::Deadline;
use ipc_worker::shared::pool_shared::PoolShared;
use ipc_worker::shared::task_queue::{Task, TaskNumber, Work};
use ipc_worker::worker::station::Station;

/// The name of its process.
pub(crate) const SUPERVISOR: &str = "PoolSupervisor";

/// So often does a process that only gives tasks look whether its supervisor lives.
const TASKS_BETWEEN_LOOKS: u32 = 64;

/// The pool's own side. Any thread may use it; whichever waits takes in all messages that come.
pub(crate) struct Dispatcher {
    workers: usize,
    /// Tells the supervisor to end.
    shutdown: Connection<(), Nothing>,
    collector: Collector,
}

impl Dispatcher {
    /// Starts the supervisor, and blocks until all workers are ready. `launch` starts it with what it
    /// has of the pool, and without the other ends.
    pub(crate) fn start(
        workers: usize,
        launch: impl FnOnce(&Station, &[&dyn AsFd]) -> Result<Child>,
    ) -> Result<Arc<Self>> {
        let failed =
            |e| Error::system("start a pool: make a pipe", "close some files (ulimit -n)", e);
        let shared = PoolShared::new()?;
        let (doorbell, writer) = Doorbell::new().map_err(failed)?;
        let (end, shutdown) = one_way_pipe()?;
        let station = Station { shared, doorbell: writer, shutdown: end };
        let supervisor = launch(&station, &[&doorbell, &shutdown])?;
        let Station { shared, doorbell: writer, shutdown: end } = station;
        drop((writer, end)); // before the wait: when the last writer has ended, the doorbell says so
        let collector = Collector::new(shared, supervisor, doorbell);
        let dispatcher = Dispatcher { workers, shutdown, collector };
        let is_ready = |inbox: &Inbox| inbox.ready_workers() >= workers;
        if let Err(e) = dispatcher.collector.wait_until(Deadline::NEVER, None, is_ready) {
            let _ = dispatcher.terminate(); // the first error says more
            return Err(e);
        }
        Ok(Arc::new(dispatcher))
    }

    pub(crate) fn workers(&self) -> usize {
        self.workers
    }

    pub(crate) fn worker_pids(&self) -> Vec<u32> {
        let slots = self.shared().workers().slots(self.workers);
        slots.iter().filter_map(|slot| slot.pid()).collect()
    }

    pub(crate) fn supervisor(&self) -> &Child {
        &self.collector.supervisor
    }

    pub(crate) fn collector(&self) -> &Collector {
        &self.collector
    }

    fn shared(&self) -> &PoolShared {
        &self.collector.shared
    }

    /// Gives the workers a task: one call for each of `arguments`, in no more than `limit`. Its results
    /// are kept until it is [forgotten](Self::forget).
    pub(crate) fn submit<A: Message, R: Message>(
        &self,
        work: Work<A, R>,
        limit: Option<Duration>,
        arguments: &[A],
    ) -> Result<TaskNumber> {
        self.collector.owner.check()?;
        if self.shared().tasks.next_number().is_multiple_of(TASKS_BETWEEN_LOOKS) {
            self.collector.wait(Deadline::NOW, None, |_| false)?;
        }
        with_buffer(|buffer| {
            let task = Task::write(buffer, work, limit, arguments)?;
            loop {
                if let Some(number) = self.try_submit(&task)? {
                    return Ok(number);
                }
                // The workers make room, and tell of it by their results.
                let mut looks = 0..1;
                let is_news = |_: &Inbox| looks.next().is_none();
                self.collector.wait(Deadline::after(Duration::from_millis(100)), None, is_news)?;
            }
        })
    }

    /// `None` if there is no room.
    fn try_submit(&self, task: &Task<'_>) -> Result<Option<TaskNumber>> {
        let tasks = &self.shared().tasks;
        let mut inbox = self.collector.lock(); // one thread at a time, so that the number is right
        self.collector.collect(&mut inbox)?; // results that are not wanted do not pile up
        check_end(&inbox)?;
        let number = tasks.next_number();
        if inbox.expects(number) {
            // Numbers come again after 2³⁰ tasks.
            return Err(Error::Invalid(
                "cannot give the pool so many tasks while the result of such an old one is kept; \
                 drop it",
            ));
        }
        match tasks.try_put(task) {
            Ok(()) => {
                inbox.expect(number);
                self.collector.call_due(inbox);
                Ok(Some(number))
            }
            Err(Error::Full) => Ok(None),
            Err(Error::Closed) => Err(Error::PoolEnded { why: "it was closed".into() }),
            Err(e) => Err(e),
        }
    }

    /// The message with the results of a task, if it has come.
    pub(crate) fn result(&self, task: TaskNumber) -> Option<Arc<Vec<u8>>> {
        self.collector.lock().result(task).cloned()
    }

    /// Whether the results of a task are there, or never come.
    pub(crate) fn is_done(&self, task: TaskNumber) -> bool {
        if !self.collector.owner.is_this() {
            return true;
        }
        let inbox = self.collector.lock();
        inbox.result(task).is_some() || inbox.end().is_some()
    }

    /// Has `then` called when the results of a task are there, or never come: by the thread that takes
    /// them in, or at once.
    pub(crate) fn call_when_done(&self, task: TaskNumber, then: Callback) {
        if self.collector.owner.is_this() {
            let mut inbox = self.collector.lock();
            inbox.call_when_done(task, then);
            self.collector.call_due(inbox);
        }
    }

    /// Drops the results of a task, also those that are still to come.
    pub(crate) fn forget(&self, task: TaskNumber) {
        if self.collector.owner.is_this() {
            self.collector.lock().forget(task);
        }
    }

    /// No more tasks are given.
    pub(crate) fn close(&self) {
        if self.collector.owner.is_this() {
            self.shared().tasks.close();
        }
    }

    pub(crate) fn join(&self) -> Result<()> {
        let collector = &self.collector;
        collector.owner.check()?;
        if !self.shared().tasks.is_closed() {
            return Err(Error::Invalid("cannot join the pool: close() or terminate() it first"));
        }
        // Also when it is known why the pool ends, workers may have results that want room.
        collector.wait(Deadline::NEVER, None, |_| collector.has_ended())?;
        match self.supervisor().join()? {
            0 => Ok(()),
            _ if collector.is_terminated.load(Relaxed) => Ok(()),
            _ => check_end(&collector.lock()),
        }
    }

    pub(crate) fn terminate(&self) -> Result<()> {
        let collector = &self.collector;
        collector.owner.check()?;
        collector.is_terminated.store(true, Relaxed);
        self.close();
        let _ = self.shutdown.send(&()); // fails if the supervisor has ended
        let has_ended = collector.wait(Deadline::after(GRACE), None, |_| collector.has_ended());
        if !has_ended.unwrap_or(false) {
            self.supervisor().kill()?; // the kernel then kills the workers
        }
        self.join()
    }
}
