//! A manager's server that has little memory: a request that needs more is refused, for its client
//! alone, and has changed nothing.

use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr;

use ipc_common::{Error, ListProxy, Manager};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_bytes::ByteBuf;
use testing::manager::{line, send, with_its_socket};
use testing::memory::kibibytes;
use testing::processes::{join, start};
use testing::tests;

tests![
    a_reply_that_finds_no_memory_is_refused,
    items_that_find_no_memory_are_refused,
    many_small_items_that_find_no_memory_are_refused,
    requests_that_use_up_the_last_byte_are_refused,
    objects_that_find_no_memory_are_refused,
    a_dict_that_cannot_grow_takes_other_values,
    a_full_server_has_memory_to_wait_for_all_its_clients,
    a_large_request_leaves_no_large_buffer,
    a_request_beyond_the_limit_on_files_is_refused,
    what_is_refused_has_changed_nothing,
];

const MIB: usize = 1 << 20;

/// The ways to limit a process's memory, with the line of its status that counts it.
const LIMITS: [(libc::__rlimit_resource_t, &str); 2] =
    [(libc::RLIMIT_AS, "VmSize"), (libc::RLIMIT_DATA, "VmData")];

/// Lets the server have this many bytes more than it has.
fn limit_memory(manager: &Manager, (kind, status): (libc::__rlimit_resource_t, &str), more: usize) {
    let pid = manager.server().pid();
    let most = ((kibibytes(pid, status) << 10) + more) as u64;
    let limit = libc::rlimit { rlim_cur: most, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: passes a valid limit, and asks for nothing.
    let done = unsafe { libc::prlimit(pid as i32, kind, &raw const limit, ptr::null_mut()) };
    assert_eq!(done, 0);
}

/// Plays a scene once with each limit, in a process that has no memory left over from others: the
/// server gets a copy of that.
#[track_caller]
fn with_each_limit(scene: impl Fn(&dyn Fn(&Manager, usize))) {
    for limit in LIMITS {
        let scene = start(|| scene(&|manager, more| limit_memory(manager, limit, more)));
        assert_eq!(join(&scene), 0);
    }
}

fn bytes(len: usize) -> ByteBuf {
    ByteBuf::from(vec![7; len])
}

#[track_caller]
fn assert_refused<T>(result: ipc_common::Result<T>) {
    match result {
        Err(Error::Refused { why }) => {
            assert!(why.starts_with("it has too little memory"), "{why}")
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("there was memory for it"),
    }
}

/// Another process, and later this one, still find what they have stored.
fn assert_serves(manager: &Manager, list: &ListProxy<'_, u32>) {
    let asks = || assert_eq!(list.to_vec().unwrap(), [1, 2, 3]);
    assert_eq!(join(&start(asks)), 0);
    asks();
    assert!(manager.server().is_alive().unwrap());
}

fn a_reply_that_finds_no_memory_is_refused() {
    with_each_limit(|limit| {
        let manager = Manager::new().unwrap();
        let small = manager.list([1, 2, 3]).unwrap();
        let (list, dict) = (manager.list([]).unwrap(), manager.dict().unwrap());
        limit(&manager, 100 * MIB);
        for n in 0..40 {
            list.push(&bytes(MIB)).unwrap();
            dict.insert(&n, &bytes(MIB)).unwrap();
        }
        for _ in 0..3 {
            assert_refused(list.to_vec());
            assert_refused(dict.items());
            assert_serves(&manager, &small);
            assert_eq!(list.get(39).unwrap(), Some(bytes(MIB)));
            assert_eq!(dict.get(&39).unwrap(), Some(bytes(MIB)));
        }
        limit(&manager, 200 * MIB);
        assert_eq!(list.to_vec().unwrap().len(), 40);
        assert_eq!(dict.items().unwrap().len(), 40);
    });
}

fn items_that_find_no_memory_are_refused() {
    with_each_limit(|limit| {
        let manager = Manager::new().unwrap();
        let small = manager.list([1, 2, 3]).unwrap();
        let (list, dict) = (manager.list([]).unwrap(), manager.dict().unwrap());
        let namespace = manager.namespace().unwrap();
        limit(&manager, 20 * MIB);
        assert_refused(list.push(&bytes(30 * MIB)));
        assert_refused(list.extend((0..30).map(|_| bytes(MIB))));
        assert_refused(dict.insert(&0, &bytes(30 * MIB)));
        assert_refused(namespace.set("name", &bytes(30 * MIB)));
        // Until nothing more fits.
        let stored = (0..).find(|_| list.push(&bytes(MIB)).is_err()).unwrap();
        assert!((1..20).contains(&stored), "{stored} items of 1 MiB fit into 20 MiB");
        assert_refused(list.push(&bytes(MIB)));
        assert_eq!(list.len().unwrap(), stored);
        assert_serves(&manager, &small);
        // What is taken out makes room.
        list.clear().unwrap();
        list.push(&bytes(MIB)).unwrap();
        assert_eq!(list.get(0).unwrap(), Some(bytes(MIB)));
    });
}

/// They leave no room for the smallest thing.
fn many_small_items_that_find_no_memory_are_refused() {
    with_each_limit(|limit| {
        for len in [0, 23, 200] {
            let manager = Manager::new().unwrap();
            let small = manager.list([1, 2, 3]).unwrap();
            let (list, dict) = (manager.list([]).unwrap(), manager.dict().unwrap());
            limit(&manager, MIB);
            assert_refused(list.extend(vec![bytes(len); 3 * MIB / (24 + len)]));
            let fits = (0..).find(|_| list.extend(vec![bytes(len); 100]).is_err()).unwrap();
            for n in 0.. {
                if dict.insert(&n, &bytes(len)).is_err() {
                    break;
                }
            }
            assert_refused(list.extend(vec![bytes(len); 10_000]));
            assert_serves(&manager, &small);
            assert_eq!(list.len().unwrap(), fits * 100);
            list.clear().unwrap();
            dict.clear().unwrap();
            assert!(list.is_empty().unwrap());
            dict.insert(&0, &bytes(1)).unwrap();
        }
    });
}

/// In one of these the memory ends with one of the small items.
fn requests_that_use_up_the_last_byte_are_refused() {
    with_each_limit(|limit| {
        let manager = Manager::new().unwrap();
        let small = manager.list([1, 2, 3]).unwrap();
        let list = manager.list([]).unwrap();
        limit(&manager, 2 * MIB);
        let (mut refused, mut done) = (0, 0);
        for len in [7, 23, 100] {
            for count in (1..40).map(|n| n * 1000) {
                match is_done(list.extend(vec![bytes(len); count]), drop) {
                    true => done += 1,
                    false => refused += 1,
                }
                list.clear().unwrap();
            }
        }
        assert!(refused > 20 && done > 20, "{refused} refused, {done} done");
        assert_serves(&manager, &small);
    });
}

fn objects_that_find_no_memory_are_refused() {
    with_each_limit(|limit| {
        let manager = Manager::new().unwrap();
        let small = manager.list([1, 2, 3]).unwrap();
        limit(&manager, MIB / 2);
        let objects = (0..100_000).find(|_| manager.dict::<u8, u8>().is_err());
        assert!(objects.is_some(), "100,000 objects in half a MiB");
        assert_refused(manager.namespace());
        assert_refused(manager.list([1]));
        assert_serves(&manager, &small);
    });
}

fn a_dict_that_cannot_grow_takes_other_values() {
    with_each_limit(|limit| {
        let manager = Manager::new().unwrap();
        let dict = manager.dict().unwrap();
        limit(&manager, 4 * MIB);
        // Many at once, which is faster, and then the last ones.
        let many = |n: i32| (n..n + 200).map(|n| (n, bytes(9)));
        let full = (0..).step_by(200).find(|n| dict.extend(many(*n)).is_err()).unwrap();
        let refused = (full..).find(|n| dict.insert(n, &bytes(9)).is_err()).unwrap();
        assert_refused(dict.insert(&refused, &bytes(9)));
        assert_eq!(dict.insert(&0, &bytes(1)).unwrap(), Some(bytes(9)));
        assert_eq!(dict.insert(&(refused - 1), &bytes(1)).unwrap(), Some(bytes(9)));
        assert_eq!(dict.len().unwrap(), refused as usize);
    });
}

/// To wait takes memory for each of them, and more for those from which something has come.
fn a_full_server_has_memory_to_wait_for_all_its_clients() {
    const CLIENTS: u64 = 3000;
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, CLIENTS + 100, most).unwrap();
    with_each_limit(|limit| {
        let (manager, door) = with_its_socket(|| Manager::new().unwrap());
        let small = manager.list([1, 2, 3]).unwrap();
        let list = manager.list([]).unwrap();
        let lines: Vec<OwnedFd> = (0..CLIENTS).map(|_| line(door)).collect();
        limit(&manager, MIB);
        for size in [10_000, 100, 1] {
            while list.push(&bytes(size)).is_ok() {}
        }
        let server = Pid::from_raw(manager.server().pid().cast_signed());
        kill(server, Signal::SIGSTOP).unwrap();
        lines.iter().for_each(|line| send(line.as_raw_fd(), b"nonsense", &[]).unwrap());
        kill(server, Signal::SIGCONT).unwrap();
        assert_serves(&manager, &small);
    });
}

/// Neither what is received nor what is sent.
fn a_large_request_leaves_no_large_buffer() {
    with_each_limit(|limit| {
        let manager = Manager::new().unwrap();
        let list = manager.list([]).unwrap();
        limit(&manager, 100 * MIB);
        list.push(&bytes(30 * MIB)).unwrap();
        assert_eq!(list.get(0).unwrap().unwrap().len(), 30 * MIB);
        list.push(&bytes(30 * MIB)).unwrap(); // and it is there twice on its way
    });
}

/// Requests of all kinds and sizes at the edge of the memory.
fn what_is_refused_has_changed_nothing() {
    let manager = Manager::new().unwrap();
    let (list, dict) = (manager.list([]).unwrap(), manager.dict().unwrap());
    let (mut items, mut pairs) = (Vec::new(), Vec::<(u8, ByteBuf)>::new());
    limit_memory(&manager, LIMITS[0], 8 * MIB);
    let (mut refused, mut done) = (0, 0);
    while refused < 200 || done < 200 {
        let item = bytes([10, 1000, 20_000, MIB, 3 * MIB][rand::random_range(0..5)]);
        let key = rand::random_range(0..10_u8);
        let is_done = match rand::random_range(0..7) {
            0 => is_done(list.push(&item), |()| items.push(item)),
            1 => is_done(list.pop(), |popped| assert_eq!(popped, items.pop())),
            2 => is_done(list.extend(vec![item.clone(); 3]), |()| items.extend(vec![item; 3])),
            3 if !items.is_empty() => is_done(list.set(0, &item), |()| items[0] = item),
            4 => is_done(dict.insert(&key, &item), |before| {
                assert_eq!(before, take(&mut pairs, key));
                pairs.push((key, item));
            }),
            5 => is_done(dict.remove(&key), |before| assert_eq!(before, take(&mut pairs, key))),
            _ => is_done(list.to_vec(), |all| assert!(all == items)),
        };
        (refused, done) = if is_done { (refused, done + 1) } else { (refused + 1, done) };
        assert_eq!((list.len().unwrap(), dict.len().unwrap()), (items.len(), pairs.len()));
    }
    limit_memory(&manager, LIMITS[0], 200 * MIB);
    assert!(list.to_vec().unwrap() == items);
    pairs.sort();
    let mut stored = dict.items().unwrap();
    stored.sort();
    assert!(stored == pairs);
}

fn is_done<T>(result: ipc_common::Result<T>, then: impl FnOnce(T)) -> bool {
    match result {
        Ok(value) => then(value),
        Err(Error::Refused { .. }) => return false,
        Err(error) => panic!("{error}"),
    }
    true
}

fn take(pairs: &mut Vec<(u8, ByteBuf)>, key: u8) -> Option<ByteBuf> {
    let place = pairs.iter().position(|(other, _)| *other == key)?;
    Some(pairs.swap_remove(place).1)
}

/// A large request is a file in memory. The kernel would end the client by SIGXFSZ.
fn a_request_beyond_the_limit_on_files_is_refused() {
    let manager = Manager::new().unwrap();
    let list = manager.list([ByteBuf::new()]).unwrap();
    let (soft, hard) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    setrlimit(Resource::RLIMIT_FSIZE, MIB as u64, hard).unwrap();
    let refused = list.push(&ByteBuf::from(vec![1; 2 * MIB])).unwrap_err();
    assert!(refused.to_string().contains("ulimit -f"), "{refused}");
    assert_eq!(list.len().unwrap(), 1);
    setrlimit(Resource::RLIMIT_FSIZE, soft, hard).unwrap();
    list.push(&ByteBuf::from(vec![1; 2 * MIB])).unwrap();
}
