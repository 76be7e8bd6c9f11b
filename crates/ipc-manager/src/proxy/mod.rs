//! Objects on a manager's server, as programs see them.

mod changes;
pub(crate) mod dict;
pub(crate) mod list;
pub(crate) mod namespace;
pub(crate) mod object;
