//! A pool whose tasks have a time limit.

use std::thread::sleep;
use std::time::Duration;

use ipc_common::{Error, Pool, Result};

fn main() -> Result<()> {
    let pool = Pool::builder().workers(2).task_timeout(Duration::from_millis(300)).start()?;
    for seconds in [0, 60] {
        match pool.apply(|seconds| sleep(Duration::from_secs(seconds)), seconds) {
            Ok(()) => println!("{seconds} s: done"),
            Err(Error::TaskTimeout { limit, .. }) => println!("{seconds} s: more than {limit:?}"),
            Err(error) => return Err(error),
        }
    }
    pool.close();
    pool.join()
}
