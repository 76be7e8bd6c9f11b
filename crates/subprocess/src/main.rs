//! Other programs as processes: through a shell, without one, and beside their parent.
//!
//! From «四、subprocess», document 4.
//!
//! A child that has been forked calls `execve`, and the kernel puts another program in its place;
//! what stays is its id and its open files: it prints where its parent prints. The shell is a
//! program like others: it takes its line apart and starts what stands on both sides of `|`. Without
//! it nothing is taken apart, so that each argument arrives as it is, with its blanks and quotes.
//!
//! In Python: `subprocess.call(line, shell=True)`, `subprocess.call(list)`, `Popen(list)`, `wait()`.
//!
//! Run: `cargo run -p subprocess`, 3 seconds, or `cargo run -p subprocess -- HOST` for another host
//! than this one. Only the two lines of dashes are the same everywhere. Next: none; this is the
//! last one.

use std::io::{self, ErrorKind};
use std::{env, process::Command};

fn main() -> io::Result<()> {
    let r = Command::new("sh").args(["-c", "ps -aux|grep subprocess"]).status()?; // grep's status
    if !r.success() {
        eprintln!("`grep` has found nothing: is there no `ps`? It is in the package procps.");
    }

    println!("---------------");

    Command::new("ls").arg("-l").status()?;

    println!("---------------");

    let host = env::args().nth(1).unwrap_or_else(|| "127.0.0.1".into());
    match Command::new("ping").args(["-c", "4", &host]).spawn() {
        Ok(mut r3) => {
            r3.wait()?; // the parent could do something else before
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("There is no `ping`: install the package iputils-ping, or iputils.");
        }
        Err(error) => return Err(error),
    }
    Ok(())
}
