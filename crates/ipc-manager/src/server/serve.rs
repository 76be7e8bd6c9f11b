//! [`serve`]: what the server's process does.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::getsockopt;
use nix::sys::socket::sockopt::AcceptConn;

use crate::memory::{refusal_or, reserve, set_number_of_clients, with_headroom};
use crate::protocol::{Reply, Request};
use crate::server::objects::Objects;
use crate::server::set_up::part_from_parent;
use ipc_codec::{decode, encode};
use ipc_error::{Error, Result};
use ipc_queue::Connection;
use ipc_queue::internal::{above_stdio, wait_until};
use ipc_sync::internal::Deadline;

/// How often to look for a request before going to sleep, which costs much more.
const LOOKS: u32 = 50;

/// Larger buffers are not kept for the next request.
const KEEP: usize = 4 << 20;

type Client = Connection<Reply, Request>;

struct Server<'a> {
    /// New clients are handed in through this.
    control: &'a Connection<()>,
    clients: Vec<Client>,
    objects: Objects,
    /// A descriptor that is kept for what needs one for a moment.
    spare: Option<OwnedFd>,
    request: Vec<u8>,
    reply: Vec<u8>,
}

/// Serves until no process is left that can connect.
///
/// No client can keep it from serving the others: a request that makes no sense, needs too much
/// memory, or whose reply is not taken in ends its connection. The client is told why.
pub(crate) fn serve(control: &Connection<()>) -> Result<()> {
    part_from_parent(control.as_fd().as_raw_fd())?;
    let mut server = Server {
        control,
        clients: Vec::new(),
        objects: Objects::default(),
        spare: None,
        request: Vec::new(),
        reply: Vec::new(),
    };
    loop {
        for ready in server.wait()?.into_iter().rev() {
            server.keep_spare();
            match ready.checked_sub(1) {
                Some(client) => server.deal_with(client),
                None if server.has_hung_up() => return Ok(()),
                None => server.accept(),
            }
        }
    }
}

impl Server<'_> {
    /// Waits until something comes: from the control socket, 0, or client n, n + 1.
    fn wait(&self) -> Result<Vec<usize>> {
        let mut sources: Vec<&dyn AsFd> = vec![self.control];
        sources.extend(self.clients.iter().map(|client| client as &dyn AsFd));
        for _ in 0..LOOKS {
            let ready = wait_until(&sources, Deadline::NOW)?;
            if !ready.is_empty() {
                return Ok(ready);
            }
        }
        wait_until(&sources, Deadline::NEVER)
    }

    fn keep_spare(&mut self) {
        let control = self.control.as_fd();
        self.spare = self.spare.take().or_else(|| control.try_clone_to_owned().ok());
    }

    /// Whether the control socket's other end is closed everywhere.
    fn has_hung_up(&self) -> bool {
        let mut control = [PollFd::new(self.control.as_fd(), PollFlags::empty())];
        poll(&mut control, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
    }

    /// Takes in a new client.
    fn accept(&mut self) {
        drop(self.spare.take()); // in its place the client can come in
        let packet = self.control.recv_packet(&mut [0; 16]);
        let client = packet.ok().and_then(|(_, socket)| client_on(socket?));
        self.keep_spare();
        let Some(client) = client else { return };
        let room = match self.spare {
            Some(_) => {
                set_number_of_clients(self.clients.len() + 1);
                reserve(&mut self.clients, 1)
            }
            None => Err(Error::Refused {
                why: "it has no descriptors left; raise the hard limit (ulimit -Hn)".into(),
            }),
        };
        match room {
            Ok(()) => self.clients.push(client),
            Err(why) => refuse(client, why),
        }
    }

    fn deal_with(&mut self, client: usize) {
        if let Err(why) = self.answer(client) {
            refuse(self.clients.swap_remove(client), why);
            set_number_of_clients(self.clients.len());
        }
        for buffer in [&mut self.request, &mut self.reply] {
            if buffer.capacity() > KEEP {
                *buffer = Vec::new();
            }
        }
    }

    /// Receives a request, and replies to it before it does what was asked for: see [`Objects`].
    fn answer(&mut self, client: usize) -> Result<()> {
        let Server { clients, objects, request: received, reply: encoded, .. } = self;
        let client = &clients[client];
        with_headroom(|| client.recv_encoded(received)).map_err(refusal_or)?;
        let request: Request = decode(received).map_err(refusal_or)?;
        let reply = objects.prepare(&request)?;
        let is_in_range = !matches!(reply, Reply::OutOfRange { .. });
        encoded.clear();
        reserve(encoded, reply.encoded_size())?;
        encode(&reply, encoded)?;
        let sent = client.send_encoded(encoded).or_else(|_| {
            self.spare = None; // a large reply needs a descriptor for a moment
            client.send_encoded(encoded)
        });
        match sent {
            // A client that has ended since has asked for it all the same.
            Ok(()) | Err(Error::Hangup) if is_in_range => objects.commit(request),
            _ => {}
        }
        sent
    }
}

fn client_on(socket: OwnedFd) -> Option<Client> {
    let socket = above_stdio(socket).ok()?;
    getsockopt(&socket, AcceptConn).ok()?; // a socket at all
    fcntl(&socket, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).ok()?;
    Some(Connection::of(socket))
}

fn refuse(client: Client, why: Error) {
    let why = match why {
        Error::Refused { why } => why,
        why => why.to_string(),
    };
    let _ = client.send(&Reply::Refused(why)); // fails if the client has ended
}
