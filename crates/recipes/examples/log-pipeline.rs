//! A pipeline: this process reads a web server's log, two parse its lines, one counts the answers. Each queue
//! is closed by whoever knows that nothing more will come, and the loops behind it end.
//!
//! In Python: a queue between each two stages, and for its end a `None` for each process behind it.
//!
//! Run: `cargo run -p recipes --example log-pipeline < access.log`

use std::collections::BTreeMap;
use std::error::Error;
use std::io::stdin;

use ipc_common::{Process, Queue, Result};

/// The status and the size in `127.0.0.1 - - [date] "GET / HTTP/1.1" 200 512`.
fn parse(line: &str) -> Option<(u16, u64)> {
    let (_, answer) = line.rsplit_once("\" ")?;
    let (status, size) = answer.split_once(' ')?;
    Some((status.parse().ok()?, size.parse().ok()?))
}

fn parse_all(lines: &Queue<String>, answers: &Queue<(u16, u64)>) -> Result<()> {
    for line in lines {
        match parse(&line?) {
            Some(answer) => answers.put(&answer)?,
            None => eprintln!("not understood, and left out"),
        }
    }
    Ok(())
}

fn report(answers: &Queue<(u16, u64)>) -> Result<()> {
    let mut totals: BTreeMap<u16, (u64, u64)> = BTreeMap::new();
    for answer in answers {
        let (status, size) = answer?;
        let (count, bytes) = totals.entry(status).or_default();
        (*count, *bytes) = (*count + 1, *bytes + size);
    }
    for (status, (count, bytes)) in totals {
        println!("{status}: {count} answers, {bytes} bytes");
    }
    Ok(())
}

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let lines = Queue::bounded(1000)?; // `put` waits while 1000 are in it: no stage runs away
    let answers = Queue::bounded(1000)?;
    let parser = || Process::new(|| parse_all(&lines, &answers)).start();
    let parsers = [parser()?, parser()?];
    let _reporter = Process::new(|| report(&answers)).start()?; // the end of `main` waits for it

    for line in stdin().lines() {
        lines.put(&line?)?;
    }
    lines.close();
    for parser in parsers {
        parser.join()?;
    }
    answers.close();
    Ok(())
}
