//! The manager's server goes on, whatever is sent to it and whoever is killed in the middle of a
//! call; and the others get right answers in time.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::atomic::AtomicI32;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

use ipc_common::{Child, Error, Manager};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::signal::{SigHandler, Signal, kill, signal};
use nix::sys::socket::{MsgFlags, recv};
use nix::unistd::Pid;
use rand::RngExt;
use serde_json::{Value, json};
use testing::manager::{PATIENCE, line, send, while_another_works, with_its_socket};
use testing::memory::kibibytes;
use testing::processes::{go_on, is_in_poll, join, open_descriptors_of, start, stop, until};
use testing::signpost::{Signpost, readable};
use testing::tests;

tests![
    random_packets_harm_nobody,
    well_formed_nonsense_harms_nobody,
    replies_that_nobody_takes_harm_nobody,
    what_a_client_asked_for_before_its_end_is_done,
    callers_killed_at_random_moments_harm_nobody,
    a_request_whose_file_never_gives_its_bytes_harms_nobody,
    a_request_whose_file_never_ends_harms_nobody,
    more_files_than_a_message_has_are_closed,
    what_is_no_line_ends_with_its_sender,
    a_signal_handler_of_the_owners_does_not_write_to_lines,
    a_server_short_of_descriptors_has_not_ended,
    a_server_that_nobody_can_reach_ends,
];

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
        for _ in 0..10 {
            let sacrificed = start(|| {
                let (len, line) = with_its_socket(|| list.len());
                assert_eq!(len.unwrap(), 3);
                while garbage.send_to(line).is_ok() {}
                assert!(matches!(list.len(), Err(Error::Refused { .. })));
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
    // JSON has no bytes: its texts of one letter stand for them.
    let bytes = |request: &Value| {
        let mut bytes = rmp_serde::to_vec_named(request).unwrap();
        while let Some(at) = bytes.iter().position(|&byte| byte == 0xa1) {
            bytes.splice(at..=at, [0xc4, 1]);
        }
        bytes
    };
    let mut nonsense: Vec<Vec<u8>> = [
        json!({"Do": [99, "Len"]}),
        json!({"Do": [u64::MAX, "Len"]}),
        json!({"Do": [-1, "Len"]}),
        json!({"Do": [0, {"GetAt": 0}]}),
        json!({"Do": [0, {"SetAt": [0, "y"]}]}),
        json!({"Do": [0, {"InsertAt": [0, "y"]}]}),
        json!({"Do": [0, {"DeleteAt": 0}]}),
        json!({"Do": [0, {"Extend": ["y"]}]}),
        json!({"Do": [0, {"ChangeAt": [0, "y", "z"]}]}),
        json!({"Do": [0, {"Slice": [0, 1]}]}),
        json!({"Do": [0, "Pop"]}),
        json!({"Do": [0, "Reverse"]}),
        json!({"Do": [1, {"Get": "y"}]}),
        json!({"Do": [1, {"Set": ["y", "z"]}]}),
        json!({"Do": [1, {"Delete": "y"}]}),
        json!({"Do": [1, {"SetNew": ["y", "z"]}]}),
        json!({"Do": [1, {"Change": ["y", null, "z"]}]}),
        json!({"Do": [1, "PopPair"]}),
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
            let mut reply = [0; 1000];
            let len = recv(line.as_raw_fd(), &mut reply, MsgFlags::empty()).unwrap();
            let reply: Value = rmp_serde::from_slice(&reply[..len]).unwrap();
            assert!(reply["Refused"].is_string(), "{reply} to {request:?}");
            assert_eq!(recv(line.as_raw_fd(), &mut [0; 9], MsgFlags::empty()), Ok(0));
        }
    });
    assert_eq!(dict.items().unwrap(), [(1, 2)]);
    assert_eq!(list.to_vec().unwrap(), ["x"]);
}

