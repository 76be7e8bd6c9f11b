//! Ten buyers, one ticket, and no lock: all ten of them get it.
//!
//! From «互斥锁», document 2: what it warns of, 数据错乱.
//!
//! Each buyer looks, waits for its slow network, and then takes what was there when it looked. By
//! itself this goes wrong often; here it does in every run, because each buyer tells the main
//! process when it has looked, and buys only when told that all ten have.
//!
//! In Python: `ticket-lock` without `mutex.acquire()` and `mutex.release()`.
//!
//! Run: `cargo run --bin ticket-lock-race`. The users come in any order, twice.
//! Next: `queue`.

use std::error::Error;
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::path::Path;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;
use std::{env, fs, process};

use ipc_common::{Child, Process};
use serde::{Deserialize, Serialize};

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
fn buy(
    user: u32,
    file: &Path,
    mut looked: &PipeWriter,
    mut all_looked: &PipeReader,
) -> Result<ExitCode> {
    let mut tickets = load(file)?;
    looked.write_all(&[0])?;
    all_looked.read_exact(&mut [0])?; // one byte for each buyer
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

fn main() -> Result<()> {
    let file = env::temp_dir().join(format!("ticket-lock-race-{}.json", process::id()));
    dump(&Tickets { ticket_num: 1 }, &file)?;
    eprintln!("ticket: {}", file.display());

    let (mut from_users, looked) = pipe()?;
    let (all_looked, mut to_users) = pipe()?;
    let run = |user| {
        search(user, &file)?;
        buy(user, &file, &looked, &all_looked)
    };
    // Daemons, so that nobody waits for ever for a main process that has failed.
    let users: Vec<Child> = (1..=10)
        .map(|user| Process::new(|| run(user)).daemon(true).start())
        .collect::<ipc_common::Result<_>>()?;

    from_users.read_exact(&mut [0; 10])?;
    println!("所有用户都看到还有票");
    to_users.write_all(&[0; 10])?;

    let mut sold = 0;
    for user in users {
        if user.join()? == 0 {
            sold += 1;
        }
    }
    println!("只有1张票，卖出{sold}张，文件里剩余{}张", load(&file)?.ticket_num);
    Ok(())
}
