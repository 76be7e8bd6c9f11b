//! [`TaskQueue`]: functions and their arguments on their way to the workers.
//!
//! ```text
//!   task    caller, function, time limit: 8 bytes each │ one part for each argument
//!   result                                             │ one part for each argument:
//!                                                      │   Result<R, Failure>
//! ```
//!
//! A function travels as its address: a worker is forked from the process that sends it, or from that
//! one's fork server, so it has the same code at the same place. The caller is 0 for the pool's closure,
//! which each worker has.

use std::mem;
use std::ptr;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::shared::failure::{Failure, write_failure};
use crate::shared::panics::catch;
use crate::shared::parts::{parts, write_part};
use ipc_codec::{decode, empty, encode};
use ipc_error::{Error, Result};
use ipc_memory::{Part, Received};
use ipc_ring::Ring;
use ipc_sync::internal::{Count, Deadline};
use ipc_trace::internal::{Act, made, span};

/// The tasks that wait for a worker. Nothing but [`Task`]s of the pool's process gets into it.
pub struct TaskQueue(Ring);

/// How many tasks were given before this one, modulo 2³⁰.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TaskNumber(u32);

impl TaskNumber {
    /// The number as it is kept in memory.
    pub fn to_bits(self) -> u32 {
        self.0
    }

    /// The reverse of [`to_bits`](Self::to_bits).
    pub fn from_bits(number: u32) -> Self {
        TaskNumber(number)
    }

    /// Whether it is a multiple of `n`.
    pub fn is_multiple_of(self, n: u32) -> bool {
        self.0.is_multiple_of(n)
    }
}

impl TaskQueue {
    pub fn new() -> Result<Self> {
        let ring = Ring::new(0, None)?;
        made(ring.trace_id(), "tasks");
        Ok(TaskQueue(ring))
    }

    pub(crate) fn pack(&self) -> Result<Vec<Part>> {
        self.0.pack()
    }

    pub(crate) fn unpack(parts: &mut Received) -> Result<Self> {
        Ring::unpack(parts).map(TaskQueue)
    }

    /// The number of the task that is put next. (Only the pool's process puts any.)
    pub fn next_number(&self) -> TaskNumber {
        TaskNumber(self.0.put_count().count().number())
    }

    /// Whether a worker has taken this task.
    pub fn was_taken(&self, task: TaskNumber) -> bool {
        self.0.taken_count().count().is_after(Count::from_number(task.0))
    }

    pub fn try_put(&self, task: &Task<'_>) -> Result<()> {
        let _putting = span(Act::Put, self.0.trace_id());
        self.0.put(task.0, Deadline::NOW)
    }

    /// Waits for a task, calls `before` with its number, and only then takes it from the queue.
    pub fn take(&self, into: &mut TakenTask, before: impl FnOnce(TaskNumber)) -> Result<()> {
        let _getting = span(Act::Get, self.0.trace_id());
        empty(&mut into.0);
        let first = self.0.first(Deadline::NEVER)?;
        into.0.extend_from_slice(first.bytes());
        before(TaskNumber(first.count().number()));
        first.commit();
        Ok(())
    }

    /// No more tasks can be put.
    pub fn close(&self) {
        self.0.close();
    }

    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Whether no tasks are left, and none will come.
    pub fn is_finished(&self) -> bool {
        self.is_closed() && self.0.is_empty()
    }
}

/// Calls the function at an address with an argument, and appends what it returned.
type Caller = fn(usize, &[u8], &mut Vec<u8>) -> Result<(), Failure>;

/// Calls the pool's closure with an argument, and appends what it returned.
type Call<'a> = dyn Fn(&[u8], &mut Vec<u8>) -> Result<(), Failure> + 'a;
pub type Closure<'a> = Box<Call<'a>>;

/// A closure for the workers of one pool.
pub fn closure<'a, A, R>(f: impl Fn(A) -> R + 'a) -> Closure<'a>
where
    A: DeserializeOwned,
    R: Serialize,
{
    Box::new(move |argument, into| call_with(&f, argument, into))
}

/// What a task calls.
pub enum Work<A, R> {
    Function(fn(A) -> R),
    /// That of the pool, which takes an `A` and returns an `R`.
    Closure,
}

