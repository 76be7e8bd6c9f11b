//! One process becomes two with `fork`, the system call under everything that follows.
//!
//! From «一、fork 系统调用», document 4.
//!
//! The kernel makes a copy of the calling process: same program, same memory, same place in the
//! code. The call returns twice: in the parent with the child's id, in the child without one.
//! Since it copies only the calling thread, but the locks of all, Rust calls it unsafe; the
//! programs after this one leave that to a library.
//!
//! In Python: `os.fork()`, `os.getpid()`, `os.getppid()`.
//!
//! Run: `cargo run -p fork`. After the first line, either of the two may print first.
//! Next: `process`.

#![allow(unsafe_code, reason = "fork, bare, is the lesson")]

use std::os::unix::process::parent_id;
use std::process::id;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

fn main() -> nix::Result<()> {
    println!("Process ({}) start...", id());
    // `?` ends `main` if the fork has failed: the error is printed, and the exit code is 1.
    // SAFETY: this process has one thread, so nothing is locked or half-done in the copy.
    match unsafe { fork()? } {
        ForkResult::Child => {
            println!("I am child process ({}) and my parent is {}.", id(), parent_id());
        }
        ForkResult::Parent { child } => {
            println!("I ({}) just created a child process ({child}).", id());
            waitpid(child, None)?; // if we ended first, the child would name another parent
        }
    }
    Ok(())
}
