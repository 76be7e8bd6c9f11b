//! Counts the words of many files on all processors, with a progress bar: a pool's results are an iterator,
//! and `indicatif` draws around any iterator.
//!
//! In Python: `for counts in tqdm(pool.imap_unordered(count, paths)): total.update(counts)`.
//!
//! Run: `cargo run -p recipes --example word-count -- crates/*/src/lib.rs`

use std::collections::HashMap;
use std::error::Error;
use std::thread::available_parallelism;
use std::{env, fs};

use indicatif::ProgressBar;
use ipc_common::Pool;

fn count(path: String) -> Result<HashMap<String, u64>, String> {
    let text = fs::read_to_string(&path).map_err(|error| format!("cannot read {path}: {error}"))?;
    let mut counts = HashMap::new();
    text.split_whitespace().for_each(|word| *counts.entry(word.to_lowercase()).or_default() += 1);
    Ok(counts)
}

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<String> = env::args().skip(1).collect();
    let pool = Pool::new(available_parallelism()?.get())?;
    let bar = ProgressBar::new(paths.len() as u64);
    let mut total: HashMap<String, u64> = HashMap::new();
    for counts in bar.wrap_iter(pool.imap_unordered(count, paths)) {
        // The first `?` is for what goes wrong in the pool, the second for what goes wrong in `count`.
        counts??.into_iter().for_each(|(word, n)| *total.entry(word).or_default() += n);
    }
    let mut total: Vec<(u64, String)> = total.into_iter().map(|(word, n)| (n, word)).collect();
    total.sort_by(|a, b| b.cmp(a));
    for (n, word) in total.iter().take(10) {
        println!("{n:6} {word}");
    }
    Ok(())
}
