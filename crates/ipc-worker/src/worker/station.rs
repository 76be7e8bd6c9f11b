//! [`Station`]: what a pool's supervisor has of the pool.

use std::os::fd::OwnedFd;

use crate::shared::pool_shared::PoolShared;
use ipc_error::{Error, Result};
use ipc_memory::{Part, Passed, Received, travel};
use ipc_queue::{Connection, Nothing};

pub struct Station {
    pub shared: PoolShared,
    /// The end that is written to.
    pub doorbell: OwnedFd,
    /// By a message through this the pool says that all are to end.
    pub shutdown: Connection<Nothing, ()>,
}

// SAFETY: it is made of these, and nothing else is called so.
unsafe impl Passed for Station {
    const KIND: &'static str = "a pool's Station";
    fn pack(&self) -> Result<Vec<Part>> {
        let doorbell = self.doorbell.try_clone().map_err(|e| {
            Error::system("pass a pool to its supervisor", "close some files (ulimit -n)", e)
        })?;
        let mut parts = self.shared.pack()?;
        parts.push(Part::File(doorbell));
        parts.extend(self.shutdown.pack()?);
        Ok(parts)
    }
    fn unpack(parts: &mut Received) -> Result<Self> {
        Ok(Station {
            shared: PoolShared::unpack(parts)?,
            doorbell: parts.file()?,
            shutdown: Connection::unpack(parts)?,
        })
    }
}

travel!(Station);
