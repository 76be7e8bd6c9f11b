//! What a pool and its workers share.
//!
//! ```text
//!   pool ──▶ tasks ──▶ workers ──▶ results ──▶ pool
//!    │                 ▲     ╲        ▲          ▲
//!    └─ forks ─▶ supervisor  slots ───┘          │
//!                      └──────────── doorbell ───┘
//! ```
//!
//! A task is known by its number: how many tasks came before it. A worker notes the number of the
//! task in hand in its slot, *before* it takes the task from the queue. So when a worker dies, at
//! whatever instruction, the supervisor knows which task is lost, sends a failure as its result, and
//! starts another worker. If the worker had sent the result already, that one came first, and the
//! pool ignores the second.
//!
//! The doorbell is a pipe that workers and supervisor write to and the pool alone reads: it wakes
//! the pool, and its end tells the pool that no process is left to do anything.

pub mod failure;
pub mod message;
pub mod outbox;
pub mod panics;
pub mod parts;
pub mod pool_shared;
#[allow(unsafe_code, reason = "a function travels as its address")]
pub mod task_queue;
pub mod worker_table;
