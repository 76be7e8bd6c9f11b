//! [`Event`]: something that a thread does, and [`Place`], where it is kept.
//!
//! ```text
//!   word 0       1        2            3        4          5 … 7
//!   ┌──────────┬────────┬────────────┬────────┬──────────┬────────┐
//!   │ head     │ time   │ pid │ tid  │ object │ argument │ text   │
//!   └──────────┴────────┴────────────┴────────┴──────────┴────────┘
//!     head: bit 63 COMPLETE │ … │ length of the text │ phase │ act
//! ```
//!
//! The head is written last. A place whose head is 0 is free, or its writer was killed.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::act::Act;

/// How an act appears in an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Phase {
    Begin,
    End,
    Instant,
    /// An item goes from here; the argument tells it from the object's other items.
    Depart,
    /// It arrives here.
    Arrive,
}

const PHASES: [Phase; 5] = [Phase::Begin, Phase::End, Phase::Instant, Phase::Depart, Phase::Arrive];

/// The longest text in bytes; more is cut off.
const TEXT: usize = 24;

/// See the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// Nanoseconds of the monotonic clock.
    pub(crate) time: u64,
    pub(crate) pid: u32,
    pub(crate) tid: u32,
    pub(crate) phase: Phase,
    pub(crate) act: Act,
    pub(crate) object: u64,
    pub(crate) argument: i64,
    pub(crate) text: Text,
}

/// A short text, in place.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Text {
    bytes: [u8; TEXT],
    len: u8,
}

impl Text {
    pub(crate) fn new(text: &str) -> Self {
        let len = (0..=TEXT).rev().find(|&len| text.is_char_boundary(len)).unwrap_or(0);
        let mut bytes = [0; TEXT];
        bytes[..len].copy_from_slice(&text.as_bytes()[..len]);
        Text { bytes, len: len as u8 }
    }

    pub(crate) fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.len.into()).unwrap_or_default();
        str::from_utf8(bytes).unwrap_or_default()
    }
}

/// Room for one event.
#[repr(C)]
pub(crate) struct Place([AtomicU64; 8]);

const COMPLETE: u64 = 1 << 63;

impl Place {
    /// Writes an event into a place that no other thread writes to.
    pub(crate) fn write(&self, event: &Event) {
        let Event { time, pid, tid, phase, act, object, argument, text } = event;
        let Place([head, words @ ..]) = self;
        let thread = u64::from(*pid) << 32 | u64::from(*tid);
        let values = [*time, thread, *object, argument.cast_unsigned()].into_iter();
        let (text_words, _) = text.bytes.as_chunks();
        let values = values.chain(text_words.iter().map(|word| u64::from_ne_bytes(*word)));
        words.iter().zip(values).for_each(|(word, value)| word.store(value, Relaxed));
        let described = u64::from(text.len) << 16 | (*phase as u64) << 8 | *act as u64;
        head.store(COMPLETE | described, Release);
    }

    /// The event in it, if one was written to its end.
    pub(crate) fn read(&self) -> Option<Event> {
        let Place([head, words @ ..]) = self;
        let head = head.load(Acquire);
        if head & COMPLETE == 0 {
            return None;
        }
        let [act, phase, len, ..] = head.to_le_bytes();
        let [time, thread, object, argument, text @ ..] =
            words.each_ref().map(|word| word.load(Relaxed));
        let mut bytes = [0; TEXT];
        for (bytes, word) in bytes.chunks_exact_mut(8).zip(text) {
            bytes.copy_from_slice(&word.to_ne_bytes());
        }
        Some(Event {
            time,
            pid: (thread >> 32) as u32,
            tid: thread as u32,
            phase: PHASES.into_iter().find(|known| *known as u8 == phase)?,
            act: Act::from_number(act)?,
            object,
            argument: argument.cast_signed(),
            text: Text { bytes, len },
        })
    }
}
