//! Models of the protocols of `ipc-sync`.
#[cfg(test)]
mod barrier;
#[cfg(test)]
mod condition;
#[cfg(test)]
mod event_count;
#[cfg(test)]
mod ring;
#[cfg(test)]
mod robust_mutex;
#[cfg(test)]
mod walk;
