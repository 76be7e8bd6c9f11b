//! A process that starts short-lived others.

use std::thread;
use std::time::Duration;

use ipc_common::{Child, Process, Result};

use crate::shared::world::{Outcome, Part};

/// Starts a few at a time, kills some of them, and looks at their exit codes.
pub(crate) fn start_children(mut part: Part<'_>) -> Outcome {
    loop {
        let codes: [i32; 4] = std::array::from_fn(|_| part.random.below(100) as i32);
        let children: Vec<Child> = codes.into_iter().map(start).collect::<Result<_>>()?;
        for (child, expected) in children.iter().zip(codes) {
            if expected < KILLED {
                child.kill()?;
            }
            let code = child.join()?;
            if code != if expected < KILLED { -9 } else { expected } {
                let what = format!("starter: exit code {code} of one that exits with {expected}");
                return Err(what.into());
            }
        }
        part.step(0, 0)?;
        part.pause()?;
    }
}

/// Children with codes below this wait to be killed.
const KILLED: i32 = 30;

const FOREVER: Duration = Duration::from_secs(1_000_000);

fn start(code: i32) -> Result<Child> {
    let child = Process::new(move || {
        if code < KILLED {
            thread::sleep(FOREVER);
        }
        std::process::exit(code)
    });
    child.daemon(true).start()
}
