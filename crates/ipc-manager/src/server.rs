//! The manager's server process: it holds the objects, and does what it is asked to.

use std::fs;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

use indexmap::IndexMap;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::SigSet;
use nix::sys::socket::getsockopt;
use nix::sys::socket::sockopt::AcceptConn;
use nix::unistd::close;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use ipc_error::{Error, Result};
use ipc_process::internal::above_stdio;
use ipc_process::{Connection, internal::wait_until};
use ipc_sync::internal::Deadline;

/// To make an object, or to do something with the object of a number.
#[derive(Serialize, Deserialize)]
pub(crate) enum Request {
    NewDict,
    NewList,
    Do(usize, Operation),
}

#[derive(Serialize, Deserialize)]
pub enum Operation {
    Len,
    Clear,
    /// Of a dict, key and value by turns.
    All,
    Get(ByteBuf),
    Set(ByteBuf, ByteBuf),
    Delete(ByteBuf),
    GetAt(usize),
    SetAt(usize, ByteBuf),
    InsertAt(usize, ByteBuf),
    DeleteAt(usize),
    Extend(Vec<ByteBuf>),
    Pop,
    Reverse,
}

#[derive(Serialize, Deserialize)]
pub enum Reply {
    /// A length, or the number of a new object.
    Number(usize),
    /// What was asked for, or what was there before.
    Items(Vec<ByteBuf>),
    /// The list has no such place.
    OutOfRange { index: usize, len: usize },
    /// It cannot be done, and the line ends; this says why.
    Refused(String),
}

impl Reply {
    pub fn number(&self) -> usize {
        match self {
            Reply::Number(number) => *number,
            _ => unreachable!("the server replies with a number where one is asked for"),
        }
    }

    pub fn items(self) -> Vec<ByteBuf> {
        match self {
            Reply::Items(items) => items,
            _ => unreachable!("the server replies with items where such are asked for"),
        }
    }
}

/// A process's line to the server: one request at a time, and its reply.
pub(crate) type Line = Connection<Request, Reply>;

/// How often to look for a request before going to sleep, which costs much more.
const LOOKS: u32 = 50;

/// The server's life. Through the door come sockets, each the server's end of a new line.
///
/// Nobody can keep it from serving the others: what makes no sense ends the line it came on, and so
/// does a reply that nobody takes. Who is still there is told why.
pub(crate) fn serve(door: &Connection<()>) -> Result<()> {
    // No handler of the parent's may write into what is not its file any more.
    SigSet::all().thread_block().map_err(|e| Error::system("start a manager", "", e))?;
    let_go_of_files(door.as_fd().as_raw_fd())?;
    let (mut lines, mut objects) = (Vec::<Connection<Reply, Request>>::new(), Vec::new());
    let mut spare = spare_for(door);
    loop {
        let mut sources: Vec<&dyn AsFd> = vec![door];
        sources.extend(lines.iter().map(|line| line as &dyn AsFd));
        let is_none = |ready: &Result<Vec<usize>>| matches!(ready, Ok(ready) if ready.is_empty());
        let mut looks = (0..LOOKS).map(|_| wait_until(&sources, Deadline::NOW));
        let ready = looks.find(|ready| !is_none(ready));
        let ready = ready.unwrap_or_else(|| wait_until(&sources, Deadline::NEVER))?;
        for ready in ready.into_iter().rev() {
            spare = spare.or_else(|| spare_for(door));
            let Some(line) = ready.checked_sub(1) else {
                drop(spare.take()); // in its place a new line can come in
                let newcomer = match door.recv_packet(&mut [0; 16]) {
                    Ok((0, _)) if has_hung_up(door) => return Ok(()), // nobody is left who could come
                    packet => packet.ok().and_then(|(_, socket)| line_through(socket?)),
                };
                spare = spare_for(door);
                match newcomer {
                    Some(line) if spare.is_none() => {
                        refuse(
                            line,
                            "it has no descriptors left; raise the hard limit (ulimit -Hn)",
                        );
                    }
                    newcomer => lines.extend(newcomer),
                }
                continue;
            };
            let request = lines[line].recv();
            let reply = request.and_then(|request| answer(&mut objects, request));
            let sent = reply.and_then(|reply| {
                lines[line].send(&reply).or_else(|_| {
                    spare = None; // a large reply needs a descriptor for a moment
                    lines[line].send(&reply)
                })
            });
            if let Err(why) = sent {
                refuse(lines.swap_remove(line), &why.to_string());
            }
        }
    }
}

