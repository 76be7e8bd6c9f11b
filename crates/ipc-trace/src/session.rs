//! The session: from the first use of the library in the main process to that process's end.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Once, OnceLock};
use std::{env, path, process};

use crate::chrome;
use crate::os::{forget_ids, map_log, register};
use crate::recorder::{begin_process, end_process, is_on, log, switch_on};

/// The environment variable with the name of the file.
const VARIABLE: &str = "IPC_TRACE";

/// Who writes the file, and where.
struct Session {
    file: PathBuf,
    pid: u32,
}

static SESSION: OnceLock<Session> = OnceLock::new();

/// Begins a session if `IPC_TRACE` says so. To be called before the first fork, and before an exit
/// handler is registered whose work is to be in the file. All but the first call do nothing.
pub fn begin_session() {
    static ASKED: Once = Once::new();
    ASKED.call_once(|| {
        let file = env::var_os(VARIABLE).filter(|file| !file.is_empty());
        if let Some(Err(e)) = file.map(|file| try_to_begin(&file)) {
            say(&format!("cannot trace: {e}; there will be no trace"));
        }
    });
}

fn try_to_begin(file: &OsStr) -> io::Result<()> {
    let (file, pid) = (path::absolute(file)?, process::id());
    let log = map_log()?;
    if SESSION.set(Session { file, pid }).is_err() || !register(write_at_end) {
        return Err(io::ErrorKind::OutOfMemory.into());
    }
    switch_on(log);
    begin_process("MainProcess", 0);
    Ok(())
}

/// This process is a copy that the kernel has made without `fork`, so that no fork handler has run.
pub fn copied() {
    if is_on() {
        forget_ids();
    }
}

/// In the main process writes the file; in all others notes that they end.
extern "C" fn write_at_end() {
    let Some(Session { file, pid }) = SESSION.get() else { return };
    end_process();
    if process::id() != *pid {
        return;
    }
    if let Err(e) = write(file) {
        let file = file.display();
        say(&format!("cannot write the trace to {file}: {e}; name another file in {VARIABLE}"));
    }
}

fn write(file: &Path) -> io::Result<()> {
    let Some(log) = log() else { return Ok(()) };
    let events: Vec<_> = log.events().collect();
    let mut out = BufWriter::new(File::create(file)?);
    chrome::write(&mut out, events, log.dropped(), log.torn())?;
    out.flush()
}

fn say(sentence: &str) {
    let _ = writeln!(io::stderr(), "{sentence}");
}
