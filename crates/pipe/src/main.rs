//! Two processes at the two ends of a pipe: eleven times go one way, then a text comes back.
//!
//! From «三、进程通信», Pipe通信, document 1.
//!
//! Both ends can send and receive, because this pipe is a pair of connected sockets: the kernel has
//! a buffer for each direction. So `send` returns at once, and what was sent waits until the other
//! side asks for it, as the text does here for ten seconds. The kernel keeps messages apart; each
//! arrives whole. The type of an end says what it sends and what it receives.
//!
//! In Python: `l_p, r_p = Pipe()`, `p.send(msg)`, `p.recv()`.
//!
//! Run: `cargo run -p pipe`, 21 seconds. A time is received after it was sent, but the next one may
//! be sent before. Next: `shared-state`.

use std::process;
use std::thread::sleep;
use std::time::Duration;

use chrono::{Local, NaiveDateTime};
use ipc_common::{Child, Connection, Process, Result, pipe};

/// How Python prints a time: with six digits after the second.
const FORMAT: &str = "%Y-%m-%d %H:%M:%S%.6f";

/// Sends times and receives a text.
fn func_1(p: &Connection<NaiveDateTime, String>) -> Result<()> {
    for _ in 0..11 {
        let msg = Local::now().naive_local();
        println!("func_1-{}-发送数据:{}", process::id(), msg.format(FORMAT));
        p.send(&msg)?;
        sleep(Duration::from_secs(1));
    }
    sleep(Duration::from_secs(10));
    println!("func_1-{}-接受数据: {}", process::id(), p.recv()?);
    Ok(())
}

/// Receives times and sends a text.
fn func_2(p: &Connection<String, NaiveDateTime>) -> Result<()> {
    for _ in 0..11 {
        let ret = p.recv()?;
        println!("func_2-{}-接受数据:{}", process::id(), ret.format(FORMAT));
    }
    let msg = "你是不是发送结束了？？？";
    println!("func_2-{}-发送数据:{msg}", process::id());
    p.send(&msg.into())
}

fn main() -> Result<()> {
    let (l_p, r_p) = pipe()?;
    // `move` gives each closure its end for good instead of lending it, and the first child starts
    // without the second's end. So each end is in one process, and the other sees if it is gone.
    let tasks: [Child; 2] = [
        Process::new(move || func_1(&l_p)).start_without(&[&r_p])?,
        Process::new(move || func_2(&r_p)).start()?,
    ];

    for task in tasks {
        task.join()?;
    }

    println!("进程结束");
    Ok(())
}
