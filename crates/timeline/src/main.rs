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

/// Builds the programs, runs them, and draws what their processes did, and when: an SVG, for a browser.
#[derive(Parser)]
#[command(bin_name = "scripts/timeline")]
struct Arguments {
    /// Programs of this repository, or traces that programs of your own have left: files that end in `.json`. Several
    /// are drawn below each other, with the same scale.
    #[arg(required = true)]
    programs: Vec<String>,
    /// Where the picture goes; by default here, to PROGRAM.svg.
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
    let records = records(programs)?;
    let language = if *chinese { Language::Chinese } else { Language::English };
    let by_default =
        || Path::new(&programs[0]).with_extension("svg").file_name().map(PathBuf::from);
    let out = out.clone().or_else(by_default).ok_or("name a file for the picture with --out")?;
    fs::write(&out, picture(&records, language)).map_err(|e| {
        format!("cannot write {}: {e}; name another file with --out", out.display())
    })?;
    println!("{}", out.display());
    Ok(())
}

/// What programs of the workspace do, which are built first, and what traces say that are in files.
fn records(names: &[String]) -> Result<Vec<Record>, Box<dyn Error>> {
    let is_trace =
        |name: &&String| Path::new(name).extension().is_some_and(|extension| extension == "json");
    let programs: Vec<String> = names.iter().filter(|name| !is_trace(name)).cloned().collect();
    let built = match programs.is_empty() {
        true => Vec::new(),
        false => build_all(Path::new(WORKSPACE), &programs)?,
    };
    let mut built = built.iter();
    let program_or_trace = |name| match is_trace(&name) {
        true => read(name),
        false => built.next().ok_or("it was not built")?.run(),
    };
    names.iter().map(program_or_trace).collect()
}

/// What the trace in a file says.
fn read(name: &str) -> Result<Record, Box<dyn Error>> {
    let text = fs::read_to_string(name).map_err(|e| {
        format!("cannot read {name}: {e}; a program leaves it there with IPC_TRACE={name} in its environment")
    })?;
    let trace = serde_json::from_str(&text).map_err(|e| format!("{name} is no trace: {e}"))?;
    Ok(Record::new(name.into(), &trace, Vec::new()))
}
