//! [`BusyLoops`]: a machine that has other work.

use std::hint::spin_loop;
use std::thread::available_parallelism;

use ipc_common::{Child, Process};

use crate::outcome::Outcome;

/// A process for each processor that computes and never waits; gone with this value.
pub(crate) struct BusyLoops(Vec<Child>);

impl BusyLoops {
    pub(crate) fn start() -> Outcome<BusyLoops> {
        let mut loops = BusyLoops(Vec::new());
        for _ in 0..available_parallelism()?.get() {
            let endless = || -> Outcome<()> {
                loop {
                    spin_loop();
                }
            };
            loops.0.push(Process::new(endless).daemon(true).start()?);
        }
        Ok(loops)
    }
}

impl Drop for BusyLoops {
    fn drop(&mut self) {
        for child in &self.0 {
            // A daemon ends with this process, if not now.
            let _ = child.kill().and_then(|()| child.join());
        }
    }
}
