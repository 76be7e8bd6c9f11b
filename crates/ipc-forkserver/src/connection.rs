//! [`Connection`]: a server, how it is made and asked.

use std::os::fd::{AsFd, OwnedFd};
use std::process;

use ipc_error::{Error, Result};
use ipc_memory::{Parcel, be_passable};
use ipc_process::internal::{Identity, count_threads, keep_child};
use ipc_process::{Child, Process};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::gettid;

use crate::packet::{pair, recv, send};
use crate::request::{KILLED, Request};
use crate::serve::{GO, WHO, serve};

/// A server and the socket to it.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) server: Child,
    socket: OwnedFd,
}

impl Connection {
    pub(crate) fn new() -> Result<Self> {
        if gettid().as_raw().cast_unsigned() != process::id() {
            return Err(Error::Invalid(
                "cannot make a fork server on a thread, with which it would end: make it first thing \
                 in main",
            ));
        }
        let failed = |e| Error::system("make a fork server", "close some files (ulimit -n)", e);
        let (socket, servers) = pair().map_err(failed)?;
        let parent = process::id();
        let mut servers = Some(servers);
        let server = Process::new(|| match servers.take() {
            Some(servers) => serve(parent, servers),
            None => process::ExitCode::FAILURE,
        });
        let server = server.name("ForkServer").daemon(true).start_without(&[&socket])?;
        drop(servers);
        match recv(&socket).map_err(failed)? {
            Some((answer, _)) if answer == [0] => {}
            answer => {
                server.join()?;
                let why = answer.map_or("it has ended".into(), |(why, _)| text(&why));
                return Err(Error::ForkServer { name: "it".into(), why });
            }
        }
        be_passable();
        raise_limit_of_files();
        Ok(Connection { server, socket })
    }

    /// Puts a new server in the place of one that was killed.
    pub(crate) fn replace(&mut self, name: &str) -> Result<()> {
        let threads = count_threads()
            .map_err(|e| Error::system("count the threads in /proc/self/task", "mount /proc", e))?;
        if threads == 1 {
            *self = Connection::new()?;
            return Ok(());
        }
        let code = self.server.join()?;
        let why = format!(
            "the server has ended with exit code {code}, and a process with {threads} threads cannot \
             make another"
        );
        Err(Error::ForkServer { name: name.into(), why })
    }

    pub(crate) fn start(
        &self,
        identity: Identity,
        request: &mut Request,
        parcels: &[Parcel],
    ) -> Result<Child> {
        let name = identity.name.clone();
        let failed = |e| Error::system(format!("start {name}"), "close some files (ulimit -n)", e);
        let refused = |why| Error::ForkServer { name: name.to_string(), why };
        let (line, childs_end) = pair().map_err(failed)?;
        request.send(&self.socket, parcels, childs_end.as_fd())?;
        drop(childs_end);
        // From the server, or if that is killed after it has copied itself, from the copy.
        let answer = match recv(&self.socket).map_err(failed)? {
            None => {
                let _ = send(&line, &[WHO], &[]); // fails if there is no copy
                recv(&line).map_err(failed)?
            }
            answer => answer,
        };
        let Some((answer, files)) = answer else {
            return Err(refused(KILLED.into()));
        };
        let (Some(pidfd), Ok(pid)) = (files.into_iter().next(), answer.as_slice().try_into())
        else {
            return Err(refused(text(&answer)));
        };
        let child = keep_child(identity, u32::from_ne_bytes(pid), pidfd);
        let _ = send(&line, &[GO], &[]); // fails if the child was killed, which it tells itself
        Ok(child)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// From now on locks and queues have descriptors.
fn raise_limit_of_files() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}
