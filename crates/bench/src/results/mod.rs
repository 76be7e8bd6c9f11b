//! What comes out of a run, as data that `--json` writes and `--from` reads.

pub(crate) mod machine;
pub(crate) mod measure;
pub(crate) mod peer;
pub(crate) mod report;
pub(crate) mod sample;
