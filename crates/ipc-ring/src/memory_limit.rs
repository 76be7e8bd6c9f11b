//! How much memory this process may use.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use nix::unistd::{SysconfVar, sysconf};

/// The memory of the machine or of the container (the control group), whichever is less, in bytes.
pub(crate) fn memory_limit() -> usize {
    static LIMIT: OnceLock<usize> = OnceLock::new();
    *LIMIT.get_or_init(|| {
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let limits = limits_of_groups(&groups, Path::new("/sys/fs/cgroup"));
        limits.chain(machine()).min().unwrap_or(1 << 30)
    })
}

fn machine() -> Option<usize> {
    let ask = |variable| sysconf(variable).ok().flatten().and_then(|n| usize::try_from(n).ok());
    Some(ask(SysconfVar::_PHYS_PAGES)? * ask(SysconfVar::PAGE_SIZE)?)
}

/// The limits of the groups that these lines name, given the folder in which groups are.
pub(crate) fn limits_of_groups(lines: &str, root: &Path) -> impl Iterator<Item = usize> {
    lines.lines().flat_map(move |line| limits_of_group(line, root))
}

/// The limits of a group and all above it. A line says `number:controllers:path`; in version 2 of
/// control groups there is one, without controllers.
fn limits_of_group(line: &str, root: &Path) -> Vec<usize> {
    let mut parts = line.splitn(3, ':').skip(1);
    let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { return Vec::new() };
    let (root, file) = match controllers.split(',').any(|controller| controller == "memory") {
        true => (root.join("memory"), "memory.limit_in_bytes"),
        false if controllers.is_empty() => (root.to_owned(), "memory.max"),
        false => return Vec::new(),
    };
    let group = root.join(path.trim_start_matches('/'));
    let groups = group.ancestors().take_while(|group| group.starts_with(&root));
    let limits = groups.filter_map(|group| fs::read_to_string(group.join(file)).ok());
    limits.filter_map(|limit| limit.trim().parse().ok()).collect() // "max" is none
}
