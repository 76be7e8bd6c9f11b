//! [`Server`]: a Redis server of a repetition's own.

use std::env;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ipc_common::{Child, Process};
use tempfile::TempDir;

use crate::outcome::Outcome;

const PROGRAM: &str = "redis-server";

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(10);

/// On a Unix socket in a folder of its own. It ends with the process that started it.
pub(crate) struct Server {
    folder: TempDir,
    process: Child,
}

impl Server {
    pub(crate) fn is_installed() -> bool {
        let paths = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&paths).any(|path| path.join(PROGRAM).exists())
    }

    pub(crate) fn start() -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let mut command = Command::new(PROGRAM);
        command.args(["--port", "0", "--save", "", "--unixsocket", "redis.sock"]);
        command.current_dir(&folder).stdout(Stdio::null());
        let run = move || -> Outcome<()> { Err(command.exec().into()) };
        let process = Process::new(run).daemon(true).start()?;
        let server = Server { folder, process };
        let begin = Instant::now();
        loop {
            match server.connect() {
                Err(e) if begin.elapsed() > PATIENCE => return Err(e),
                Err(_) => thread::sleep(Duration::from_millis(1)),
                Ok(_) => return Ok(server),
            }
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder().join("redis.sock")
    }

    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    pub(crate) fn connect(&self) -> Outcome<redis::Connection> {
        Ok(redis::Client::open(self.url())?.get_connection()?)
    }

    /// Its processor time is known when it is gone.
    pub(crate) fn end(self) -> Outcome<()> {
        self.process.kill()?;
        self.process.join()?;
        Ok(())
    }
}
