//! The process group of a program: reaped, and at last killed, so that nothing of it stays.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, thread};

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::trouble::{LINGER, Trouble};

/// The process group of a program. What is left of it is killed when this is dropped.
pub(crate) struct Group {
    id: Pid,
    /// How the program itself ended.
    pub(crate) leader: Option<WaitStatus>,
    /// Whether all its processes have ended and were reaped. From then on its id can be another's.
    pub(crate) is_gone: bool,
}

impl Group {
    pub(crate) fn led_by(pid: u32) -> Group {
        Group { id: Pid::from_raw(pid.cast_signed()), leader: None, is_gone: false }
    }

    /// Reaps the processes of the group that have ended: the program itself and orphans, which came to us.
    pub(crate) fn reap(&mut self) -> nix::Result<()> {
        let group = Pid::from_raw(-self.id.as_raw());
        while !self.is_gone {
            match waitpid(group, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) => break,
                Ok(status) if status.pid() == Some(self.id) => self.leader = Some(status),
                Ok(_) | Err(Errno::EINTR) => {}
                Err(Errno::ECHILD) => self.is_gone = true,
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }

    /// Kills what is left of the group, and reaps it.
    pub(crate) fn kill(&mut self) {
        let deadline = Instant::now() + LINGER;
        while self.reap().is_ok() && !self.is_gone && Instant::now() < deadline {
            // There is a process of the group that we have not reaped, so the id is still its own.
            if killpg(self.id, Signal::SIGKILL).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    pub(crate) fn verdict(&self) -> Result<(), Trouble> {
        match self.leader {
            Some(WaitStatus::Exited(_, code)) if code != 0 => Err(Trouble::ExitCode(code)),
            Some(WaitStatus::Signaled(_, signal, _)) => Err(Trouble::Signal(signal)),
            _ => Ok(()),
        }
    }

    /// Id and command line of each process of the group that has not ended.
    pub(crate) fn alive(&self) -> Vec<String> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        entries.filter_map(|entry| self.describe(&entry.path())).collect()
    }

    /// Id and command line of a process, if it is of this group and no zombie.
    fn describe(&self, process: &Path) -> Option<String> {
        let stat = fs::read_to_string(process.join("stat")).ok()?;
        // The second field, the name in parentheses, may itself hold blanks and parentheses.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        let state = fields.next()?;
        let group: i32 = fields.nth(1)?.parse().ok()?;
        let line = fs::read(process.join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).trim_end_matches('\0').replace('\0', " ");
        let pid = process.file_name()?.display();
        (group == self.id.as_raw() && state != "Z").then(|| format!("{pid} ({line})"))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
