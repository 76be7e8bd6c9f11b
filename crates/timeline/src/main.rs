//! Draws what the processes of a program did, and when.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use golden::program::WORKSPACE;
use timeline::picture::picture;
use timeline::record::Record;
use timeline::run::build_all;
use timeline::text::Language;

/// Builds the programs, runs them, and draws what their processes did, and when: an SVG.
#[derive(Parser)]
#[command(bin_name = "scripts/timeline")]
struct Arguments {
    /// The programs; several are drawn below each other, with the same scale.
    #[arg(required = true)]
    programs: Vec<String>,
    /// Where the picture goes; by default to PROGRAM.svg.
    #[arg(long, value_name = "FILE.svg")]
    out: Option<PathBuf>,
    /// Words in the picture are Chinese.
    #[arg(long)]
    chinese: bool,
}

fn main() -> ExitCode {
    match draw(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("timeline: {error}");
            ExitCode::FAILURE
        }
    }
}

fn draw(Arguments { programs, out, chinese }: &Arguments) -> Result<(), Box<dyn Error>> {
    let programs = build_all(Path::new(WORKSPACE), programs)?;
    let records: Vec<Record> = programs.iter().map(|it| it.run()).collect::<Result<_, _>>()?;
    let language = if *chinese { Language::Chinese } else { Language::English };
    let by_default = || format!("{}.svg", programs[0].name()).into();
    let out = out.clone().unwrap_or_else(by_default);
    fs::write(&out, picture(&records, language)).map_err(|e| {
        format!("cannot write {}: {e}; name another file with --out", out.display())
    })?;
    println!("{}", out.display());
    Ok(())
}
