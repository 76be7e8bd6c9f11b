//! Processes compute beside tokio: the runtime goes on while they do.
//!
//! The pool is made before the runtime, which has threads. One of those waits for the results; a program in
//! which many tasks wait for many results hears of them by a descriptor: see `event-loop`.
//!
//! In Python: `await loop.run_in_executor(process_pool, count_primes, n)`.
//!
//! Run: `cargo run -p recipes --example beside-tokio`

use std::error::Error;
use std::time::Duration;

use ipc_common::Pool;
use tokio::runtime::Runtime;
use tokio::task::spawn_blocking;
use tokio::time::interval;

fn count_primes(below: u64) -> usize {
    (2..below).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0)).count()
}

fn main() -> Result<(), Box<dyn Error>> {
    let pool = Pool::new(2)?;
    Runtime::new()?.block_on(async {
        let counts = pool.map_async(count_primes, [100_000, 200_000])?;
        let mut clock = interval(Duration::from_millis(1));
        let mut ticks = 0;
        let mut counts = spawn_blocking(move || counts.get());
        let counts = loop {
            tokio::select! {
                counts = &mut counts => break counts??,
                _ = clock.tick() => ticks += 1,
            }
        };
        println!("{counts:?}, and the runtime went on: {}", ticks > 1);
        Ok(())
    })
}
