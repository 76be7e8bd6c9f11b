//! [`Python`]: CPython's side, a script beside this crate.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::outcome::Outcome;
use crate::results::peer::{Absent, Peer};
use crate::results::sample::Sample;
use crate::runner::isolated::LIMIT;

const SCRIPT: &str = concat!(
    include_str!("../../python/peer.py"),
    include_str!("../../python/ping_pong.py"),
    include_str!("../../python/pools.py"),
    include_str!("../../python/killed.py"),
    include_str!("../../python/memory.py"),
    include_str!("../../python/main.py"),
);

/// Names the Python to measure with, if it is another than `python3`.
pub(crate) const OTHER: &str = "BENCH_PYTHON";

/// Why faster-fifo is not measured.
const NO_FASTER_FIFO: &str = "faster-fifo is left out: this Python does not have it (python3 -m venv \
     jobs && jobs/bin/pip install faster-fifo, and BENCH_PYTHON=jobs/bin/python).";

/// A Python that can do the work.
#[derive(Debug, Clone)]
pub struct Python {
    executable: PathBuf,
    /// Such as `3.13.0`.
    pub version: String,
    /// Has it the package faster-fifo?
    pub faster_fifo: bool,
}

impl Python {
    /// The one that `BENCH_PYTHON` names, or the `python3` that a shell would find.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong with it.
    pub fn find() -> Outcome<Python> {
        let ask = "import sys, platform, importlib.util, multiprocessing.synchronize as _;\
                   has = importlib.util.find_spec('faster_fifo') is not None;\
                   print(sys.executable, platform.python_version(), has, sep='\\n')";
        let python = env::var_os(OTHER).unwrap_or("python3".into());
        let asked = Command::new(&python).args(["-I", "-c", ask]).stdin(Stdio::null()).output();
        let asked = asked.map_err(|e| {
            format!("CPython is left out: cannot run {}: {e}.", python.to_string_lossy())
        })?;
        let answer =
            text_of(asked).map_err(|e| format!("CPython is left out: {}", e.to_string().trim()))?;
        match answer.trim().split('\n').collect::<Vec<_>>()[..] {
            [executable, version, has] => Ok(Python {
                executable: executable.into(),
                version: version.into(),
                faster_fifo: has == "True",
            }),
            _ => Err("CPython is left out: it does not say which one it is.".into()),
        }
    }

    /// What this one cannot be measured with, and why.
    pub fn absent(&self) -> Option<Absent> {
        let why = NO_FASTER_FIFO.to_owned();
        (!self.faster_fifo).then_some(Absent { peer: Peer::FasterFifo, why })
    }

    /// One repetition of the script's `work`.
    pub(crate) fn run(&self, peer: Peer, work: &[String], operations: u64) -> Outcome<Sample> {
        let mut python = Command::new(&self.executable);
        // Without the user's packages and environment, which could slow it down.
        python.arg("-I").args((peer == Peer::CPython).then_some("-S"));
        python.args(["-c", SCRIPT, &LIMIT.to_string(), &operations.to_string()]);
        let output = python.args(work).stdin(Stdio::null()).output()?;
        Ok(serde_json::from_str(&text_of(output)?)?)
    }
}

fn text_of(output: Output) -> Outcome<String> {
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("python3 ended with {}. {}", output.status, said.trim()).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
