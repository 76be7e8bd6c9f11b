//! The manager's server goes on, whatever is sent to it and whoever is killed in the middle of a
//! call; and the others get right answers in time.

#![allow(clippy::unwrap_used, reason = "a test may: its panic is the report")]

mod support;

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, IoSlice, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use ipc_common::{Child, Error, Manager};
use nix::errno::Errno;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::socket::{
    AddressFamily, ControlMessage, MsgFlags, SockFlag, SockType, recv, sendmsg, socketpair,
};
use rand::RngExt;
use serde_json::{Value, json};

use support::*;

fn main() -> ExitCode {
    run(tests![
        random_packets_harm_nobody,
        well_formed_nonsense_harms_nobody,
        replies_that_nobody_takes_harm_nobody,
        callers_killed_at_random_moments_harm_nobody,
    ])
}

/// A call that takes longer than this is not in time.
const PATIENCE: Duration = Duration::from_secs(5);

/// Does harm while another process works, gets right answers and gets them in time. After that the
/// server has no more open and not much more memory than before.
fn while_another_works(manager: &Manager, harm: impl FnOnce()) {
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
    let pages = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
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
fn with_its_socket<T>(make: impl FnOnce() -> T) -> (T, RawFd) {
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
fn send(socket: RawFd, packet: &[u8], files: &[RawFd]) -> nix::Result<()> {
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
fn line(door: RawFd) -> OwnedFd {
    let flags = SockFlag::SOCK_CLOEXEC;
    let (mine, servers) =
        socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags).unwrap();
    send(door, &[0], &[servers.as_raw_fd()]).unwrap();
    mine
}

struct Garbage {
    bytes: Vec<u8>,
    files: [OwnedFd; 3],
}

impl Garbage {
    fn new() -> Self {
        let mut bytes = vec![0; 256 << 10];
        rand::rng().fill(&mut bytes[..]);
        let mut memory = File::from(memfd_create(c"garbage", MFdFlags::MFD_CLOEXEC).unwrap());
        memory.write_all(&bytes[..100_000]).unwrap();
        let (reader, _) = io::pipe().unwrap();
        let null = File::open("/dev/null").unwrap();
        Garbage { bytes, files: [memory.into(), reader.into(), null.into()] }
    }

    /// 0 to 64 KiB and up to two files, the end as it should be or not.
    fn send_to(&self, socket: RawFd) -> nix::Result<()> {
        let (from, len) = (rand::random_range(0..128 << 10), rand::random_range(0..=64 << 10));
        let len = if rand::random_ratio(1, 4) { len % 32 } else { len };
        let mut packet = self.bytes[from..from + len].to_vec();
        if let Some(last) = packet.last_mut() {
            *last = [0, 1, *last][rand::random_range(0..3)];
        }
        let first = rand::random_range(0..3);
        let files = [&self.files[first], &self.files[(first + 1) % 3]].map(OwnedFd::as_raw_fd);
        send(socket, &packet, &files[..[0, 0, 1, 2][rand::random_range(0..4)]])
    }
}

fn random_packets_harm_nobody() {
    let (manager, door) = with_its_socket(|| Manager::new().unwrap());
    let list = manager.list([1, 2, 3]).unwrap();
    let garbage = Garbage::new();
    while_another_works(&manager, || {
        for _ in 0..3000 {
            garbage.send_to(door).unwrap();
        }
        for _ in 0..7000 {
            let line = line(door);
            garbage.send_to(line.as_raw_fd()).unwrap();
            while rand::random() && garbage.send_to(line.as_raw_fd()).is_ok() {}
        }
        for _ in 0..50 {
            let sacrificed = start(|| {
                let (len, line) = with_its_socket(|| list.len());
                assert_eq!(len.unwrap(), 3);
                while garbage.send_to(line).is_ok() {}
                assert!(matches!(list.len(), Err(Error::System { .. })));
                assert_eq!(list.len().unwrap(), 3); // on a new line
            });
            assert_eq!(join(&sacrificed), 0);
        }
    });
    assert_eq!(list.to_vec().unwrap(), [1, 2, 3]);
}

/// Requests as the library writes them, but of things that are not.
fn well_formed_nonsense_harms_nobody() {
    let (manager, door) = with_its_socket(|| Manager::new().unwrap());
    let dict = manager.dict().unwrap(); // number 0
    let list = manager.list(["x".to_string()]).unwrap(); // number 1
    dict.insert(&1, &2).unwrap();
    let bytes = |request: &Value| rmp_serde::to_vec_named(request).unwrap();
    let mut nonsense: Vec<Vec<u8>> = [
        json!({"Do": [99, "Len"]}),
        json!({"Do": [u64::MAX, "Len"]}),
        json!({"Do": [-1, "Len"]}),
        json!({"Do": [0, {"GetAt": 0}]}),
        json!({"Do": [0, {"SetAt": [0, "y"]}]}),
        json!({"Do": [0, {"InsertAt": [0, "y"]}]}),
        json!({"Do": [0, {"DeleteAt": 0}]}),
        json!({"Do": [0, {"Extend": ["y"]}]}),
        json!({"Do": [0, "Pop"]}),
        json!({"Do": [0, "Reverse"]}),
        json!({"Do": [1, {"Get": "y"}]}),
        json!({"Do": [1, {"Set": ["y", "z"]}]}),
        json!({"Do": [1, {"Delete": "y"}]}),
        json!({"Do": [1, "Jump"]}),
        json!({"Do": [1, {"Set": ["y"]}]}),
        json!({"Do": [1, {"Pop": [1, 2, 3]}]}),
        json!({"Do": [1]}),
        json!({"Do": "Clear"}),
        json!({"Undo": [1, "Clear"]}),
        json!("Clear"),
        json!(["Do", 1, "Clear"]),
        json!(null),
        json!(7),
        json!({}),
    ]
    .iter()
    .map(bytes)
    .collect();
    // An array, bytes and a map of 4 Gi that are not there, and a nesting without an end.
    let mut extend = bytes(&json!({"Do": [1, {"Extend": []}]}));
    extend.pop();
    for huge in [0xdd, 0xc6, 0xdf] {
        nonsense.push([&extend[..], &[huge, 255, 255, 255, 255]].concat());
        nonsense.push(vec![huge, 255, 255, 255, 255]);
    }
    nonsense.extend([vec![0x91; 16_000], vec![0x81; 16_000], vec![]]);
    while_another_works(&manager, || {
        for request in nonsense.iter().cycle().take(nonsense.len() * 20) {
            let line = line(door);
            send(line.as_raw_fd(), &[request, &[0][..]].concat(), &[]).unwrap();
            assert!(readable(&line, PATIENCE));
            let end = recv(line.as_raw_fd(), &mut [0; 100], MsgFlags::empty());
            assert_eq!(end, Ok(0), "a reply to {request:?}");
        }
    });
    assert_eq!(dict.items().unwrap(), [(1, 2)]);
    assert_eq!(list.to_vec().unwrap(), ["x"]);
}

/// Neither small ones nor those that are a file of their own each.
fn replies_that_nobody_takes_harm_nobody() {
    let (manager, door) = with_its_socket(|| Manager::new().unwrap());
    let list = manager.list(["small".to_string(), "large".repeat(10_000)]).unwrap(); // number 0
    while_another_works(&manager, || {
        for flood in 0..20 {
            let request =
                json!({"Do": [0, if flood % 2 == 0 {json!({"GetAt": 0})} else {json!("All")}]});
            let request = [rmp_serde::to_vec_named(&request).unwrap(), vec![0]].concat();
            let line = line(door);
            until("the end of patience", || send(line.as_raw_fd(), &request, &[]).is_err());
        }
    });
    assert_eq!(list.len().unwrap(), 2);
}

fn callers_killed_at_random_moments_harm_nobody() {
    let manager = Manager::new().unwrap();
    let (dict, list) = (manager.dict().unwrap(), manager.list([]).unwrap());
    let call = || {
        for n in 0_usize.. {
            let text = "x".repeat([10, 5_000, 50_000][n % 3]);
            if let Some((len, before)) = dict.insert(&(n % 5), &(text.len(), text)).unwrap() {
                assert_eq!(before.len(), len);
            }
            list.extend([n, n, n]).unwrap();
            if n % 20 == 19 {
                list.clear().unwrap();
            }
        }
    };
    while_another_works(&manager, || {
        let mut callers: Vec<Child> = (0..4).map(|_| start(call)).collect();
        for _ in 0..300 {
            thread::sleep(Duration::from_micros(rand::random_range(0..4000)));
            let place = rand::random_range(0..4);
            let killed = std::mem::replace(&mut callers[place], start(call));
            killed.kill().unwrap();
            assert_eq!(join(&killed), -9);
            let items = list.to_vec().unwrap();
            assert!(items.chunks(3).all(|three| three == [three[0]; 3]), "{items:?}");
        }
        for caller in callers {
            caller.kill().unwrap();
            assert_eq!(join(&caller), -9);
        }
    });
    assert!(dict.values().unwrap().iter().all(|(len, text)| text.len() == *len));
}
