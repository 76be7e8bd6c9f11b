//! A pool does the same to many items.

use ipc_common::{Pool, Result};

fn main() -> Result<()> {
    let pool = Pool::new(2)?;
    let lengths =
        pool.map(|word: String| word.chars().count(), ["fork", "进程"].map(String::from))?;
    println!("{lengths:?}");
    pool.close();
    pool.join()
}
