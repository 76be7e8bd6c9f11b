//! Ten buyers, one ticket, and a lock: exactly one of them gets it.
//!
//! From «互斥锁», document 2.
//!
//! Between looking whether there is a ticket and taking it, time passes, and no other buyer may
//! look meanwhile. So all of it is done with the lock held, one after another: slower, but right.
//! Asking how many are left (`search`) needs no lock, because the file is replaced in one step:
//! the kernel's `rename` leaves either the old one or the new one to be seen.
//!
//! In Python: `Lock()`, `mutex.acquire()`, `mutex.release()`, `json.load()`, `json.dump()`.
//!
//! Run: `cargo run -p ticket-lock`. Any user may get the ticket; all `票数不足！` come after that.
//! Next: `ticket-lock-race`.

use std::error::Error;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;
use std::{fs, process};

use ipc_common::{Lock, Process};
use serde::{Deserialize, Serialize};
use tempfile::tempdir;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What the ticket file holds: `{"ticket_num":1}`.
#[derive(Serialize, Deserialize)]
struct Tickets {
    ticket_num: u32,
}

fn load(file: &Path) -> Result<Tickets> {
    Ok(serde_json::from_slice(&fs::read(file)?)?)
}

/// Writes beside the file, then puts that in its place: no reader ever sees half of it.
fn dump(tickets: &Tickets, file: &Path) -> Result<()> {
    let beside = file.with_extension(process::id().to_string());
    fs::write(&beside, serde_json::to_vec(tickets)?)?;
    Ok(fs::rename(beside, file)?)
}

/// Asks how many tickets are left.
fn search(user: u32, file: &Path) -> Result<()> {
    println!("用户{user}查询票数剩余{}", load(file)?.ticket_num);
    Ok(())
}

/// Buys a ticket if there is one.
fn buy(user: u32, file: &Path) -> Result<()> {
    let mut tickets = load(file)?;
    sleep(Duration::from_secs_f64(rand::random())); // a slow network
    if tickets.ticket_num > 0 {
        tickets.ticket_num -= 1;
        dump(&tickets, file)?;
        println!("{user} 抢到一张票");
    } else {
        println!("票数不足！");
    }
    Ok(())
}

/// What each buyer does.
fn run(user: u32, mutex: &Lock, file: &Path) -> Result<()> {
    search(user, file)?;
    let _guard = mutex.lock()?; // released at the end of this function
    buy(user, file)
}

fn main() -> Result<()> {
    // Deleted when this process drops `folder`; a child ends without dropping its copy of it.
    let folder = tempdir()
        .map_err(|e| format!("cannot make a folder for the ticket: {e}; set TMPDIR to another"))?;
    let file = folder.path().join("ticket");
    dump(&Tickets { ticket_num: 1 }, &file)?;
    eprintln!("ticket: {}", file.display());

    let mutex = Lock::new()?;
    let mut users = Vec::new();
    for user in 1..=10 {
        users.push(Process::new(|| run(user, &mutex, &file)).start()?);
    }
    for user in users {
        user.join()?; // until the end, each reads the file
    }
    Ok(())
}
