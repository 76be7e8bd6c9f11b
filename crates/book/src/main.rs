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
    let mut arguments = env::args_os().skip(1);
    let (Some(target), Some(mdbook)) = (arguments.next(), arguments.next()) else {
        return Err("usage: book DIRECTORY MDBOOK; scripts/book knows both".into());
    };
    let root = fs::canonicalize(WORKSPACE)?;
    site::make(&root, Path::new(&target), Path::new(&mdbook))
}
