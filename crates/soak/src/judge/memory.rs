//! [`Usage`]: what the main process has of the machine.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;

/// Sizes in KiB.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Usage {
    pub(crate) descriptors: u64,
    pub(crate) mappings: u64,
    pub(crate) private: u64,
    /// Of all processes of the soak, since all share the main process's.
    pub(crate) shared: u64,
}

impl Usage {
    pub(crate) fn of_this_process() -> io::Result<Self> {
        let maps = fs::read_to_string("/proc/self/maps")?;
        let status = fs::read_to_string("/proc/self/status")?;
        Ok(Usage {
            descriptors: fs::read_dir("/proc/self/fd")?.count() as u64,
            mappings: maps.lines().count() as u64,
            private: kibibytes(&status, "RssAnon:"),
            shared: shared(&maps).unwrap_or_else(|_| kibibytes(&status, "RssShmem:")),
        })
    }

    /// The higher of each.
    pub(crate) fn max(self, other: Self) -> Self {
        Usage {
            descriptors: self.descriptors.max(other.descriptors),
            mappings: self.mappings.max(other.mappings),
            private: self.private.max(other.private),
            shared: self.shared.max(other.shared),
        }
    }
}

fn kibibytes(status: &str, kind: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(kind));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// The pages of each object in shared memory, whichever process has used them. Only root may look; a
/// user learns what this process itself has used of them.
fn shared(maps: &str) -> io::Result<u64> {
    let mut objects = BTreeMap::new();
    for line in maps.lines().filter(|line| line.ends_with("/dev/zero (deleted)")) {
        let range = line.split(' ').next().unwrap_or("");
        let object = fs::metadata(format!("/proc/self/map_files/{range}"))?;
        objects.insert(object.ino(), object.blocks() / 2);
    }
    Ok(objects.into_values().sum())
}
