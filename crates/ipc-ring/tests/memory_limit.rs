//! How much memory a queue may take: a share of what the machine or the container has.

use std::fs;
use std::path::Path;

use ipc_ring::{Error, Ring};
use ipc_sync::internal::Deadline;
use tempfile::TempDir;
use testing::tests;

use crate::memory_limit_source::{limits_of_groups, memory_limit};

tests![
    a_groups_limit_is_found_in_both_versions,
    the_limits_of_all_groups_above_count,
    a_group_without_a_limit_has_none,
    the_limit_is_that_of_the_machine_or_less,
    a_queue_takes_a_quarter,
];

const GIB: usize = 1 << 30;

/// A folder that looks like that of the control groups, with these files.
fn groups(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    root
}

fn limits(lines: &str, root: &Path) -> Vec<usize> {
    let mut limits: Vec<usize> = limits_of_groups(lines, root).collect();
    limits.sort_unstable();
    limits
}

fn a_groups_limit_is_found_in_both_versions() {
    let root = groups(&[("a/b/memory.max", "1073741824\n")]);
    assert_eq!(limits("0::/a/b\n", root.path()), [GIB]);
    let root = groups(&[("memory/a/b/memory.limit_in_bytes", "1073741824\n")]);
    assert_eq!(limits("9:name=systemd:/c\n4:memory:/a/b\n0::/a/b\n", root.path()), [GIB]);
    assert_eq!(limits("4:cpu,memory:/a/b\n", root.path()), [GIB]);
    assert_eq!(limits("4:cpu:/a/b\n", root.path()), []);
    // In a container the paths may be those outside, while its own group is the root.
    let root = groups(&[("memory.max", "1073741824\n")]);
    assert_eq!(limits("0::/outside/x:y\n", root.path()), [GIB]);
}

fn the_limits_of_all_groups_above_count() {
    let root = groups(&[("a/memory.max", "7"), ("a/b/memory.max", "9"), ("c/memory.max", "1")]);
    assert_eq!(limits("0::/a/b/d", root.path()), [7, 9]);
}

fn a_group_without_a_limit_has_none() {
    let root = groups(&[("a/memory.max", "max\n"), ("a/b/other", "1")]);
    assert_eq!(limits("0::/a/b\n", root.path()), []);
    for nonsense in ["", "\n", "0", "0:", "0::", "memory", "::/a"] {
        assert_eq!(limits(nonsense, root.path()), [], "{nonsense:?}");
    }
}

/// In KiB, from another source.
fn machine() -> usize {
    let text = fs::read_to_string("/proc/meminfo").unwrap();
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:")).unwrap();
    total.trim().trim_end_matches(" kB").parse().unwrap()
}

fn the_limit_is_that_of_the_machine_or_less() {
    assert!(memory_limit() > 0 && memory_limit() <= machine() * 1024);
    let lines = fs::read_to_string("/proc/self/cgroup").unwrap();
    if limits(&lines, Path::new("/sys/fs/cgroup")).iter().all(|&limit| limit > machine() * 1024) {
        assert_eq!(memory_limit(), machine() * 1024);
    }
}

fn a_queue_takes_a_quarter() {
    let ring = Ring::new(0, None).unwrap();
    let Err(Error::TooLarge { limit, .. }) = ring.reserve(1 << 60, Deadline::NOW) else { panic!() };
    // An item may take half of the ring, but for two words.
    let bytes = 2 * (limit + 16);
    assert!(bytes.abs_diff(memory_limit() / 4) < 64, "{bytes} of {}", memory_limit());
}
