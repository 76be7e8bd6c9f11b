//! An event tells all workers to stop.

use std::time::Duration;

use ipc_common::{Event, Process, Result};

fn main() -> Result<()> {
    let stop = Event::new()?;
    let work = || {
        while !stop.wait_timeout(Duration::from_millis(10)) {
            // a piece of work
        }
    };
    let children = [Process::new(work).start()?, Process::new(work).start()?];

    stop.set();
    for child in children {
        println!("stopped with {}", child.join()?);
    }
    Ok(())
}
