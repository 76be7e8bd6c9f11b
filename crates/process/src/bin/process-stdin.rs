//! The terminal belongs to the main process: a child that reads gets nothing.
//!
//! From the last note of «（4）多进程的注意点», document 3.
//!
//! A forked child would share the parent's standard input, and each typed line would go to the
//! process that happens to read first. So `start` puts the null device in its place, as Python
//! does: the child is at the end of its input at once (there, `input()` raises `EOFError`).
//!
//! In Python: `input()` in a function that is a `Process`'s target.
//!
//! Run: `echo 你好 | cargo run --bin process-stdin`, or without `echo` and type a line yourself.
//! The order never varies. Next: `process-subclass`.

use std::error::Error;
use std::io;

use ipc_common::Process;

fn input() -> io::Result<()> {
    let read = io::stdin().read_line(&mut String::new())?;
    println!("子进程：input 立即结束（EOF），读到 {read} 字节");
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    Process::new(input).start()?.join()?;

    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    println!("主进程：读到 {}", line.trim_end());
    Ok(())
}
