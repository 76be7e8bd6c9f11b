//! Ten buyers, one ticket, and no lock: all ten of them get it.
//!
//! From «互斥锁», document 2: what it warns of, 数据错乱.
//!
//! Each buyer looks, waits for its slow network, and then takes what was there when it looked. By
//! itself this goes wrong often; here it does in every run, because a barrier holds the buyers until
//! all ten have looked, and an event until the main process has said so.
//!
//! In Python: `ticket-lock` without `mutex`, but with `Barrier(11)` and `Event()`.
//!
//! Run: `cargo run --bin ticket-lock-race`. The users come in any order, twice.
//! Next: `queue`.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;
use std::{fs, process};

use ipc_common::{Barrier, Event, Process};
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

/// Buys a ticket if there was one; the exit code says whether it did.
fn buy(user: u32, file: &Path, all_looked: &Barrier, may_buy: &Event) -> Result<ExitCode> {
    let mut tickets = load(file)?;
    all_looked.wait()?;
    may_buy.wait();
    sleep(Duration::from_secs_f64(rand::random())); // a slow network
    if tickets.ticket_num > 0 {
        tickets.ticket_num -= 1;
        dump(&tickets, file)?;
        println!("{user} 抢到一张票");
        Ok(ExitCode::SUCCESS)
    } else {
        println!("票数不足！");
        Ok(ExitCode::FAILURE)
    }
}

/// What each buyer does.
fn run(user: u32, file: &Path, all_looked: &Barrier, may_buy: &Event) -> Result<ExitCode> {
    search(user, file)?;
    buy(user, file, all_looked, may_buy)
}

fn main() -> Result<()> {
    // Deleted when this process drops `folder`; a child ends without dropping its copy of it.
    let folder = tempdir()
        .map_err(|e| format!("cannot make a folder for the ticket: {e}; set TMPDIR to another"))?;
    let file = folder.path().join("ticket");
    dump(&Tickets { ticket_num: 1 }, &file)?;
    eprintln!("ticket: {}", file.display());

    let all_looked = Barrier::new(11)?; // for the ten buyers and the main process
    let may_buy = Event::new()?;
    let mut users = Vec::new();
    for user in 1..=10 {
        let run = || run(user, &file, &all_looked, &may_buy);
        // A daemon, so that it ends even if the main process fails before it sets the event.
        users.push(Process::new(run).daemon(true).start()?);
    }

    // Not for ever: a buyer that fails before it has looked never comes to the barrier.
    all_looked.wait_timeout(Duration::from_secs(30))?;
    println!("所有用户都看到还有票");
    may_buy.set();

    let mut sold = 0;
    for user in users {
        if user.join()? == 0 {
            sold += 1;
        }
    }
    println!("只有1张票，卖出{sold}张，文件里剩余{}张", load(&file)?.ticket_num);
    Ok(())
}