fn what_a_client_asked_for_before_its_end_is_done() {
    let (manager, door) = with_its_socket(|| Manager::new().unwrap());
    let list = manager.list([0]).unwrap(); // number 0
    let clear = rmp_serde::to_vec_named(&json!({"Do": [0, "Clear"]})).unwrap();
    let clear = [clear, vec![0]].concat();
    for n in 0..20 {
        list.push(&n).unwrap();
        let line = line(door);
        stop(manager.server());
        send(line.as_raw_fd(), &clear, &[]).unwrap();
        drop(line);
        go_on(manager.server());
        until("the request", || list.is_empty().unwrap());
    }
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

/// It can be sought in, but reading it blocks.
fn counter_at_zero() -> OwnedFd {
    // SAFETY: makes a descriptor that nobody else owns.
    unsafe { OwnedFd::from_raw_fd(libc::eventfd(0, libc::EFD_CLOEXEC)) }
}

fn a_request_whose_file_never_gives_its_bytes_harms_nobody() {
    let (manager, door) = with_its_socket(|| Manager::new().unwrap());
    while_another_works(&manager, || {
        let line = line(door);
        send(line.as_raw_fd(), &[1], &[counter_at_zero().as_raw_fd()]).unwrap();
        assert!(readable(&line, PATIENCE), "the line is not ended");
    });
}

fn a_request_whose_file_never_ends_harms_nobody() {
    let (manager, door) = with_its_socket(|| Manager::new().unwrap());
    let server = manager.server().pid();
    // In case that it tries to read it all.
    limit(server, libc::RLIMIT_AS, 1 << 30);
    while_another_works(&manager, || {
        let line = line(door);
        let zeros = File::open("/dev/zero").unwrap();
        send(line.as_raw_fd(), &[1], &[zeros.as_raw_fd()]).unwrap();
        assert!(readable(&line, PATIENCE), "the line is not ended");
    });
    let peak = kibibytes(server, "VmHWM");
    assert!(peak < 64 << 10, "it has taken {peak} KiB");
}

fn limit(pid: u32, resource: libc::__rlimit_resource_t, most: u64) {
    let limit = libc::rlimit { rlim_cur: most, rlim_max: most };
    // SAFETY: passes a valid limit, and asks for nothing.
    let done = unsafe { libc::prlimit(pid as i32, resource, &raw const limit, ptr::null_mut()) };
    assert_eq!(done, 0);
}

/// 253 is the kernel's most.
fn more_files_than_a_message_has_are_closed() {
    let (manager, door) = with_its_socket(|| Manager::new().unwrap());
    let null = File::open("/dev/null").unwrap();
    while_another_works(&manager, || {
        for count in [2, 3, 10, 253] {
            let files = vec![null.as_raw_fd(); count];
            send(door, &[0], &files).unwrap();
            let line = line(door);
            send(line.as_raw_fd(), &[1], &files).unwrap();
        }
    });
}

fn what_is_no_line_ends_with_its_sender() {
    let (manager, door) = with_its_socket(|| Manager::new().unwrap());
    while_another_works(&manager, || {
        let sender = start(|| send(door, &[0], &[counter_at_zero().as_raw_fd()]).unwrap());
        assert_eq!(join(&sender), 0);
    });
}

/// Handlers that write to a pipe, as many libraries install, know it by its number. In the server
/// that number may be a line.
fn a_signal_handler_of_the_owners_does_not_write_to_lines() {
    static PIPES: [AtomicI32; 20] = [const { AtomicI32::new(-1) }; 20];
    extern "C" fn tell(_: i32) {
        for pipe in &PIPES {
            // SAFETY: one byte is passed; what the number leads to is what this is about.
            unsafe { libc::write(pipe.load(Relaxed), c"!".as_ptr().cast(), 1) };
        }
    }
    let child = start(|| {
        let pipes: Vec<_> = PIPES.iter().map(|_| io::pipe().unwrap()).collect();
        for (place, (_, writer)) in PIPES.iter().zip(&pipes) {
            place.store(writer.as_raw_fd(), Relaxed);
        }
        // SAFETY: the handler does what a handler may.
        unsafe { signal(Signal::SIGINT, SigHandler::Handler(tell)) }.unwrap();
        let manager = Manager::new().unwrap();
        let list = manager.list(0..10).unwrap();
        let (is_here, go) = (Signpost::new(), Signpost::new());
        let ask = || {
            assert_eq!(list.get(0).unwrap(), Some(0));
            is_here.set();
            go.wait();
            (0..10).for_each(|n| assert_eq!(list.get(n).unwrap(), Some(n)));
        };
        let children: Vec<Child> = PIPES.iter().map(|_| start(ask)).collect();
        children.iter().for_each(|_| is_here.wait());
        // As Ctrl-C does, to all processes.
        kill(Pid::from_raw(manager.server().pid() as i32), Signal::SIGINT).unwrap();
        list.len().unwrap();
        children.iter().for_each(|_| go.set());
        assert!(children.iter().all(|child| join(child) == 0));
    });
    assert_eq!(join(&child), 0);
}

/// What it cannot do it says, and the next call is good.
fn a_server_short_of_descriptors_has_not_ended() {
    let manager = Manager::new().unwrap();
    let list = manager.list(["large".repeat(10_000)]).unwrap();
    let server = manager.server().pid();
    until("the server's rest", || is_in_poll(server)); // has closed the file that the list came in
    limit(server, libc::RLIMIT_NOFILE, open_descriptors_of(server) as u64);
    assert_eq!(list.get(0).unwrap().unwrap().len(), 50_000);
    for _ in 0..3 {
        let newcomer = start(|| match list.len() {
            Err(Error::Refused { why }) => assert!(why.contains("no descriptors"), "{why}"),
            reply => panic!("{reply:?}"),
        });
        assert_eq!(join(&newcomer), 0);
    }
    assert_eq!(list.len().unwrap(), 1);
}

/// As when its owner has changed the user, may not kill it any more, and ends.
fn a_server_that_nobody_can_reach_ends() {
    let (manager, door) = with_its_socket(|| Manager::new().unwrap());
    send(door, &[], &[]).unwrap(); // looks much like the end
    manager.dict::<u8, u8>().unwrap();
    let null = File::open("/dev/null").unwrap();
    // SAFETY: takes two numbers; the door's stays open, and leads nowhere.
    assert_eq!(unsafe { libc::dup2(null.as_raw_fd(), door) }, door);
    assert_eq!(join(manager.server()), 0);
}
