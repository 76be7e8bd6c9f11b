//! Who a process is to the others, and what a server has to be.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::process;
use std::time::SystemTime;

use crate::error::{Error, Result};

/// The oldest that has all that is needed: XTRIM's MINID, the last of it, came with 6.2.
const OLDEST: (u32, u32) = (6, 2);

/// What a handle is called on the server, in this process.
pub(crate) struct Identity {
    pub(crate) process: u32,
    /// Machine, process, and a number that nothing else has; kept when the connection is cut.
    pub(crate) who: String,
    /// The same with the number of the connection.
    pub(crate) connection: String,
    connections: u32,
    changes: u64,
}

impl Default for Identity {
    fn default() -> Self {
        let machine = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let process = process::id();
        // Forked children have the same random numbers, and a process id is used again.
        let number = RandomState::new().hash_one(SystemTime::now());
        let who = format!("{}-{process}-{number:016x}", machine.trim());
        let connection = who.clone();
        Identity { process, who, connection, connections: 0, changes: 0 }
    }
}

impl Identity {
    /// Names a new connection. Scripts know by the ending that it has a lease.
    pub(crate) fn rename(&mut self, is_leased: bool) {
        self.connections += 1;
        let ending = if is_leased { ".leased" } else { "" };
        self.connection = format!("{}.{}{ending}", self.who, self.connections);
    }

    pub(crate) fn next_change(&mut self) -> u64 {
        self.changes += 1;
        self.changes
    }
}

/// Refuses a server that lacks commands, or that throws keys away when its memory is full. (One whose
/// access list forbids to ask is taken as it is.)
pub(crate) fn check_server(server: &str, info: &str) -> Result<()> {
    let field = |name: &str| {
        info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap_or("")
    };
    let unsuitable = |why| Err(Error::Unsuitable { server: server.into(), why });
    let version = field("redis_version");
    let mut numbers = version.split('.').map_while(|number| number.parse().ok());
    if !version.is_empty() && (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) < OLDEST {
        return unsuitable(format!(
            "it is version {version}, and at least {}.{} is needed; install a newer one",
            OLDEST.0, OLDEST.1
        ));
    }
    let policy = field("maxmemory_policy");
    if policy.starts_with("allkeys") {
        return unsuitable(format!(
            "with maxmemory-policy {policy} it throws queues away when its memory is full; set it \
             to noeviction"
        ));
    }
    Ok(())
}
