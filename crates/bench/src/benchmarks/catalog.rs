//! [`catalog()`]: all benchmarks.

use crate::benchmarks::busy;
use crate::benchmarks::idle;
use crate::benchmarks::joinable;
use crate::benchmarks::killed;
use crate::benchmarks::lock;
use crate::benchmarks::manager;
use crate::benchmarks::many;
use crate::benchmarks::memory;
use crate::benchmarks::ping_pong;
use crate::benchmarks::pool;
use crate::benchmarks::redis;
use crate::benchmarks::redis_waiting;
use crate::benchmarks::start;
use crate::benchmarks::throughput;
use crate::misuse::Misuse;
use crate::runner::benchmark::Benchmark;

/// All benchmarks that can be done here, in the order of the tables.
pub fn catalog() -> Vec<Benchmark> {
    let kinds = [
        throughput::benchmarks(),
        many::benchmarks(),
        joinable::benchmarks(),
        ping_pong::benchmarks(),
        busy::benchmarks(),
        start::benchmarks(),
        lock::benchmarks(),
        pool::benchmarks(),
        manager::benchmarks(),
        killed::benchmarks(),
        idle::benchmarks(),
        memory::benchmarks(),
        throughput::growth(),
        start::growth(),
        redis::benchmarks(),
        redis_waiting::benchmarks(),
    ];
    kinds.into_iter().flatten().collect()
}

/// Those with one of these names, or whose name begins with one and a hyphen; all if there are no
/// names.
///
/// # Errors
///
/// If a name means nothing.
pub fn select(names: &[String]) -> Result<Vec<Benchmark>, Misuse> {
    let mut benchmarks = catalog();
    if let Some(wrong) = names.iter().find(|name| !benchmarks.iter().any(|b| is_meant(b, name))) {
        let all: Vec<&str> = benchmarks.iter().map(|benchmark| benchmark.name.as_str()).collect();
        return Err(Misuse(format!(
            "there is no benchmark {wrong}; there are {}, and the beginnings of these names up to a hyphen",
            all.join(", ")
        )));
    }
    benchmarks
        .retain(|benchmark| names.is_empty() || names.iter().any(|name| is_meant(benchmark, name)));
    Ok(benchmarks)
}

fn is_meant(benchmark: &Benchmark, name: &str) -> bool {
    benchmark.name.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}
