//! The server's process: it takes requests and copies itself.

use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;
use std::{io, mem, ptr};

use ipc_memory::Parcel;
use ipc_process::internal::{Identity, run_copied_child};
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use rustix::process::{PidfdFlags, getpid, pidfd_open};

use crate::copy::{Copier, Copy};
use crate::entry::Entry;
use crate::packet::{recv, send};
use crate::request::Request;

/// Serves until the other end of the socket is closed. The first answer says that all is well.
pub(crate) fn serve(parent: u32, socket: OwnedFd) -> ExitCode {
    let copier = match Copier::new() {
        Ok(copier) => copier,
        Err(e) => {
            let _ = answer_error(&socket, &format!("the kernel does not tell what it needs: {e}"));
            return ExitCode::FAILURE;
        }
    };
    // Ctrl-C is for the program, which may handle it; the children are as the program was.
    let mut mask = SigSet::all();
    mask.remove(Signal::SIGTERM);
    let Ok(before) = mask.thread_swap_mask(SigmaskHow::SIG_SETMASK) else {
        return ExitCode::FAILURE;
    };
    let mut server = Server { parent, socket: Some(socket), copier, before };
    if server.answer(&[0], &[]).is_err() {
        return ExitCode::FAILURE;
    }
    while server.serve_one().is_ok_and(|goes_on| goes_on) {}
    ExitCode::SUCCESS
}

struct Server {
    parent: u32,
    /// `None` in a copy.
    socket: Option<OwnedFd>,
    copier: Copier,
    /// The signals that the program had blocked.
    before: SigSet,
}

impl Server {
    /// `false` if there are no more requests.
    fn serve_one(&mut self) -> io::Result<bool> {
        let Some(socket) = &self.socket else { return Ok(false) };
        let (request, parcels, line) = match Request::recv(socket) {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(false),
            Err(e) => return answer_error(socket, &e.to_string()).map(|()| true),
        };
        if !request.finds_its_functions() {
            let why = "its function is in a library that was loaded after the server was made";
            return answer_error(socket, why).map(|()| true);
        }
        // SAFETY: the server has no threads, and this is the one that has made the copier.
        match unsafe { self.copier.copy() } {
            Ok(Copy::Child) => self.become_child(request, parcels, line),
            Ok(Copy::Original(pid, pidfd)) => self.answer(&pid.to_ne_bytes(), &[&pidfd])?,
            Err(e) => answer_error(socket, &e.to_string())?,
        }
        Ok(true)
    }

    fn answer(&self, bytes: &[u8], files: &[&OwnedFd]) -> io::Result<()> {
        let files: Vec<_> = files.iter().map(|file| file.as_fd()).collect();
        self.socket.as_ref().map_or(Ok(()), |socket| send(socket, bytes, &files))
    }

    fn become_child(&mut self, request: Request, parcels: Vec<Parcel>, line: OwnedFd) -> ! {
        ipc_sync::internal::copied();
        ipc_trace::internal::copied();
        self.socket = None;
        let Request { name, lineage, daemon, entry, function, arguments, .. } = request;
        let identity = Identity { name: name.into(), lineage, daemon };
        let ready = || {
            wait_for_go(&line)?;
            Ok(self.before.thread_set_mask()?)
        };
        let mut parcels = Some(parcels);
        let mut run = || {
            // SAFETY: the address is that of an entry, in the same image at the same place.
            let entry = unsafe {
                let entry = ptr::with_exposed_provenance::<()>(entry as usize);
                mem::transmute::<*const (), Entry>(entry)
            };
            let parcels = parcels.take().unwrap_or_default();
            // SAFETY: the parcels are those of the request, which comes from the process that this
            // is a fork of; nothing that was inherited has been unmapped, as no code of the program's
            // has run in the server or here. The function and the arguments belong to the entry.
            unsafe { entry(function as usize, &arguments, parcels) }
        };
        run_copied_child(self.parent, identity, request.ends_with_parent, ready, &mut run)
    }
}

/// What the parent says to its new child: that it has a handle to it, which may run now.
pub(crate) const GO: u8 = 0;
/// Or, if the server was killed before it could tell, that it wants to know which process this is.
pub(crate) const WHO: u8 = 1;

fn wait_for_go(line: &OwnedFd) -> io::Result<()> {
    loop {
        match recv(line)? {
            Some((said, _)) if said == [WHO] => {
                let pid = getpid();
                let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
                send(line, &pid.as_raw_pid().to_ne_bytes(), &[pidfd.as_fd()])?;
            }
            Some(_) => return Ok(()),
            None => return Err(io::Error::other("its parent has gone")),
        }
    }
}

fn answer_error(socket: &OwnedFd, why: &str) -> io::Result<()> {
    send(socket, why.as_bytes(), &[])
}