/// This process has copies of all that its parent had open, and would hold open what the parent
/// closes. It also needs a descriptor for each process that it serves.
fn let_go_of_files(door: RawFd) -> Result<()> {
    let failed = |e| Error::system("start a manager: close what its parent has open", "", e);
    let open = fs::read_dir("/proc/self/fd").map_err(failed)?;
    let open = open.filter_map(|file| file.ok()?.file_name().to_str()?.parse::<RawFd>().ok());
    for file in open.collect::<Vec<_>>() {
        // Nothing in this process uses those any more: it runs this module and ends without
        // destructors. One of them was the list itself, which is closed already.
        if file > 2 && file != door {
            let _ = close(file);
        }
    }
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).map_err(|e| failed(e.into()))?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most).map_err(|e| failed(e.into()))
}

/// A descriptor that is kept for what needs one for a moment.
fn spare_for(door: &Connection<()>) -> Option<OwnedFd> {
    door.as_fd().try_clone_to_owned().ok()
}

/// Whether the other end is closed everywhere. (To receive nothing may mean an empty packet.)
fn has_hung_up(door: &Connection<()>) -> bool {
    let mut door = [PollFd::new(door.as_fd(), PollFlags::empty())];
    poll(&mut door, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}

fn line_through(socket: OwnedFd) -> Option<Connection<Reply, Request>> {
    let socket = above_stdio(socket).ok()?;
    getsockopt(&socket, AcceptConn).ok()?; // a socket at all
    fcntl(&socket, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).ok()?;
    Some(Connection::of(socket))
}

fn refuse(line: Connection<Reply, Request>, why: &str) {
    let _ = line.send(&Reply::Refused(why.into())); // fails if nobody is there any more
}

enum Object {
    /// In the order in which keys were first put in, as Python's.
    Dict(IndexMap<ByteBuf, ByteBuf>),
    List(Vec<ByteBuf>),
}

fn answer(objects: &mut Vec<Object>, request: Request) -> Result<Reply> {
    let nonsense = Error::Invalid("cannot do that with that object");
    let object = match request {
        Request::NewDict => Object::Dict(IndexMap::new()),
        Request::NewList => Object::List(Vec::new()),
        Request::Do(number, operation) => {
            return match objects.get_mut(number) {
                Some(Object::Dict(dict)) => do_with_dict(dict, operation),
                Some(Object::List(list)) => do_with_list(list, operation),
                None => None,
            }
            .ok_or(nonsense);
        }
    };
    objects.push(object);
    Ok(Reply::Number(objects.len() - 1))
}

fn do_with_dict(dict: &mut IndexMap<ByteBuf, ByteBuf>, operation: Operation) -> Option<Reply> {
    let item = match operation {
        Operation::Len => return Some(Reply::Number(dict.len())),
        Operation::All => {
            let pairs = dict.iter().flat_map(|(key, value)| [key.clone(), value.clone()]);
            return Some(Reply::Items(pairs.collect()));
        }
        Operation::Clear => {
            dict.clear();
            None
        }
        Operation::Get(key) => dict.get(&key).cloned(),
        Operation::Set(key, value) => dict.insert(key, value),
        Operation::Delete(key) => dict.shift_remove(&key),
        _ => return None,
    };
    Some(Reply::Items(item.into_iter().collect()))
}

fn do_with_list(list: &mut Vec<ByteBuf>, operation: Operation) -> Option<Reply> {
    let len = list.len();
    let item = match operation {
        Operation::Len => return Some(Reply::Number(len)),
        Operation::All => return Some(Reply::Items(list.clone())),
        Operation::InsertAt(at, item) if at <= len => {
            list.insert(at, item);
            None
        }
        Operation::SetAt(at, item) if at < len => Some(mem::replace(&mut list[at], item)),
        Operation::DeleteAt(at) if at < len => Some(list.remove(at)),
        Operation::InsertAt(index, _) | Operation::SetAt(index, _) | Operation::DeleteAt(index) => {
            return Some(Reply::OutOfRange { index, len });
        }
        Operation::GetAt(at) => list.get(at).cloned(),
        Operation::Pop => list.pop(),
        Operation::Extend(items) => {
            list.extend(items);
            None
        }
        Operation::Clear => {
            list.clear();
            None
        }
        Operation::Reverse => {
            list.reverse();
            None
        }
        _ => return None,
    };
    Some(Reply::Items(item.into_iter().collect()))
}
