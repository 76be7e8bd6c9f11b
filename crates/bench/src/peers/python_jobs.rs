//! RQ and Celery, whose side is a script beside this crate.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use crate::outcome::Outcome;
use crate::peers::redis_server::Server;
use crate::results::sample::Sample;
use crate::runner::clock::now;
use crate::runner::cpython::OTHER;

const SCRIPT: &str = include_str!("../../python/redis_jobs.py");

static PYTHON: LazyLock<Option<OsString>> = LazyLock::new(|| {
    let python = env::var_os(OTHER).unwrap_or("python3".into());
    let ask = "from importlib.util import find_spec as has; \
               exit(not (has('rq') and has('celery') and has('redis')))";
    let mut command = Command::new(&python);
    let asked = command.args(["-c", ask]).stdin(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success()).then_some(python)
});

/// Why they are left out, if they are.
pub(crate) fn why_absent() -> Option<String> {
    PYTHON.is_none().then(|| {
        format!(
            "RQ and Celery are left out: python3 does not have them (python3 -m venv jobs && \
             jobs/bin/pip install rq celery redis, and {OTHER}=jobs/bin/python)."
        )
    })
}

/// Has `tasks` done by one worker of the framework: `rq`, `rq-simple` or `celery`.
pub(crate) fn run(framework: &str, tasks: u64) -> Outcome<Sample> {
    let python = PYTHON.as_ref().ok_or("there is no Python with RQ and Celery")?;
    let server = Server::start()?;
    // Celery imports its tasks by the name of their file.
    fs::write(server.folder().join("redis_jobs.py"), SCRIPT)?;
    let begin = now()?;
    let mut command = Command::new(python);
    command.args(["redis_jobs.py", framework, &tasks.to_string()]);
    command.current_dir(server.folder()).env("BENCH_SOCKET", server.socket());
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        let (said, took) = (String::from_utf8_lossy(&output.stderr), (now()? - begin) / 1_000_000);
        let status = output.status;
        return Err(format!("{framework} ended after {took} ms with {status}. {said}").into());
    }
    let sample = serde_json::from_slice(&output.stdout)?;
    server.end()?;
    Ok(sample)
}
