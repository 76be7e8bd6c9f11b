//! What the library is measured beside, each behind the same interface.

pub(crate) mod bare_redis;
pub(crate) mod channel;
#[cfg(feature = "peers")]
pub(crate) mod cloudtoid;
pub(crate) mod crossbeam_channel;
#[allow(unsafe_code, reason = "the system's fork without any comfort is what start is measured by")]
pub(crate) mod forked;
#[cfg(feature = "peers")]
pub(crate) mod ipc_channel_channel;
pub(crate) mod python_jobs;
pub(crate) mod redis_server;
#[allow(unsafe_code, reason = "the C library's mutex is what locks are measured beside")]
pub(crate) mod robust_mutex;
#[allow(unsafe_code, reason = "bare memory is the limit, and shows whether a lock excludes")]
pub(crate) mod shared_memory;
pub(crate) mod socket;
pub(crate) mod vyukov;
