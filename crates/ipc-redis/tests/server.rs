//! A server of the test's own.

use std::env;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use ipc_redis::Queue;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use tempfile::TempDir;
use testing::processes::until;

/// Where another server is to be tested, its path is in this variable.
const OTHER: &str = "IPC_REDIS_SERVER";

pub(crate) fn is_installed() -> bool {
    let paths = env::var_os("PATH").unwrap_or_default();
    env::var_os(OTHER).is_some()
        || env::split_paths(&paths).any(|path| path.join("redis-server").exists())
}

pub(crate) struct Server {
    folder: TempDir,
    options: Vec<String>,
    process: Child,
}

impl Server {
    pub(crate) fn start(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options: Vec<String> = options.iter().map(|&option| option.into()).collect();
        let process = run(&folder, &options);
        let server = Server { folder, options, process };
        server.wait_until_ready();
        server
    }

    pub(crate) fn wait_until_ready(&self) {
        // A server that asks for a password is there when it asks.
        until("the server", || match Queue::<()>::connect(&self.url(), "ready") {
            Ok(_) => true,
            Err(e) => e.to_string().contains("password") || e.to_string().contains("eviction"),
        });
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    /// With `kill -9`, and starts another on the same data.
    pub(crate) fn kill_and_start(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.process = run(&self.folder, &self.options);
    }

    /// What `redis-cli` prints.
    pub(crate) fn cli(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("redis-cli");
        let output = command.arg("-s").arg(self.socket()).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn run(folder: &TempDir, options: &[String]) -> Child {
    let path = env::var_os(OTHER).unwrap_or("redis-server".into());
    let mut command = Command::new(path);
    command.args(["--port", "0", "--unixsocket", "redis.sock", "--save", ""]).args(options);
    command.current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
    // SAFETY: between fork and exec it makes one system call.
    unsafe { command.pre_exec(|| Ok(set_pdeathsig(Signal::SIGKILL)?)) };
    command.spawn().unwrap()
}
