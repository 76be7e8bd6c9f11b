//! A connection to the server, and what all that is kept there has in common.
//!
//! From the bottom up: `identity`, `limits`, `reply`; `script`; `session`, a connection while a step is
//! done with it; `link`, which connects again; `wait`.

pub(crate) mod identity;
pub(crate) mod limits;
pub(crate) mod link;
pub(crate) mod reply;
pub(crate) mod script;
pub(crate) mod session;
pub(crate) mod wait;
