//! [`Machine`]: where and when it was measured.

use std::process::Command;
use std::{fs, thread};

use chrono::Utc;
use serde::{Deserialize, Serialize};

/// The lock file that this was built with.
const LOCKED: &str = include_str!("../../../../Cargo.lock");

/// Where and when it was measured, and with which versions.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Machine {
    /// The model of the processor.
    pub processor: String,
    /// How many cores this process may use.
    pub cores: usize,
    /// Of the memory, in bytes.
    pub memory: u64,
    /// The kernel's release.
    pub kernel: String,
    /// The compiler's version.
    pub rustc: String,
    /// Python's version, if it was measured.
    pub python: Option<String>,
    /// ipc-channel's version.
    pub ipc_channel: String,
    /// crossbeam's version.
    pub crossbeam: String,
    /// cloudtoid-interprocess's version.
    #[serde(default)]
    pub cloudtoid: String,
    /// rtrb's version.
    #[serde(default)]
    pub rtrb: String,
    /// How many processes wanted to run, on average over the minute before: ours were not among them.
    pub load: f64,
    /// The day, as `2026-02-28`.
    pub date: String,
}

impl Machine {
    /// This machine, now; `python` is the version of the CPython that is measured.
    pub fn this(python: Option<&str>) -> Machine {
        let memory = value("/proc/meminfo", "MemTotal")
            .and_then(|kib| kib.trim_end_matches(" kB").parse::<u64>().ok().map(|kib| kib * 1024));
        Machine {
            processor: value("/proc/cpuinfo", "model name").unwrap_or_else(unknown),
            cores: thread::available_parallelism().map_or(1, usize::from),
            memory: memory.unwrap_or(0),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")
                .map_or_else(|_| unknown(), |release| release.trim().to_owned()),
            rustc: rustc().unwrap_or_else(unknown),
            python: python.map(str::to_owned),
            ipc_channel: locked("ipc-channel").unwrap_or_else(unknown),
            crossbeam: locked("crossbeam").unwrap_or_else(unknown),
            cloudtoid: locked("cloudtoid-interprocess").unwrap_or_else(unknown),
            rtrb: locked("rtrb").unwrap_or_else(unknown),
            load: load().unwrap_or(0.0),
            date: Utc::now().format("%Y-%m-%d").to_string(),
        }
    }
}

fn load() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

fn unknown() -> String {
    "unknown".into()
}

/// What stands after `key` and a colon.
fn value(file: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.filter(|(found, _)| found.trim() == key).map(|(_, value)| value.trim().to_owned()).next()
}

fn rustc() -> Option<String> {
    let output = Command::new("rustc").arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split(' ').nth(1).map(str::to_owned)
}

/// The version of a crate.
fn locked(name: &str) -> Option<String> {
    let (_, rest) = LOCKED.split_once(&format!("name = \"{name}\"\nversion = \""))?;
    rest.split_once('"').map(|(version, _)| version.to_owned())
}
