//! Writing events down. All of it does nothing unless a session has begun.

use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use crate::act::Act;
use crate::event::{Event, Phase, Place, Text};
use crate::os::{ids, now};

/// How many events there is room for: 64 MiB, which take memory from when they are written.
const PLACES: usize = 1 << 20;

/// All events of all processes.
#[repr(C)]
pub(crate) struct Log {
    /// How many places were claimed, or would have been if there were more.
    claimed: AtomicU64,
    places: [Place; PLACES],
}

impl Log {
    fn write(&self, event: &Event) {
        let place = self.claimed.fetch_add(1, Relaxed);
        if let Some(place) = usize::try_from(place).ok().and_then(|place| self.places.get(place)) {
            place.write(event);
        }
    }

    /// How many places have been claimed, of those that there are, and for how many events more there
    /// was none.
    pub(crate) fn claimed(&self) -> (usize, u64) {
        let claimed = self.claimed.load(Relaxed);
        let there = claimed.min(PLACES as u64);
        (there as usize, claimed - there)
    }

    /// The events that were written to their end.
    pub(crate) fn events(&self) -> impl Iterator<Item = Event> {
        self.places[..self.claimed().0].iter().filter_map(Place::read)
    }
}

static IS_ON: AtomicBool = AtomicBool::new(false);
static LOG: OnceLock<&'static Log> = OnceLock::new();

/// From now on events go to this log.
pub(crate) fn switch_on(log: &'static Log) {
    if LOG.set(log).is_ok() {
        IS_ON.store(true, Relaxed);
    }
}

/// The log, if a session has begun.
pub(crate) fn log() -> Option<&'static Log> {
    LOG.get().copied()
}

/// Whether events are written down. A probe on a fast path asks this once, and does without the rest.
#[inline]
pub fn is_on() -> bool {
    IS_ON.load(Relaxed)
}

#[cold]
fn record(phase: Phase, act: Act, object: u64, argument: i64, text: &str) {
    let Some(log) = log() else { return };
    let (pid, tid) = ids();
    let (time, text) = (now(), Text::new(text));
    log.write(&Event { time, pid, tid, phase, act, object, argument, text });
}

#[inline]
fn record_if_on(phase: Phase, act: Act, object: u64, argument: i64, text: &str) {
    if is_on() {
        record(phase, act, object, argument, text);
    }
}

/// By which shared memory is known here: it is the same in all processes that were forked since it was
/// mapped.
#[inline]
pub fn address<T: ?Sized>(of: &T) -> u64 {
    ptr::from_ref(of).cast::<u8>().addr() as u64
}

/// An object was made at this address. Another name for one that was not used yet takes its place.
#[inline]
pub fn made(object: u64, what: &str) {
    record_if_on(Phase::Instant, Act::Made, object, 0, what);
}

/// The act begins.
#[inline]
pub fn begin(act: Act, object: u64) {
    record_if_on(Phase::Begin, act, object, 0, "");
}

/// This process begins, under this name, as a copy of `parent`.
pub fn begin_process(name: &str, parent: u32) {
    record_if_on(Phase::Begin, Act::Run, parent.into(), 0, name);
}

/// This process ends.
pub fn end_process() {
    end(Act::Run, 0);
}

/// The act ends that this thread began last on the object.
#[inline]
pub fn end(act: Act, object: u64) {
    record_if_on(Phase::End, act, object, 0, "");
}

/// The act is done, and takes no time.
#[inline]
pub fn instant(act: Act, object: u64, argument: i64) {
    record_if_on(Phase::Instant, act, object, argument, "");
}

/// An item goes into the object, as its `number`th. To be called before others can see it, so that
/// it arrives afterwards.
#[inline]
pub fn depart(object: u64, number: u32) {
    record_if_on(Phase::Depart, Act::Put, object, number.into(), "");
}

/// The object's item of this `number` was taken.
#[inline]
pub fn arrive(object: u64, number: u32) {
    record_if_on(Phase::Arrive, Act::Get, object, number.into(), "");
}

/// The act begins, and ends when the result is dropped.
#[inline]
#[must_use = "the act ends when this is dropped"]
pub fn span(act: Act, object: u64) -> Option<Span> {
    is_on().then(|| begin_span(act, object, 0, ""))
}

#[cold]
fn begin_span(act: Act, object: u64, argument: i64, text: &str) -> Span {
    record(Phase::Begin, act, object, argument, text);
    Span { act, object }
}

/// The same for the start of a process with this name.
#[inline]
#[must_use = "the act ends when this is dropped"]
pub fn span_start(name: &str) -> Option<Span> {
    is_on().then(|| begin_span(Act::Start, 0, 0, name))
}

/// The same for a pool's task.
#[inline]
#[must_use = "the act ends when this is dropped"]
pub fn span_task(number: u32) -> Option<Span> {
    is_on().then(|| begin_span(Act::Task, 0, number.into(), ""))
}

/// See [`span`].
#[must_use = "the act ends when this is dropped"]
#[derive(Debug)]
pub struct Span {
    act: Act,
    object: u64,
}

impl Drop for Span {
    #[cold]
    fn drop(&mut self) {
        end(self.act, self.object);
    }
}
