//! [`Event`]: something that a thread does, and [`Place`], where it is kept.
//!
//! ```text
//!   word 0   1        2            3
//!   ┌────────┬────────┬────────────┬────────┐
//!   │ head   │ time   │ pid │ tid  │ object │
//!   ├────────┼────────┴────────────┴────────┤
//!   │ REST   │ text, or a large argument    │  a second place, of an event that has one of these
//!   └────────┴──────────────────────────────┘
//!     head: bit 63 COMPLETE │ 62 LONG: has a second place │ argument: 38 bits │ length of the text │ phase │ act
//! ```
//!
//! The head is written last. A place whose word 0 is 0 is free, or its writer was killed. Events are small because
//! of the kernel: to give out a new page takes longer than all else that is done for the events on it.

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
        let mut len = text.len().min(TEXT);
        while !text.is_char_boundary(len) {
            len -= 1;
        }
        let mut bytes = [0; TEXT];
        bytes[..len].copy_from_slice(&text.as_bytes()[..len]);
        Text { bytes, len: len as u8 }
    }

    pub(crate) fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.len.into()).unwrap_or_default();
        str::from_utf8(bytes).unwrap_or_default()
    }
}

/// Room for an event, or for the rest of the one before it.
#[repr(C, align(32))]
pub(crate) struct Place([AtomicU64; 4]);

const COMPLETE: u64 = 1 << 63;
const LONG: u64 = 1 << 62;
const REST: u64 = 1;

impl Event {
    /// How many places it needs.
    pub(crate) fn places(&self) -> usize {
        let is_long = self.text.len > 0 || argument_in(head_with(self.argument)) != self.argument;
        1 + usize::from(is_long)
    }

    /// What goes into a second place. No event has both a text and a large argument.
    fn rest(&self) -> [u64; 3] {
        match self.text.len {
            0 => [self.argument.cast_unsigned(), 0, 0],
            _ => {
                let (words, _) = self.text.bytes.as_chunks();
                [0, 1, 2].map(|i| u64::from_ne_bytes(words[i]))
            }
        }
    }
}

/// The bits of the head that are the argument's: 24 to 61.
fn head_with(argument: i64) -> u64 {
    argument.cast_unsigned() << 26 >> 2
}

/// The argument that the head has, with its sign.
fn argument_in(head: u64) -> i64 {
    (head << 2).cast_signed() >> 26
}

impl Place {
    /// Writes an event into the places that it needs, and to which no other thread writes.
    pub(crate) fn write(places: &[Place], event: &Event) {
        let Event { time, pid, tid, phase, act, object, argument, text } = event;
        let [Place(place), rest @ ..] = places else { return };
        let mut described = u64::from(text.len) << 16 | (*phase as u64) << 8 | *act as u64;
        described |= head_with(*argument);
        if let [Place(second), ..] = rest {
            let [one, two, three] = event.rest();
            store(second, [REST, one, two, three]);
            described |= LONG;
        }
        store(place, [0, *time, u64::from(*pid) << 32 | u64::from(*tid), *object]);
        place[0].store(COMPLETE | described, Release);
    }

    /// The event that begins with the first of the places, if one was written to its end.
    pub(crate) fn read(places: &[Place]) -> Option<Event> {
        let [Place(place), rest @ ..] = places else { return None };
        let head = place[0].load(Acquire);
        if head & COMPLETE == 0 {
            return None;
        }
        let [_, time, thread, object] = load(place);
        let [act, phase, len, ..] = head.to_le_bytes();
        let (mut argument, mut bytes) = (argument_in(head), [0; TEXT]);
        if head & LONG != 0 {
            let [_, words @ ..] = load(&rest.first()?.0);
            match len {
                0 => argument = words[0].cast_signed(),
                _ => bytes
                    .as_chunks_mut()
                    .0
                    .iter_mut()
                    .zip(words)
                    .for_each(|(bytes, word)| *bytes = word.to_ne_bytes()),
            }
        }
        Some(Event {
            time,
            pid: (thread >> 32) as u32,
            tid: thread as u32,
            phase: PHASES.into_iter().find(|known| *known as u8 == phase)?,
            act: Act::from_number(act)?,
            object,
            argument,
            text: Text { bytes, len },
        })
    }

    /// Whether a thread that claimed it was killed before it had written its event.
    pub(crate) fn is_torn(&self) -> bool {
        self.0[0].load(Relaxed) == 0
    }
}

fn store(place: &[AtomicU64; 4], words: [u64; 4]) {
    place.iter().zip(words).for_each(|(to, word)| to.store(word, Relaxed));
}

fn load(place: &[AtomicU64; 4]) -> [u64; 4] {
    place.each_ref().map(|word| word.load(Relaxed))
}
