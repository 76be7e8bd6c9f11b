//! [`catch`]: panics of the user's code become errors.

use std::any::Any;
use std::mem;
use std::panic::{self, AssertUnwindSafe};

/// Calls `f`. The error is the message of its panic.
pub fn catch<R>(f: impl FnOnce() -> R) -> Result<R, String> {
    panic::catch_unwind(AssertUnwindSafe(f)).map_err(message_of)
}

fn message_of(payload: Box<dyn Any + Send>) -> String {
    let message = match payload.downcast_ref::<&str>() {
        Some(message) => (*message).into(),
        None => payload.downcast_ref::<String>().cloned().unwrap_or_else(|| "(no message)".into()),
    };
    mem::forget(payload); // its destructor might panic again
    message
}
