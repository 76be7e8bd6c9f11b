//! Other programs as processes: through a shell, without one, and beside their parent.
//!
//! From «四、subprocess», document 4.
//!
//! A child that has been forked calls `execve`, and the kernel puts another program in its place;
//! what stays is its id and its open files, such as its standard output. The shell is a program like
//! others: it takes its line apart and starts what stands on both sides of `|`. Without it nothing is
//! taken apart, so that each argument arrives as it is, with its blanks and quotes.
//!
//! In Python: `subprocess.call(line, shell=True)`, `subprocess.call(list)`, `Popen(list)`, `wait()`.
//!
//! Run: `cargo run -p subprocess`, 3 seconds, or `cargo run -p subprocess -- HOST` for another host
//! than this one. The order never varies. Next: none; this is the last one.

use std::io::{self, ErrorKind, stderr};
use std::{env, process::Command};

fn main() -> io::Result<()> {
    // What the programs print is different on each machine. So it goes to standard error, which
    // scripts/check-output does not look at; without `stdout` it would go where the parent's goes.
    let r = Command::new("sh").args(["-c", "ps -aux|grep subprocess"]).stdout(stderr()).status()?;
    println!("{r}"); // that of the last one, grep
    if !r.success() {
        eprintln!("`grep` has found nothing: is there no `ps`? It is in the package procps.");
    }

    println!("---------------");

    let r2 = Command::new("ls").arg("-l").stdout(stderr()).status()?;
    println!("{r2}");

    println!("---------------");

    let host = env::args().nth(1).unwrap_or_else(|| "127.0.0.1".into());
    match Command::new("ping").args(["-c", "4", &host]).stdout(stderr()).spawn() {
        Ok(mut r3) => println!("{}", r3.wait()?), // the parent could do something else before
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("There is no `ping`: install the package iputils-ping, or iputils.");
        }
        Err(error) => return Err(error),
    }
    Ok(())
}
