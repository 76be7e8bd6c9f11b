//! [`Soak`]: the processes, their books, and time.

use std::error::Error;
use std::io::{self, PipeReader, PipeWriter, Read};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use ipc_common::wait;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::judge::books::Books;
use crate::judge::descendants::{Descendant, describe, living_orphans};
use crate::judge::memory::Usage;
use crate::roles::cast::CAST;
use crate::shared::random::Random;
use crate::shared::world::World;
use crate::supervisor::slot::{Slot, do_not_block};
use crate::supervisor::trouble::Trouble;

/// After the trouble every process has to do something within this time, also on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

const TICK: Duration = Duration::from_millis(1);

pub(crate) struct Soak<'w> {
    pub(crate) world: &'w World<'w>,
    pub(crate) slots: Vec<Slot>,
    pub(crate) books: Books,
    pub(crate) trouble: Trouble,
    /// What must not be, and was seen.
    pub(crate) objections: Vec<String>,
    /// Processes that this one has started, and that have no slot.
    others: Vec<u32>,
    pub(crate) highest: Usage,
    pub(crate) calms: u64,
    seed: u64,
    random: Random,
    complaints: (PipeReader, PipeWriter),
    buffer: Vec<u8>,
}

pub(crate) type Fallible<T = ()> = Result<T, Box<dyn Error>>;

impl<'w> Soak<'w> {
    /// Starts all processes. `others` were started before.
    pub(crate) fn start(world: &'w World<'w>, seed: u64, others: Vec<u32>) -> Fallible<Self> {
        let parts = CAST.iter().flat_map(|&(role, most)| (0..most).map(move |n| (role, n)));
        let slots = parts.map(|(role, n)| Slot::new(role, n)).collect::<io::Result<_>>()?;
        let complaints = io::pipe()?;
        do_not_block(&complaints.0)?;
        let mut soak = Soak {
            world,
            slots,
            books: Books::new(world),
            trouble: Trouble::default(),
            objections: Vec::new(),
            others,
            highest: Usage::default(),
            calms: 0,
            seed,
            random: Random(seed),
            complaints,
            buffer: vec![0; 64 << 10],
        };
        for slot in &mut soak.slots {
            slot.start(world, &mut soak.books, seed, &soak.complaints.1)?;
        }
        Ok(soak)
    }

    /// Kills and stops processes for a time, or until something must not be.
    pub(crate) fn storm(&mut self, time: Duration) -> Fallible {
        let begin = Instant::now();
        while begin.elapsed() < time && self.objections.is_empty() {
            self.trouble.make(&mut self.slots, &mut self.random)?;
            self.tick(true)?;
        }
        Ok(())
    }

    /// Lets all processes run, and waits until each has done something.
    pub(crate) fn calm(&mut self) -> Fallible<Usage> {
        self.let_all_run(true)?;
        let before: Vec<u64> = self.slots.iter().map(|slot| slot.records).collect();
        self.tick_until(
            |soak| soak.idle_since(&before).next().is_none(),
            |soak| soak.idle_since(&before).map(stuck).collect(),
        )?;
        self.wait_for_orphans()?;
        self.calms += 1;
        let usage = Usage::of_this_process()?;
        self.highest = self.highest.max(usage);
        Ok(usage)
    }

    /// The processes of which no record has come since there were so many.
    fn idle_since(&self, before: &[u64]) -> impl Iterator<Item = &Slot> {
        let slots = self.slots.iter().zip(before);
        slots.filter(|(slot, before)| slot.records == **before).map(|(slot, _)| slot)
    }

    /// Continues those that are stopped, and waits until all that were killed have ended.
    pub(crate) fn let_all_run(&mut self, restart: bool) -> Fallible {
        self.slots.iter_mut().try_for_each(Slot::go_on)?;
        let begin = Instant::now();
        while self.slots.iter().any(|slot| slot.is_killed) && begin.elapsed() < PATIENCE {
            self.tick(restart)?;
        }
        let immortal = self.slots.iter().filter(|slot| slot.is_killed).map(stuck);
        self.objections.extend(immortal);
        Ok(())
    }

