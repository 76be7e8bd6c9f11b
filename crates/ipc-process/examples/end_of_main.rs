//! How a program ends that has children: it says its error, then waits for them.
//!
//! ```console
//! $ cargo run -p ipc-process --example end_of_main error    # or panic, or exit; end it with Ctrl-D
//! ```

use std::fs::{self, File};
use std::os::fd::AsFd;
use std::{env, error, io, process, thread};

use ipc_common::Process;

fn main() -> Result<(), Box<dyn error::Error>> {
    let mut input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    Process::new(|| -> io::Result<()> {
        io::copy(&mut input, &mut io::stdout())?;
        eprintln!("The consumer ends.");
        Ok(())
    })
    .name("consumer")
    .start()?;
    Process::new(thread::park).name("a daemon").daemon(true).start()?;

    match env::args().nth(1).as_deref() {
        Some("error") => drop(fs::read_to_string("/nosuch")?),
        Some("panic") => panic!("as it was told"),
        _ => process::exit(7),
    }
    Ok(())
}
