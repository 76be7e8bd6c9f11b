//! [`Dispatcher`]: the pool's own side: it sends tasks out and takes results in.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, PipeReader, Read};
use std::process;
use std::rc::Rc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::fence;
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use crate::async_result::Task;
use crate::supervisor::Supervisor;
use crate::task::write_task;
use crate::worker::{END, Floor, Terms, UP};
use ipc_error::{Error, Result};
use ipc_process::Child;
use ipc_process::Process;
use ipc_process::internal::{PidFd, above_stdio};
use ipc_process::{Connection, Nothing, internal::wait_until, one_way_pipe};
use ipc_process::{Message, internal::with_buffer};
use ipc_sync::internal::Deadline;
use ipc_sync::internal::fork_generation;
use ipc_sync::internal::spin_until;

/// How long the supervisor has to end, and workers whose supervisor was killed.
const GRACE: Duration = Duration::from_secs(1);

/// Whatever it waits for, it takes in all that comes.
pub struct Dispatcher {
    floor: Floor,
    pub workers: usize,
    pub supervisor: Child,
    /// Tells the supervisor to end.
    leash: Connection<(), Nothing>,
    /// Its other end is with the supervisor and the workers alone.
    bell: PipeReader,
    pub book: RefCell<Book>,
    /// The fork_generation of the process that it belongs to.
    owner: u32,
}

#[derive(Default)]
pub struct Book {
    /// The tasks whose results are wanted, with those that have come.
    pub wanted: HashMap<u32, Option<Rc<Vec<u8>>>>,
    /// How many workers have come up.
    up: usize,
    is_closed: bool,
    is_terminated: bool,
    /// Until when workers may live whose supervisor was killed.
    patience: Option<Deadline>,
    /// Why nothing more will come.
    end: Option<String>,
    /// Whether all have ended.
    is_gone: bool,
}

impl Dispatcher {
    pub fn start(workers: usize, terms: &Terms<'_>) -> Result<Self> {
        let failed =
            |e| Error::system("start a pool: make a pipe", "close some files (ulimit -n)", e);
        let floor = Floor::new()?;
        let (reader, writer) = io::pipe().map_err(failed)?;
        let [reader, writer] = [reader.into(), writer.into()].map(above_stdio);
        let (reader, writer) = (reader.map_err(failed)?, writer.map_err(failed)?);
        // A worker does not wait for the pool to hear it.
        fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(|e| failed(e.into()))?;
        let (end, leash) = one_way_pipe()?;
        let owner = PidFd::open(process::id()).map_err(failed)?;
        let supervisor = {
            let (floor, bell, leash, owner) = (&floor, &writer, &end, &owner);
            let supervisor = Supervisor { floor, workers, terms, bell, leash, owner };
            Process::new(move || supervisor.supervise())
        };
        let supervisor = supervisor.name("PoolSupervisor").daemon(true);
        let supervisor = supervisor.start_without(&[&reader, &leash])?;
        drop((writer, end));
        let (bell, book, owner) = (reader.into(), RefCell::default(), fork_generation());
        let dispatcher = Dispatcher { floor, workers, supervisor, leash, bell, book, owner };
        dispatcher.wait_until(Deadline::NEVER, |book| book.up >= workers)?;
        Ok(dispatcher)
    }

