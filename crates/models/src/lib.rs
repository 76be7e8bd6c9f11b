//! Models of the protocols of `ipc-sync`.
#[cfg(test)]
mod robust_mutex;
#[cfg(test)]
mod walk;
