//! Access to a manager's server without the library, and somebody who uses it meanwhile.

use std::collections::HashMap;
use std::fs;
use std::io::IoSlice;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ipc_common::Manager;
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, ControlMessage, MsgFlags, SockFlag, SockType, sendmsg, socketpair,
};

use crate::memory::kibibytes;
use crate::processes::{join, open_descriptors_of, start, until};
use crate::signpost::Signpost;

/// A call that takes longer than this is not in time.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Does harm while another process works, gets right answers and gets them in time. After that the
/// server has no more open and not much more memory than before.
pub fn while_another_works(manager: &Manager, harm: impl FnOnce()) {
    let server = manager.server().pid();
    let (works, end) = (Signpost::new(), Signpost::new());
    let worker = start(|| {
        let (dict, list) = (manager.dict().unwrap(), manager.list([]).unwrap());
        for n in 0.. {
            let begin = Instant::now();
            assert_eq!(dict.insert(&(n % 10), &n).unwrap(), (n >= 10).then(|| n - 10));
            list.push(&n).unwrap();
            if n >= 100 {
                assert_eq!(list.remove(0).unwrap(), n - 100);
                assert!(n % 16 > 0 || list.to_vec().unwrap().into_iter().eq(n - 99..=n));
            }
            assert!(begin.elapsed() < PATIENCE);
            if n == 200 {
                works.set();
            }
            if n > 400 && end.is_set() {
                return;
            }
        }
    });
    works.wait();
    let (descriptors, memory) = (open_descriptors_of(server), memory_of(server));
    harm();
    end.set();
    assert_eq!(join(&worker), 0);
    until("the end of the lines", || open_descriptors_of(server) == descriptors - 1);
    let grown = memory_of(server).saturating_sub(memory);
    assert!(grown < 6 << 20, "the server takes {grown} bytes more");
}

fn memory_of(pid: u32) -> usize {
    kibibytes(pid, "VmRSS") << 10
}

/// The sockets of this process, by what they are connected to.
fn sockets() -> HashMap<PathBuf, RawFd> {
    let open = fs::read_dir("/proc/self/fd").unwrap();
    let open = open.filter_map(|file| {
        let file = file.unwrap();
        let leads_to = fs::read_link(file.path()).ok()?;
        Some((leads_to, file.file_name().to_str()?.parse().ok()?))
    });
    open.filter(|(leads_to, _)| leads_to.to_string_lossy().starts_with("socket:")).collect()
}

/// What `make` returns, and the one socket that it has opened.
pub fn with_its_socket<T>(make: impl FnOnce() -> T) -> (T, RawFd) {
    let before = sockets();
    let made = make();
    let new: Vec<RawFd> = sockets()
        .into_iter()
        .filter_map(|(leads_to, fd)| (!before.contains_key(&leads_to)).then_some(fd))
        .collect();
    assert_eq!(new.len(), 1, "one new socket");
    (made, new[0])
}

/// Sends a packet, however long the other side takes to make room for it.
pub fn send(socket: RawFd, packet: &[u8], files: &[RawFd]) -> nix::Result<()> {
    let rights = [ControlMessage::ScmRights(files)];
    let rights = if files.is_empty() { &rights[..0] } else { &rights[..] };
    let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
    let mut sent = Err(Errno::EAGAIN);
    until("room for a packet", || {
        sent = sendmsg::<()>(socket, &[IoSlice::new(packet)], rights, flags, None);
        sent != Err(Errno::EAGAIN)
    });
    sent.map(drop)
}

/// A line to the server, made by hand.
pub fn line(door: RawFd) -> OwnedFd {
    let flags = SockFlag::SOCK_CLOEXEC;
    let (mine, servers) =
        socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags).unwrap();
    send(door, &[0], &[servers.as_raw_fd()]).unwrap();
    mine
}
