//! [`Python`]: CPython's side, a script beside this crate.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::outcome::Outcome;
use crate::results::sample::Sample;
use crate::runner::isolated::LIMIT;

const SCRIPT: &str = include_str!("../../python/peer.py");

/// A Python that can do the work.
#[derive(Debug, Clone)]
pub struct Python {
    executable: PathBuf,
    /// Such as `3.13.0`.
    pub version: String,
}

impl Python {
    /// The `python3` that a shell would find.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong with it.
    pub fn find() -> Outcome<Python> {
        let ask = "import sys, platform, multiprocessing.synchronize as _;\
                   print(sys.executable, platform.python_version(), sep='\\n')";
        let asked = Command::new("python3").args(["-c", ask]).stdin(Stdio::null()).output();
        let asked = asked.map_err(|e| format!("CPython is left out: cannot run python3: {e}."))?;
        let answer =
            text_of(asked).map_err(|e| format!("CPython is left out: {}", e.to_string().trim()))?;
        match answer.trim().split_once('\n') {
            Some((executable, version)) => {
                Ok(Python { executable: executable.into(), version: version.into() })
            }
            None => Err("CPython is left out: python3 does not say what it is.".into()),
        }
    }

    /// One repetition of the script's `work`.
    pub(crate) fn run(&self, work: &[String], operations: u64) -> Outcome<Sample> {
        let mut python = Command::new(&self.executable);
        // Without the user's packages and environment, which could slow it down.
        python.args(["-I", "-S", "-c", SCRIPT, &LIMIT.to_string(), &operations.to_string()]);
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
