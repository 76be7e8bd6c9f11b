//! A process is killed with a lock in its hands, and the next one repairs what it left.

use std::thread::sleep;
use std::time::Duration;

use ipc_common::{Array, Event, Process, Result};

fn main() -> Result<()> {
    let halves = Array::new(&[50, 50])?; // always 100 together
    let is_half_done = Event::new()?;

    let transfer = || -> Result<()> {
        let mut halves = halves.lock()?;
        halves[0] -= 10;
        is_half_done.set();
        sleep(Duration::from_secs(60)); // killed before it adds the 10 to the other half
        halves[1] += 10;
        Ok(())
    };
    let child = Process::new(transfer).start()?;
    is_half_done.wait();
    child.kill()?;

    let mut halves = halves.lock()?; // waits until the kernel has ended the child
    println!("owner died: {}, left: {halves:?}", halves.owner_died());
    if halves.owner_died() {
        halves[1] = 100 - halves[0];
    }
    println!("repaired: {halves:?}");
    Ok(())
}
