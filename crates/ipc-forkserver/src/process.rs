//! [`ServerProcess`]: describing a process that a fork server starts.

use std::fmt;
use std::mem;
use std::process::ExitCode;
use std::ptr;
use std::sync::Arc;

use ipc_codec::{Message, decode, encode};
use ipc_error::Result;
use ipc_memory::{Parcel, epoch, give_while, take_while};
use ipc_process::internal::{Identity, ends_with_parent, next_identity};
use ipc_process::{Child, Outcome};

use crate::entry::Entry;
use crate::request::Request;
use crate::server::{ForkServer, Started};

impl ForkServer {
    /// Describes a process that calls `function` with `arguments`; nothing happens yet. Python's
    /// `Process(target=function, args=arguments)`.
    ///
    /// What captures is not compiled: nothing of this process's memory is in the new one.
    ///
    /// ```compile_fail,E0308
    /// # let server = ipc_common::ForkServer::new().unwrap();
    /// let name = String::from("jon");
    /// server.process(|()| println!("{name}"), ()); // send it: server.process(|name: String| …, name)
    /// ```
    pub fn process<A: Message, T: Outcome>(
        &self,
        function: fn(A) -> T,
        arguments: A,
    ) -> ServerProcess<'_, A, T> {
        ServerProcess { server: self, identity: next_identity(), function, arguments }
    }
}

/// A process that has not been started, and that a [`ForkServer`] will start; as
/// [`Process`](ipc_process::Process), but from any thread.
#[must_use = "a process does nothing until it is started"]
pub struct ServerProcess<'a, A, T> {
    server: &'a ForkServer,
    identity: Identity,
    function: fn(A) -> T,
    arguments: A,
}

impl<A: Message, T: Outcome> ServerProcess<'_, A, T> {
    /// Names it; Python's `name=…`.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.identity.name = name.into();
        self
    }

    /// Makes it a daemon; Python's `daemon=True`. See [`Process::daemon`](ipc_process::Process::daemon).
    /// It ends with the program, not with the thread that starts it.
    pub fn daemon(mut self, daemon: bool) -> Self {
        self.identity.daemon = daemon;
        self
    }

    /// Starts it: sends the function and its arguments to the server, which copies itself; Python's
    /// `start()`. Blocks until there is a process.
    ///
    /// The process is a child of this one, as any other: [`Child`] tells the rest.
    ///
    /// # Errors
    ///
    /// Nothing is left behind by any of them.
    ///
    /// - [`Error::Encode`](ipc_error::Error::Encode) if the arguments cannot be serialised.
    /// - [`Error::Invalid`](ipc_error::Error::Invalid) if they contain more than 250 descriptors.
    /// - [`Error::ForkServer`](ipc_error::Error::ForkServer) if the server cannot start it, because of a
    ///   limit, because the function is in a library that was loaded after the server was made, or
    ///   because the server was killed and cannot be replaced in a program with threads.
    /// - [`Error::NotAChild`](ipc_error::Error::NotAChild) in a process that was forked from the one that
    ///   has made the server: it can make one of its own.
    /// - [`Error::ChildrenIgnored`](ipc_error::Error::ChildrenIgnored) and
    ///   [`Error::System`](ipc_error::Error::System) as for [`Process::start`](ipc_process::Process::start).
    pub fn start(self) -> Result<Child> {
        let ServerProcess { server, mut identity, function, arguments } = self;
        let entry: Entry = call::<A, T>;
        let addresses = [entry as *const (), function as *const ()];
        let addresses = addresses.map(|address| address.expose_provenance() as u64);
        loop {
            server.be_there(&identity.name)?;
            let (epoch, mut bytes) = (epoch(), Vec::new());
            // The user's code runs meanwhile, and may itself start processes: so nothing is locked.
            let (encoded, parcels) = give_while(|| encode(&arguments, &mut bytes));
            encoded?;
            let request = Request::new(&identity, ends_with_parent(), addresses, bytes)?;
            match server.start(identity, request, &parcels, epoch)? {
                Started::Child(child) => return Ok(child),
                Started::NotYet(again) => identity = again,
            }
        }
    }
}

/// # Safety
///
/// See [`Entry`].
unsafe fn call<A: Message, T: Outcome>(
    function: usize,
    arguments: &[u8],
    parcels: Vec<Parcel>,
) -> ExitCode {
    let function = ptr::with_exposed_provenance::<()>(function);
    // SAFETY: the caller vouches for the type.
    let function = unsafe { mem::transmute::<*const (), fn(A) -> T>(function) };
    // SAFETY: the caller vouches for the parcels.
    match unsafe { take_while(parcels, || decode(arguments)) } {
        Ok(arguments) => function(arguments).report(),
        Err(error) => Err::<(), _>(error).report(),
    }
}

impl<A, T> fmt::Debug for ServerProcess<'_, A, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Identity { name, daemon, .. } = &self.identity;
        let mut process = f.debug_struct("ServerProcess");
        process.field("name", name).field("daemon", daemon).finish_non_exhaustive()
    }
}
