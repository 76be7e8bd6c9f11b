//! [`isolated`]: a repetition in a process of its own.

use std::io::{self, BufRead, BufReader, Write};
use std::result;

use ipc_common::Process;
use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
use nix::unistd::alarm;

use crate::outcome::Outcome;
use crate::results::sample::Sample;

/// A repetition that takes longer (seconds) is ended by SIGALRM, and with it all that it started.
pub(crate) const LIMIT: u32 = 60;

/// Runs `work` in a process of its own, so that its memory is its own, what it leaves behind is gone
/// before the next one, and one that hangs is ended.
pub(crate) fn isolated(work: impl FnOnce() -> Outcome<Sample>) -> Outcome<Sample> {
    let (reader, writer) = io::pipe()?;
    let run = || -> Outcome<()> {
        alarm::set(LIMIT);
        let sample = prepare().and_then(|()| work()).and_then(with_peak_memory);
        let mut line = serde_json::to_string(&sample.map_err(|e| e.to_string()))?;
        line.push('\n');
        Ok((&writer).write_all(line.as_bytes())?)
    };
    let child = Process::new(run).daemon(true).start()?;
    drop(writer);
    let mut line = String::new();
    BufReader::new(reader).read_line(&mut line)?;
    let code = child.join()?;
    if line.is_empty() {
        return Err(match -code {
            nix::libc::SIGALRM => format!("it did not end within {LIMIT} s"),
            _ => format!("it ended without a result, with exit code {code}"),
        }
        .into());
    }
    let sample: result::Result<Sample, String> = serde_json::from_str(&line)?;
    Ok(sample?)
}

/// A thousand processes take more descriptors than are usually allowed at first.
fn prepare() -> Outcome<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?)
}

fn with_peak_memory(sample: Sample) -> Outcome<Sample> {
    let this = getrusage(UsageWho::RUSAGE_SELF)?.max_rss();
    let children = getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss();
    let kib = this.max(children).cast_unsigned();
    Ok(Sample { peak_memory: kib * 1024, ..sample })
}
