//! Waits for whichever of two children ends first.

use std::thread::sleep;
use std::time::Duration;

use ipc_common::{Process, Result, wait};

fn main() -> Result<()> {
    let slow = Process::new(|| sleep(Duration::from_secs(60))).name("slow").start()?;
    let fast = Process::new(|| ()).name("fast").start()?;

    let children = [slow, fast];
    let ready = wait(&[&children[0], &children[1]], None)?; // None: as long as it takes
    for place in ready {
        println!("{} ended", children[place].name());
    }

    children[0].kill()?;
    println!("{} ended with {}", children[0].name(), children[0].join()?);
    Ok(())
}
