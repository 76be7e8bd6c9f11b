//! Writing events down. All of it does nothing unless a session has begun.

use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use crate::act::Act;
use crate::event::{Event, Phase, Place, Text};
use crate::os::{ids, now};

/// How many places there are: 64 MiB, which take memory from when they are written.
const PLACES: usize = 1 << 21;

/// All events of all processes.
#[repr(C)]
pub(crate) struct Log {
    /// How many places were claimed, or would have been if there were more.
    claimed: AtomicU64,
    /// How many events found none.
    dropped: AtomicU64,
    /// The last one is for the rest of an event in the one before it.
    places: [Place; PLACES + 1],
}

impl Log {
    fn write(&self, event: &Event) {
        let count = event.places();
        let first = self.claimed.fetch_add(count as u64, Relaxed) as usize;
        if first < PLACES {
            Place::write(&self.places[first..first + count], event);
        } else {
            self.dropped.fetch_add(1, Relaxed);
        }
    }

    /// For how many events there was no place.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }

    /// The places that have been claimed.
    fn claimed(&self) -> &[Place] {
        let claimed = self.claimed.load(Relaxed).min(self.places.len() as u64);
        &self.places[..claimed as usize]
    }

    /// How many of them killed processes have left unfinished.
    pub(crate) fn torn(&self) -> usize {
        self.claimed().iter().filter(|place| place.is_torn()).count()
    }

    /// The events that were written to their end.
    pub(crate) fn events(&self) -> impl Iterator<Item = Event> {
        let places = self.claimed();
        (0..places.len()).filter_map(|first| Place::read(&places[first..]))
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

/// One act on the object ends, and at the same time another begins.
#[inline]
pub fn end_and_begin(ended: Act, begun: Act, object: u64) {
    if is_on() {
        record_both(ended, begun, object);
    }
}

#[cold]
fn record_both(ended: Act, begun: Act, object: u64) {
    let Some(log) = log() else { return };
    let ((pid, tid), time, text) = (ids(), now(), Text::default());
    for (phase, act) in [(Phase::End, ended), (Phase::Begin, begun)] {
        log.write(&Event { time, pid, tid, phase, act, object, argument: 0, text });
    }
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
