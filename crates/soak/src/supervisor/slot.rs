//! [`Slot`]: the place of one process, which is filled again when it was killed.

use std::io::{self, PipeReader, PipeWriter, Read};
use std::panic;
use std::process::ExitCode;
use std::time::Instant;

use ipc_common::{Child, Process};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::judge::books::Books;
use crate::judge::stream_book::Objection;
use crate::roles::cast::Role;
use crate::shared::random::Random;
use crate::shared::report::{Record, Reporter};
use crate::shared::world::{Part, World, complain};

pub(crate) struct Slot {
    pub(crate) role: Role,
    pub(crate) index: u8,
    pub(crate) child: Option<Child>,
    reports: PipeReader,
    into: PipeWriter,
    /// Its process was sent a signal that ends it.
    pub(crate) is_killed: bool,
    pub(crate) stopped_until: Option<Instant>,
    /// How many records have come.
    pub(crate) records: u64,
    /// How often.
    pub(crate) started: u64,
}

impl Slot {
    pub(crate) fn new(role: Role, index: u8) -> io::Result<Self> {
        let (reports, into) = io::pipe()?;
        do_not_block(&reports)?;
        let (child, stopped_until) = (None, None);
        let (is_killed, records, started) = (false, 0, 0);
        Ok(Slot { role, index, child, reports, into, is_killed, stopped_until, records, started })
    }

    pub(crate) fn name(&self) -> String {
        format!("{:?} {}", self.role, self.index)
    }

    pub(crate) fn start(
        &mut self,
        world: &World<'_>,
        books: &mut Books,
        seed: u64,
        complaints: &PipeWriter,
    ) -> ipc_common::Result<()> {
        self.started += 1;
        let (role, index, name) = (self.role, self.index, self.name());
        let first = books.first_number(role, index);
        let mut random = Random(seed ^ self.started << 16);
        name.bytes().for_each(|byte| random.0 = random.word() ^ u64::from(byte));
        let into = &self.into;
        let process = Process::new(|| {
            let subject = format!("{role:?} {index}");
            tell_of_panics(&subject, complaints);
            let report = Reporter::new(into, role.batch(world));
            match role.play(world, Part { index, first, random, report }) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    complain(complaints, &format!("{subject}: {error}"));
                    ExitCode::FAILURE
                }
            }
        });
        self.child = Some(process.name(name).daemon(true).start()?);
        self.is_killed = false;
        self.stopped_until = None;
        Ok(())
    }

    /// Enters what was reported: all if the process has ended, else what `buffer` holds.
    pub(crate) fn read(&mut self, books: &mut Books, buffer: &mut [u8], all: bool) -> Objection {
        loop {
            let bytes = match self.reports.read(buffer) {
                Ok(bytes) => bytes,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(e) => return Err(self.unreadable(e)),
            };
            for record in Record::all_in(&buffer[..bytes]) {
                let record = record.map_err(|e| self.unreadable(e))?;
                self.records += 1;
                books.enter(self.role, self.index, record)?;
            }
            if !all {
                return Ok(());
            }
        }
    }

    fn unreadable(&self, error: io::Error) -> String {
        format!("cannot read what {} reports: {error}", self.name())
    }

    /// Kills its process, in one of two ways.
    pub(crate) fn kill(&mut self, gently: bool) -> ipc_common::Result<()> {
        let Some(child) = &self.child else { return Ok(()) };
        if gently {
            child.terminate()?
        } else {
            child.kill()?
        }
        self.is_killed = true;
        Ok(())
    }

    /// Stops its process until then.
    pub(crate) fn stop(&mut self, until: Instant) -> io::Result<()> {
        self.stopped_until = Some(until);
        self.send(Signal::SIGSTOP)
    }

    pub(crate) fn go_on(&mut self) -> io::Result<()> {
        self.stopped_until = None;
        self.send(Signal::SIGCONT)
    }

    /// The process may have ended, but it has not been waited for: its id is not another's.
    fn send(&self, signal: Signal) -> io::Result<()> {
        let Some(child) = &self.child else { return Ok(()) };
        Ok(kill(Pid::from_raw(child.pid().cast_signed()), signal)?)
    }
}

pub(crate) fn do_not_block(reader: &PipeReader) -> io::Result<()> {
    fcntl(reader, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok(())
}

/// In a child: the judge hears of panics, too.
fn tell_of_panics(name: &str, complaints: &PipeWriter) {
    let Ok(complaints) = complaints.try_clone() else { return };
    let (name, default) = (name.to_owned(), panic::take_hook());
    panic::set_hook(Box::new(move |panic| {
        complain(&complaints, &format!("{name}: {panic}"));
        default(panic);
    }));
}
