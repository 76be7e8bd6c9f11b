//! The command `bench`: measures ipc-common beside its peers.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use bench::{
    Absent, Benchmark, HELP, Machine, Misuse, Options, Outcome, Peer, Plan, Python, Report,
    absent_from_redis, fill, legend, measure, picture, select, table, tables,
};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::from(if error.is::<Misuse>() { 2 } else { 1 })
        }
    }
}

fn run() -> Outcome<()> {
    let options = Options::parse(env::args().skip(1))?;
    if options.help {
        println!("{HELP}");
        return Ok(());
    }
    if options.list {
        for benchmark in select(&options.names)? {
            println!("{:24} {}", benchmark.name, benchmark.title);
        }
        return Ok(());
    }
    check_files(&options)?;
    let report = match &options.from {
        Some(file) => show(file, &options)?,
        None => measure_all(&options)?,
    };
    print!("\n{}", legend(&report));
    write_files(&report, &options)
}

/// A file that cannot be written is said now, not after minutes of measuring.
fn check_files(options: &Options) -> Outcome<()> {
    for file in [&options.json, &options.svg].into_iter().flatten() {
        let opened = OpenOptions::new().append(true).create(true).open(file);
        opened.map_err(|e| format!("cannot write {}: {e}", file.display()))?;
    }
    for file in &options.readme {
        filled(file, |_| Ok(String::new()))?;
        let opened = OpenOptions::new().append(true).open(file);
        opened.map_err(|e| format!("cannot write {}: {e}", file.display()))?;
    }
    Ok(())
}

fn write_json(report: &Report, options: &Options) -> Outcome<()> {
    match &options.json {
        Some(file) => write(file, &(serde_json::to_string_pretty(report)? + "\n")),
        None => Ok(()),
    }
}

fn write_files(report: &Report, options: &Options) -> Outcome<()> {
    for file in &options.readme {
        write(file, &filled(file, |names| tables(report, names))?)?;
    }
    if let Some(file) = &options.svg {
        write(file, &picture(report))?;
    }
    Ok(())
}

/// The file's text with `tables` between its marks.
fn filled(file: &Path, tables: impl Fn(&[&str]) -> Outcome<String>) -> Outcome<String> {
    let text = fs::read_to_string(file).map_err(|e| format!("cannot read {}: {e}", file.display()));
    Ok(fill(&text?, tables).map_err(|e| format!("{}: {e}", file.display()))?)
}

fn measure_all(options: &Options) -> Outcome<Report> {
    let (python, absent) = peers();
    for Absent { why, .. } in &absent {
        println!("{why}");
    }
    let benchmarks = select(&options.names)?;
    let machine = Machine::this(python.as_ref().map(|python| python.version.as_str()));
    if machine.load > machine.cores as f64 / 4.0 {
        println!(
            "This machine is busy (load {}): these figures are for a first look.",
            machine.load
        );
    }
    let plan = if options.quick { Plan::quick(python) } else { Plan::full(python) };
    let mut report = Report {
        machine,
        command: options.command(),
        repetitions: plan.repetitions,
        absent,
        benchmarks: Vec::new(),
        failed: Vec::new(),
    };
    measure_each(&benchmarks, &plan, &mut report, options)?;
    all_of(report)
}

/// A report without gaps: tables must not lose a row in silence.
fn all_of(report: Report) -> Outcome<Report> {
    match report.failed.as_slice() {
        [] => Ok(report),
        failed => Err(format!(
            "{} of {} benchmarks failed ({}); tables and picture stay as they were",
            failed.len(),
            failed.len() + report.benchmarks.len(),
            failed.join(", ")
        )
        .into()),
    }
}

/// Measures what can be measured, and notes the names of the rest. After each one the figures so far
/// are written, so that they are there whatever comes later.
fn measure_each(
    benchmarks: &[Benchmark],
    plan: &Plan,
    report: &mut Report,
    options: &Options,
) -> Outcome<()> {
    write_json(report, options)?; // not the figures of another run
    for benchmark in benchmarks {
        match measure(benchmark, plan) {
            Ok(measured) => {
                print!("\n{}", table(&measured));
                report.benchmarks.push(measured);
            }
            Err(error) => {
                eprintln!("\n{error}");
                report.failed.push(benchmark.name.clone());
            }
        }
        io::stdout().flush()?;
        write_json(report, options)?;
    }
    Ok(())
}

/// CPython, if it is there, and the peers that are left out.
fn peers() -> (Option<Python>, Vec<Absent>) {
    let mut absent = Vec::new();
    let python = Python::find()
        .map_err(|e| absent.push(Absent { peer: Peer::CPython, why: e.to_string() }))
        .ok();
    absent.extend(python.as_ref().and_then(Python::absent));
    if cfg!(not(feature = "peers")) {
        for peer in [Peer::IpcChannel, Peer::Cloudtoid, Peer::Rtrb] {
            let why = format!(
                "{} is left out: this was built without the feature `peers`.",
                peer.label()
            );
            absent.push(Absent { peer, why });
        }
    }
    absent.extend(absent_from_redis());
    (python, absent)
}

fn show(file: &Path, options: &Options) -> Outcome<Report> {
    let opened = File::open(file).map_err(|e| format!("cannot read {}: {e}", file.display()))?;
    let mut report: Report = serde_json::from_reader(io::BufReader::new(opened))
        .map_err(|e| format!("{} is no report: {e}", file.display()))?;
    let wanted = select(&options.names)?;
    report.benchmarks.retain(|measured| wanted.iter().any(|wanted| wanted.name == measured.name));
    for measured in &report.benchmarks {
        print!("\n{}", table(measured));
    }
    let report = all_of(report)?;
    write_json(&report, options)?;
    Ok(report)
}

fn write(file: &Path, text: &str) -> Outcome<()> {
    Ok(fs::write(file, text).map_err(|e| format!("cannot write {}: {e}", file.display()))?)
}