    /// Until it is so or something is wrong. When patience ends, `blame` says what.
    pub(crate) fn tick_until(
        &mut self,
        is_so: impl Fn(&Self) -> bool,
        blame: impl Fn(&Self) -> Vec<String>,
    ) -> Fallible {
        let begin = Instant::now();
        while self.objections.is_empty() && !is_so(self) {
            if begin.elapsed() > PATIENCE {
                self.objections = blame(self);
            }
            self.tick(true)?;
        }
        Ok(())
    }

    /// Orphans end with their parents, but not in the same moment.
    pub(crate) fn wait_for_orphans(&mut self) -> Fallible {
        let mut begin = Instant::now();
        loop {
            let orphans = living_orphans(&self.started())?;
            if orphans.is_empty() {
                return Ok(());
            }
            if begin.elapsed() > PATIENCE {
                begin = Instant::now(); // for those below them
                for Descendant { pid, .. } in orphans {
                    let is = describe(pid);
                    self.objections.push(format!("process {pid} outlives its parent; it is: {is}"));
                    // A child of this process, which has not waited for it: its id is not another's.
                    kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL)?;
                }
            }
            self.tick(true)?;
        }
    }

    /// The ids of the processes that this one has started and not waited for.
    fn started(&self) -> Vec<u32> {
        let children = self.slots.iter().filter_map(|slot| slot.child.as_ref());
        children.map(|child| child.pid()).chain(self.others.iter().copied()).collect()
    }

    /// Reads reports for a moment, continues processes whose time has come, and replaces those that
    /// were killed.
    pub(crate) fn tick(&mut self, restart: bool) -> Fallible {
        let children: Vec<&dyn AsFd> =
            self.slots.iter().filter_map(|slot| Some(slot.child.as_ref()? as &dyn AsFd)).collect();
        wait(&children, Some(TICK))?;
        let now = Instant::now();
        for n in 0..self.slots.len() {
            let slot = &mut self.slots[n];
            if slot.stopped_until.is_some_and(|until| until < now) {
                slot.go_on()?;
            }
            let code = slot.child.as_ref().map(|child| child.exit_code()).transpose()?.flatten();
            let read = slot.read(&mut self.books, &mut self.buffer, code.is_some());
            self.objections.extend(read.err());
            if let Some(code) = code {
                self.has_ended(n, code, restart)?;
            }
        }
        self.hear_complaints()
    }

    fn has_ended(&mut self, n: usize, code: i32, restart: bool) -> Fallible {
        let slot = &mut self.slots[n];
        slot.child = None;
        match (code, slot.is_killed) {
            (-9 | -15, true) => self.books.enter_kill(slot.role, slot.index),
            (0, _) if self.world.finish.is_set() => {
                slot.is_killed = false;
                return Ok(());
            }
            _ => {
                let what = format!("{} ended by itself with exit code {code}", slot.name());
                self.objections.push(what);
            }
        }
        slot.is_killed = false;
        slot.stopped_until = None;
        if restart {
            slot.start(self.world, &mut self.books, self.seed, &self.complaints.1)?;
        }
        Ok(())
    }

    fn hear_complaints(&mut self) -> Fallible {
        match self.complaints.0.read(&mut self.buffer) {
            Ok(bytes) => {
                let lines = String::from_utf8_lossy(&self.buffer[..bytes]);
                self.objections.extend(lines.lines().map(str::to_owned));
                Ok(())
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(e) => Err(e.into()),
        }
    }
}

pub(crate) fn stuck(slot: &Slot) -> String {
    let (name, waited) = (slot.name(), PATIENCE.as_secs());
    let is = slot.child.as_ref().map_or("not there".into(), |child| describe(child.pid()));
    format!("{name} has not gone on for {waited} s while all others could run; it is: {is}")
}