    /// Gives the workers a task: one call of `function` for each of `arguments`.
    pub fn submit<A: Message, R: Message>(
        &self,
        function: fn(A) -> R,
        arguments: &[A],
    ) -> Result<Task<'_>> {
        self.check_owner()?;
        with_buffer(|task| {
            write_task(task, function, arguments)?;
            loop {
                let number = self.floor.tasks.put_count().count().number() << 2;
                self.collect()?; // what nobody waits for does not pile up
                if (number >> 2).is_multiple_of(64) {
                    self.listen(Deadline::NOW)?; // the supervisor may have been killed
                }
                self.check_end()?;
                if self.book.borrow().wanted.contains_key(&number) {
                    // Numbers come again after 2³⁰ tasks.
                    return Err(Error::Invalid(
                        "cannot give the pool so many tasks while the result \
                        of such an old one is kept; drop it",
                    ));
                }
                match self.floor.tasks.put(task, Deadline::NOW) {
                    Ok(()) => return Ok(Task::new(self, number)),
                    Err(Error::Full) => {} // the workers make room
                    Err(Error::Closed) => {
                        return Err(Error::PoolEnded { why: "it was closed".into() });
                    }
                    Err(e) => return Err(e),
                }
                self.listen(Deadline::after(Duration::from_millis(100)))?;
            }
        })
    }

    /// The first of `tasks` whose result is there, if there is one in time.
    pub fn first_done<'a>(
        &self,
        tasks: impl Iterator<Item = &'a Result<Task<'a>>> + Clone,
        deadline: Deadline,
    ) -> Option<usize> {
        let position = |book: &Book| {
            tasks.clone().position(|task| task.as_ref().map_or(true, |task| task.is_done(book)))
        };
        match self.wait_until(deadline, |book| position(book).is_some()) {
            Ok(_) => position(&self.book.borrow()),
            Err(_) => Some(0), // whichever is asked says what is wrong
        }
    }

    pub fn close(&self) {
        if fork_generation() == self.owner {
            self.book.borrow_mut().is_closed = true;
            self.floor.tasks.close();
        }
    }

    pub fn join(&self) -> Result<()> {
        self.check_owner()?;
        if !self.book.borrow().is_closed {
            return Err(Error::Invalid("cannot join the pool: close() or terminate() it first"));
        }
        // Also when it is known why the pool ends, they may have results that want room.
        self.wait(Deadline::NEVER, |book| book.is_gone)?;
        match self.supervisor.join()? {
            0 => Ok(()),
            _ if self.book.borrow().is_terminated => Ok(()),
            _ => self.check_end(),
        }
    }

    pub fn terminate(&self) -> Result<()> {
        self.check_owner()?;
        self.book.borrow_mut().is_terminated = true;
        self.close();
        let told = self.leash.send(&()); // fails if it has ended
        let is_gone = self.wait(Deadline::after(GRACE), |book| book.is_gone);
        if told.is_err() || !is_gone.unwrap_or(false) {
            self.supervisor.kill()?; // whose end is the workers', the kernel sees to that
        }
        self.join()
    }

    /// Waits until the book says so; `false` if the deadline came first.
    pub fn wait_until(&self, deadline: Deadline, is_so: impl Fn(&Book) -> bool) -> Result<bool> {
        let in_time = self.wait(deadline, |book| is_so(book) || book.end.is_some())?;
        if in_time && !is_so(&self.book.borrow()) {
            self.check_end()?;
        }
        Ok(in_time)
    }

    /// The same, whether or not it is known why the pool ends.
    fn wait(&self, deadline: Deadline, is_so: impl Fn(&Book) -> bool) -> Result<bool> {
        self.check_owner()?;
        loop {
            let is_last = deadline.is_past(); // there may always be something new
            self.collect()?;
            if is_so(&self.book.borrow()) {
                return Ok(true);
            }
            if !self.listen(deadline)? || is_last {
                return Ok(is_so(&self.book.borrow()));
            }
        }
    }

    fn check_end(&self) -> Result<()> {
        let why = self.book.borrow().end.clone();
        why.map_or(Ok(()), |why| Err(Error::PoolEnded { why }))
    }

    /// Enters into the book what has come.
    fn collect(&self) -> Result<()> {
        for _ in 0..self.floor.results.len() {
            let mut message = Vec::new();
            self.floor.results.get(&mut message, Deadline::NOW)?;
            let (number, text) = message.split_first_chunk().expect("it begins with a number");
            let mut book = self.book.borrow_mut();
            match u32::from_ne_bytes(*number) {
                UP => book.up += 1,
                END => {
                    book.end.get_or_insert_with(|| String::from_utf8_lossy(text).into());
                }
                number => {
                    if let Some(result @ None) = book.wanted.get_mut(&number) {
                        *result = Some(Rc::new(message));
                    }
                }
            }
        }
        Ok(())
    }

    fn has_news(&self) -> bool {
        !self.floor.results.is_empty()
    }

    /// Sleeps until something may have come; `false` if the deadline came first.
    fn listen(&self, deadline: Deadline) -> Result<bool> {
        if self.has_news() || deadline != Deadline::NOW && spin_until(|| self.has_news()) {
            return Ok(true);
        }
        let listening = &self.floor.board.listening;
        listening.store(1, SeqCst);
        fence(SeqCst); // before the look; the workers do it the other way round
        let heard = match self.has_news() {
            true => Ok(Vec::new()),
            false => wait_until(&[&self.bell, &self.supervisor], deadline),
        };
        listening.store(0, Relaxed);
        let mut heard = heard?;
        let mut is_silent = false;
        if heard == [1] {
            // A supervisor's workers follow it at once; but something may hide from the kernel.
            let mut book = self.book.borrow_mut();
            let patience = *book.patience.get_or_insert_with(|| Deadline::after(GRACE));
            heard = wait_until(&[&self.bell], patience.or_before(deadline))?;
            is_silent = heard.is_empty() && patience.is_past();
        }
        if is_silent || !heard.is_empty() && self.read_bell()? == 0 {
            self.note_end();
        }
        Ok(is_silent || !heard.is_empty() || self.has_news())
    }

    fn read_bell(&self) -> Result<usize> {
        let read = (&self.bell).read(&mut [0; 64]);
        read.map_err(|e| Error::system("listen to the pool's workers", "", e))
    }

    /// Nobody is left to do anything.
    fn note_end(&self) {
        let code = self.supervisor.exit_code();
        let mut book = self.book.borrow_mut();
        let why = match code {
            _ if book.is_terminated => "it was terminated".into(),
            Ok(Some(0)) => "it was closed and has ended".into(),
            Ok(Some(code)) => format!("its supervisor ended with code {code}"),
            _ => "its workers have ended".into(),
        };
        book.end.get_or_insert(why);
        book.is_gone = true;
    }

    fn check_owner(&self) -> Result<()> {
        match fork_generation() == self.owner {
            true => Ok(()),
            false => Err(Error::Invalid(
                "cannot use this pool: it belongs to the process that made it, from which this one \
                 was forked; make another",
            )),
        }
    }
}

impl Drop for Dispatcher {
    fn drop(&mut self) {
        if fork_generation() == self.owner {
            // Drop cannot return an error, and there is nothing left to be done about it.
            let _ = self.terminate();
        }
    }
}
