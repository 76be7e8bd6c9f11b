//! What may happen, how time passes, and what may be wrong.

use super::state::Id;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Lock(Id),
    TryLock(Id),
    Step(Id),
    /// A step before which the thread's millisecond has passed.
    LateStep(Id),
    TimeOut(Id),
    Signal(Id),
    Kill(Id),
    MillisecondPasses,
}

/// How time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    /// For each thread as it likes.
    Free,
    /// When all threads but the owner are at rest; only then does the owner's turn end.
    Turns,
    /// It does not: no wait is long.
    Still,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    NothingPendingInLock,
    NothingPendingInUnlock,
    PendingEndsBeforeList,
    TakerClearsWaiters,
    ReleaseClearsWaiters,
    ClearsThoughItWoke,
    ClearsWithoutCount,
    KernelForgetsWoken,
    StarvingStays,
    NoThreadStarves,
    TakesWithoutComparing,
    NewcomersBarge,
}
