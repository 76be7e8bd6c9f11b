//! `book DIRECTORY` makes the pages there; scripts/book calls it.

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use book::{Result, site};
use golden::program::WORKSPACE;

fn main() -> ExitCode {
    match make() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("book: {error}");
            ExitCode::FAILURE
        }
    }
}

fn make() -> Result<()> {
    let Some(target) = env::args_os().nth(1) else {
        return Err("usage: book DIRECTORY; scripts/book knows it".into());
    };
    let root = fs::canonicalize(WORKSPACE)?;
    site::make(&root, Path::new(&target))
}