impl<A, R> Clone for Work<A, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A, R> Copy for Work<A, R> {}

/// One call of a function for each of some arguments.
pub struct Task<'a>(&'a [u8]);

impl<'a> Task<'a> {
    /// Writes a task into a buffer that is empty.
    pub fn write<A, R>(
        into: &'a mut Vec<u8>,
        work: Work<A, R>,
        limit: Option<Duration>,
        arguments: &[A],
    ) -> Result<Self>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize,
    {
        let caller: Caller = call::<A, R>;
        let addresses = match work {
            Work::Function(function) => [caller as *const (), function as *const ()],
            Work::Closure => [ptr::null(); 2],
        };
        let limit = limit.map_or(0, |limit| limit.as_nanos().try_into().unwrap_or(u64::MAX));
        let [caller, function] = addresses.map(|address| address.expose_provenance() as u64);
        into.extend([caller, function, limit].iter().flat_map(|word| word.to_ne_bytes()));
        for argument in arguments {
            write_part(into, |into| encode(argument, into))?;
        }
        Ok(Task(into))
    }
}

/// A task that [`TaskQueue::take`] has taken. The buffer is kept for the next.
#[derive(Default)]
pub struct TakenTask(Vec<u8>);

impl TakenTask {
    /// The words before the arguments.
    fn head<const WORDS: usize>(&self) -> [u64; WORDS] {
        let mut words = self.0.chunks_exact(size_of::<u64>());
        [(); WORDS].map(|()| {
            let word = words.next().and_then(|word| word.try_into().ok());
            u64::from_ne_bytes(word.expect("a task begins with its head"))
        })
    }

    /// How long it may take, if that was said for this task.
    pub fn limit(&self) -> Option<Duration> {
        let [_, _, limit] = self.head();
        (limit > 0).then(|| Duration::from_nanos(limit))
    }

    /// Does the task, and appends the results.
    pub fn run(&self, closure: Option<&Closure<'_>>, into: &mut Vec<u8>) {
        let head @ [caller, function, _] = self.head();
        let arguments = &self.0[size_of_val(&head)..];
        let work: &Call<'_> = match (caller, closure) {
            (0, Some(closure)) => closure,
            (0, None) => unreachable!("only a pool with a closure has tasks for it"),
            _ => {
                let caller = ptr::with_exposed_provenance::<()>(caller as usize);
                // SAFETY: what is in the queue was put there by `Task::write`, as `try_put` takes
                // nothing else: so this is the address of a `Caller` in the pool's process. This
                // process descends from a fork of that one, and has the same code there.
                let caller: Caller = unsafe { mem::transmute(caller) };
                &move |argument, into| caller(function as usize, argument, into)
            }
        };
        for argument in parts(arguments) {
            // The user's code is in here four times: two serialisations, the function, destructors.
            let call = |into: &mut Vec<u8>| {
                let called = catch(|| work(argument, into));
                called.unwrap_or_else(|message| Err(Failure::Panicked(message)))
            };
            if let Err(failure) = write_part(into, call) {
                write_failure(into, failure);
            }
        }
    }
}

/// What a [`Caller`] points to. `Task::write` sees to it that `function` is a `fn(A) -> R`.
fn call<A: DeserializeOwned, R: Serialize>(
    function: usize,
    argument: &[u8],
    into: &mut Vec<u8>,
) -> Result<(), Failure> {
    // SAFETY: `Task::write` names this function together with a `fn(A) -> R` only; for the place of
    // its code the same holds as for this function's.
    let function: fn(A) -> R =
        unsafe { mem::transmute(ptr::with_exposed_provenance::<()>(function)) };
    call_with(function, argument, into)
}

fn call_with<A: DeserializeOwned, R: Serialize>(
    function: impl Fn(A) -> R,
    argument: &[u8],
    into: &mut Vec<u8>,
) -> Result<(), Failure> {
    let argument = decode(argument).map_err(|e| Failure::NotDecoded(reason(&e)))?;
    let result: Result<R, Failure> = Ok(function(argument));
    encode(&result, into).map_err(|e| Failure::NotEncoded(reason(&e)))
}

/// What the codec said, without the sentence around it: that comes again at the other end.
fn reason(error: &Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}
