//! Runs tasks with a time limit each, and those that fail up to three times: by an error, because they took too
//! long, or because their worker died.
//!
//! In Python: `concurrent.futures.wait(…, return_when=FIRST_COMPLETED)`; a task that hangs cannot be ended
//! there, and a worker that dies breaks the whole executor.
//!
//! Run: `cargo run -p recipes --example task-runner`

use std::process::abort;
use std::thread::sleep;
use std::time::Duration;

use ipc_common::{AsyncResult, Pool, Result};

const LIMIT: Duration = Duration::from_millis(500);
const MOST_TRIES: u32 = 3;

/// Some go well, others never or only at last.
fn work((task, tries): (String, u32)) -> Result<String, String> {
    match (task.as_str(), tries) {
        ("download", 1) => return Err("connection reset".to_string()),
        ("convert", 1) => abort(),
        ("upload", _) => sleep(Duration::from_secs(3600)),
        _ => {}
    }
    Ok(format!("{task} is done"))
}

/// A task that is being tried.
struct Trial {
    task: String,
    tries: u32,
    result: AsyncResult<Result<String, String>>,
}

fn start(pool: &Pool, task: String, tries: u32) -> Result<Trial> {
    let result = pool.apply_async_within(LIMIT, work, (task.clone(), tries))?;
    Ok(Trial { task, tries, result })
}

fn main() -> Result<()> {
    let pool = Pool::new(2)?;
    let tasks = ["list", "download", "convert", "upload"];
    let trials = tasks.map(|task| start(&pool, task.to_string(), 1));
    let mut trials = trials.into_iter().collect::<Result<Vec<Trial>>>()?;

    while let Some(first) = pool.first_done(trials.iter().map(|trial| &trial.result), None)? {
        let Trial { task, tries, result } = trials.swap_remove(first);
        // `get` says how the worker ended, and `work` what went wrong in it.
        match result.get().map_err(|error| error.to_string()).and_then(|done| done) {
            Ok(report) => println!("{report} after {tries} of {MOST_TRIES} tries"),
            Err(error) if tries == MOST_TRIES => println!("{task} is given up: {error}"),
            Err(error) => {
                println!("{task}, once more: {error}");
                trials.push(start(&pool, task, tries + 1)?);
            }
        }
    }
    pool.close();
    pool.join()
}
