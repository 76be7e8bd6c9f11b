//! What the examples `tasks` and `worker` both know: the tasks by name and version.

use std::process;
use std::thread::sleep;
use std::time::{Duration, Instant};

use ipc_redis::Task;

pub(crate) const LONG_TIME_TASK: Task<u32, ()> = Task::new("long-time-task", 1, long_time_task);

fn long_time_task(name: u32) {
    println!("Run task {name} ({})...", process::id());
    let start = Instant::now();
    sleep(Duration::from_secs_f64(rand::random::<f64>() * 3.0));
    println!("Task {name} runs {:.2} seconds.", start.elapsed().as_secs_f64());
}
