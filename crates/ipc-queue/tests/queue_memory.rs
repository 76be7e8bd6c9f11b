//! What queues take of the machine: address space, memory, core dumps.

use std::fs;
use std::process;
use std::thread;

use ipc_common::{Error, Queue};
use nix::sys::mman::{MlockAllFlags, mlockall};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde_bytes::ByteBuf;
use testing::memory::{kibibytes, shared_memory};
use testing::processes::{DEADLINE, join, start};
use testing::tests;

tests![
    a_core_dump_takes_no_memory,
    all_of_the_data_is_left_out_of_core_dumps,
    twenty_thousand_queues,
    a_thousand_queues_in_little_address_space,
    an_item_that_cannot_be_mapped_stays,
    locked_memory_follows_the_items,
];

fn a_core_dump_takes_no_memory() {
    const LIMIT: u64 = 64 << 20;
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    let (_, hard) = getrlimit(Resource::RLIMIT_CORE).unwrap();
    if pattern.starts_with(['|', '/']) || hard < LIMIT {
        println!("skipped: cores go to {pattern:?}, and may have {hard} bytes");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let queue = Queue::new().unwrap();
    queue.put(&ByteBuf::from(vec![1; 1 << 20])).unwrap();
    let before = shared_memory();
    let child = start(|| {
        nix::unistd::chdir(folder.path()).unwrap();
        setrlimit(Resource::RLIMIT_CORE, LIMIT, LIMIT).unwrap();
        queue.get().unwrap();
        process::abort()
    });
    assert_eq!(join(&child), -6);
    let files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
    assert_eq!(files.len(), 1, "there is no core");
    let size = files[0].metadata().unwrap().len();
    assert!(size < LIMIT / 2, "a core of {size} bytes");
    let grown = shared_memory().saturating_sub(before);
    assert!(grown < 1024, "the core dump took {grown} KiB of shared memory");
}

/// The kernel's notes on the large mappings of shared memory, one line each.
fn notes() -> Vec<String> {
    let text = fs::read_to_string("/proc/self/smaps").unwrap();
    let mut mappings = text.split("VmFlags: ");
    let mut before = mappings.next().unwrap();
    let mut notes = Vec::new();
    for mapping in mappings {
        let (flags, next) = mapping.split_once('\n').unwrap();
        let size = before.lines().find_map(|line| line.strip_prefix("Size:")).unwrap();
        let size: usize = size.trim().trim_end_matches(" kB").parse().unwrap();
        if before.lines().next().unwrap().ends_with("/dev/zero (deleted)") && size >= 64 {
            notes.push(flags.to_owned());
        }
        before = next;
    }
    notes
}

fn all_of_the_data_is_left_out_of_core_dumps() {
    let queue = Queue::new().unwrap();
    let is_left_out = |notes: &String| notes.split(' ').any(|note| note == "dd");
    assert!(notes().len() == 1 && notes().iter().all(is_left_out), "{:?}", notes());
    for size in [100 << 10, 1 << 20, 5 << 20] {
        queue.put(&ByteBuf::from(vec![1; size])).unwrap();
    }
    assert!(notes().len() > 2 && notes().iter().all(is_left_out), "{:?}", notes());
}

fn twenty_thousand_queues() {
    let most = fs::read_to_string("/proc/sys/vm/max_map_count").unwrap();
    if most.trim().parse::<usize>().unwrap() < 50_000 {
        println!("skipped: a process may have only {most} mappings");
        return;
    }
    let queues: Vec<Queue<usize>> = (0..20_000).map(|_| Queue::new().unwrap()).collect();
    thread::spawn(|| ()).join().unwrap();
    for (n, queue) in queues.iter().enumerate().step_by(999) {
        queue.put(&n).unwrap();
    }
    for (n, queue) in queues.iter().enumerate().step_by(999) {
        assert_eq!(queue.get().unwrap(), n);
    }
}

/// Sets the soft limit on address space.
fn limit_address_space(bytes: u64) {
    let (_, hard) = getrlimit(Resource::RLIMIT_AS).unwrap();
    setrlimit(Resource::RLIMIT_AS, bytes.min(hard), hard).unwrap();
}

fn a_thousand_queues_in_little_address_space() {
    limit_address_space(4 << 30);
    let queues: Vec<Queue<ByteBuf>> = (0..1_000).map(|_| Queue::new().unwrap()).collect();
    let item = ByteBuf::from(vec![7; 64 << 20]);
    for queue in [&queues[0], &queues[999]] {
        queue.put(&item).unwrap();
        assert!(queue.get().unwrap() == item);
    }
}

fn an_item_that_cannot_be_mapped_stays() {
    let queue = Queue::new().unwrap();
    let item = ByteBuf::from(vec![7; 40 << 20]);
    let child = start(|| queue.put(&item).unwrap());
    assert_eq!(join(&child), 0);
    limit_address_space(kibibytes(process::id(), "VmSize") as u64 * 1024 + (8 << 20));
    for _ in 0..3 {
        assert!(matches!(queue.get_timeout(DEADLINE), Err(Error::System { .. })));
        assert!(matches!(queue.put(&item), Err(Error::System { .. })));
        assert_eq!(queue.len(), 1);
    }
    limit_address_space(u64::MAX);
    assert!(queue.get_timeout(DEADLINE).unwrap() == item && queue.is_empty());
    queue.put(&item).unwrap();
    assert_eq!(join(&start(|| assert!(queue.get_timeout(DEADLINE).unwrap() == item))), 0);
}

fn locked_memory_follows_the_items() {
    if let Err(e) = mlockall(MlockAllFlags::MCL_CURRENT | MlockAllFlags::MCL_FUTURE) {
        println!("skipped: this process may not lock its memory: {e}");
        return;
    }
    let locked = || kibibytes(process::id(), "VmLck");
    let (locked_before, before) = (locked(), shared_memory());
    let queue = Queue::new().unwrap();
    assert!(locked() - locked_before < 1024, "{} KiB are locked", locked() - locked_before);
    assert!(shared_memory() - before < 1024, "{} KiB are taken", shared_memory() - before);
    let item = ByteBuf::from(vec![7; 3 << 20]);
    for _ in 0..3 {
        queue.put(&item).unwrap();
    }
    assert!(locked() - locked_before < 64 << 10, "{} KiB are locked", locked() - locked_before);
    assert!((0..3).all(|_| queue.get().unwrap() == item));
}
