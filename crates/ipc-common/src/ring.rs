//! [`Ring`]: a queue of byte strings in shared memory that no `kill -9` can break.
//!
//! ```text
//!            taken                      put
//!              │ count of items           │ count of items
//!              ▼                          ▼
//!  data  ┌────┬────────────┬───────┬─────┬──────────────────────────────────┐
//!        │free│ len │ item │ …     │ …   │ free, mostly never touched       │
//!        └────┴────────────┴───────┴─────┴──────────────────────────────────┘
//!              ▲ head                     ▲ tail
//! ```
//!
//! Producers work under one robust lock, consumers under another, so that the two sides only meet
//! in the two counters.
//!
//! *The rule that makes a kill at any instruction harmless*: all that a `put` does is invisible
//! until it adds one to `put`, and all that a `get` does until it adds one to `taken`. Each side
//! keeps two copies of its place, and the count says by being even or odd which of them is valid;
//! a step writes the other one. Who dies before the count has changed has done nothing. Who dies
//! after it is done but for giving back the lock, which the kernel does.
//!
//! *Nobody sleeps for ever.* One of each side at most sleeps for the other, with its own side's
//! lock in hand; if it is killed, the kernel gives the lock to the next, who looks for himself. It
//! sleeps on the other side's counter, and marks it. A marked counter is only ever changed by a
//! system call that wakes at the same time, so that none dies between the two.
//!
//! *Memory follows the backlog.* Records are contiguous. Where it pays, a producer leaves a jump
//! behind and goes on at the beginning, so that the bytes in use stay few and in the cache.

use std::hint;
use std::ops::RangeInclusive;
use std::slice;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicU64, fence};

use crate::counter::{Counter, ONE};
use crate::deadline::Deadline;
use crate::locked::Locked;
use crate::memory::{Mapping, Shareable, Shared};
use crate::robust::RobustLock;
use crate::{Error, Result};

/// Counts wrap around; no more items than half their range can be told apart.
const MOST_ITEMS: u32 = 1 << 29;

/// Where a side stands: an offset into the data, and how many jumps it has made.
#[repr(C)]
struct Place {
    offset: AtomicU64,
    jumps: AtomicU64,
}

#[repr(C, align(128))]
struct Producers {
    lock: RobustLock,
    places: [Place; 2],
    /// The consumers' place and count when a producer last looked: they may be further by now.
    seen: Place,
    seen_taken: AtomicU32,
    /// The end of the bytes that were in use when the last jump to the beginning was made.
    used: AtomicU64,
    /// The end of the bytes that have taken memory.
    touched: AtomicU64,
}

#[repr(C, align(128))]
struct Consumers {
    lock: RobustLock,
    places: [Place; 2],
    /// The producers' count when a consumer last looked: they may be further by now.
    seen_put: AtomicU32,
    /// How often they looked since they last let items gather in vain.
    looks: AtomicU32,
}

#[repr(C)]
struct Control {
    put: Counter,
    taken: Counter,
    producers: Producers,
    consumers: Consumers,
}

// SAFETY: only atomics and locks, for which zero bytes are valid.
unsafe impl Shareable for Control {}

/// A record is the item's length, then the item, filled up to whole words. A jump is the offset
/// to go on at, with this bit. There is always room for a jump behind the last record.
const JUMP: u64 = 1 << 63;
const WORD: u64 = 8;

/// Producers look where the consumers are once in so many bytes, and go back to the beginning
/// when at least so many are free there.
const LOOK: u64 = 16 << 10;
/// A drained ring keeps as much of its memory as four items like the last need, but at least and at
/// most so much.
const KEEP: RangeInclusive<u64> = 16 << 20..=64 << 20;

/// Consumers let items gather for so long if as many come meanwhile, and try it once in so many
/// times that they find the ring empty.
const PAUSES: u32 = 64;
const WORTH: u32 = 4;
const TRY: u32 = 128;

pub(crate) struct Ring {
    control: Shared<Control>,
    data: Mapping,
    /// The ring is full with so many items.
    limit: u32,
}

impl Ring {
    /// A ring that is full with `limit` items; with 0 only memory limits it.
    pub(crate) fn new(limit: usize) -> Result<Self> {
        let limit = u32::try_from(limit).unwrap_or(MOST_ITEMS).min(MOST_ITEMS);
        let limit = if limit == 0 { MOST_ITEMS } else { limit };
        Ok(Ring { control: Shared::zeroed()?, data: Mapping::reserve()?, limit })
    }

    /// How many items were put and taken in all, for who keeps account of them.
    pub(crate) fn counters(&self) -> (&Counter, &Counter) {
        (&self.control.put, &self.control.taken)
    }

    /// The number of items, exact at one moment during the call.
    pub(crate) fn len(&self) -> u32 {
        self.control.put.ahead_of(&self.control.taken)
    }

    pub(crate) fn limit(&self) -> u32 {
        self.limit
    }

    /// From now on nothing can be put. Who sleeps is woken.
    pub(crate) fn close(&self) {
        self.control.put.close();
        self.control.taken.close();
    }

    /// Puts an item in that comes in two parts.
    pub(crate) fn put(&self, head: &[u8], body: &[u8], deadline: Deadline) -> Result<()> {
        let size = head.len() + body.len();
        let record = WORD + (size as u64).next_multiple_of(WORD);
        // With half of the ring, there is room on one side or the other whenever it is drained.
        let limit = self.end() / 2 / WORD * WORD - WORD;
        if record > limit {
            return Err(Error::TooLarge { size, limit: (limit - WORD) as usize });
        }
        let Control { put, taken, producers, .. } = &*self.control;
        let lock = Locked::enter(&producers.lock, deadline, || self.len() >= self.limit)?;
        let lock = lock.ok_or(Error::Full)?;
        let count = put.count();
        let (place, next) = Place::pair(&producers.places, count);
        let (tail, jumps) = (place.offset.load(Relaxed), place.jumps.load(Relaxed));
        // What a producer had seen who died in the middle of looking is not to be trusted.
        if lock.owner_died || tail / LOOK != (tail + record) / LOOK {
            self.look();
            self.give_back(keep(record));
        }
        let mut looked = false;
        let start = loop {
            if put.is_closed() {
                return Err(Error::Closed);
            }
            let seen_taken = producers.seen_taken.load(Relaxed);
            if count.wrapping_sub(seen_taken) / ONE < self.limit
                && let Some(start) = self.room(tail, jumps, record + WORD)
            {
                break start;
            }
            self.look();
            let is_news = producers.seen_taken.load(Relaxed) != seen_taken;
            if is_news && !(looked && deadline.is_past()) {
                looked = true;
            } else if is_news || !taken.wait_while(seen_taken, deadline) {
                return Err(Error::Full);
            }
        };
        // SAFETY: `room` says that these bytes are free, and no other producer writes now.
        unsafe {
            if start != tail {
                self.write_word(tail, JUMP | start);
            }
            self.write_word(start, size as u64);
            let item = self.at(start + WORD);
            item.copy_from_nonoverlapping(head.as_ptr(), head.len());
            if !body.is_empty() {
                item.add(head.len()).copy_from_nonoverlapping(body.as_ptr(), body.len());
            }
        }
        let end = start + record;
        next.offset.store(end, Relaxed);
        next.jumps.store(jumps + u64::from(start != tail), Relaxed);
        if start < tail {
            producers.used.store(tail + WORD, Relaxed);
        }
        let touched = end.max(tail) + WORD;
        if touched > producers.touched.load(Relaxed) {
            producers.touched.store(touched, Relaxed);
        }
        put.add_one();
        Ok(())
    }

    /// Where `need` free bytes are: at `tail`, or where to jump. As far as has been seen.
    fn room(&self, tail: u64, jumps: u64, need: u64) -> Option<u64> {
        let Producers { seen, used, .. } = &self.control.producers;
        let (head, used, end) = (seen.offset.load(Relaxed), used.load(Relaxed), self.end());
        let fits = |start: u64, end: u64| (start + need <= end).then_some(start);
        match jumps - seen.jumps.load(Relaxed) {
            // Both sides are in one stretch: head … tail.
            0 if head >= 2 * (tail - head) + LOOK => fits(0, head).or(fits(tail, end)),
            0 => fits(tail, end).or(fits(0, head)),
            // The consumers are behind a jump to the beginning: 0 … tail, head … used.
            1 if tail <= head => fits(tail, head).or(fits(used, end)),
            // There was no room at the beginning any more: … used … tail.
            _ => fits(tail, end),
        }
    }

    /// Looks where the consumers are.
    fn look(&self) {
        let Control { taken, producers, consumers, .. } = &*self.control;
        loop {
            let count = taken.count();
            let (place, _) = Place::pair(&consumers.places, count);
            let (offset, jumps) = (place.offset.load(Relaxed), place.jumps.load(Relaxed));
            fence(Acquire);
            // Two steps later this place is written anew; one step shows in the count.
            if taken.count() == count {
                producers.seen.offset.store(offset, Relaxed);
                producers.seen.jumps.store(jumps, Relaxed);
                producers.seen_taken.store(count, Relaxed);
                return;
            }
        }
    }

    /// Takes the first item: `copy` copies it. When it is certain to be there, calls `taking`, and
    /// keeps what that returns until the item is taken.
    pub(crate) fn get<G>(
        &self,
        copy: impl FnOnce(&[u8]),
        deadline: Deadline,
        taking: impl FnOnce() -> Result<G>,
    ) -> Result<()> {
        let Control { put, taken, consumers, producers } = &*self.control;
        let lock = Locked::enter(&consumers.lock, deadline, || self.len() == 0)?;
        let _lock = lock.ok_or(Error::Empty)?;
        let count = taken.count();
        while consumers.seen_put.load(Relaxed) == count {
            let is_closed = put.is_closed();
            // (In a small ring not enough can gather.)
            if deadline != Deadline::NOW && self.limit > 64 {
                consumers.let_gather(put, count);
            }
            consumers.seen_put.store(put.count(), Relaxed);
            if consumers.seen_put.load(Relaxed) != count {
                break;
            }
            if is_closed {
                // A producer may have found it open just before, and is now at work.
                let producer = Locked::enter(&producers.lock, deadline, || false)?;
                let _producer = producer.ok_or(Error::Empty)?;
                match put.count() == count {
                    true => return Err(Error::Closed),
                    false => continue,
                }
            }
            if !put.wait_while(count, deadline) {
                return Err(Error::Empty);
            }
        }
        let (place, next) = Place::pair(&consumers.places, count);
        let (mut head, mut jumps) = (place.offset.load(Relaxed), place.jumps.load(Relaxed));
        // SAFETY: the count says that a record, or a jump to it, begins at `head`, and no producer
        // writes there until we have taken it.
        let (from, len) = unsafe {
            let from = head;
            let mut word = self.read_word(head);
            if word & JUMP != 0 {
                (head, jumps) = (word & !JUMP, jumps + 1);
                word = self.read_word(head);
            }
            copy(slice::from_raw_parts(self.at(head + WORD), word as usize));
            (from, word)
        };
        let record = WORD + len.next_multiple_of(WORD);
        let head = head + record;
        fence(Release); // who sees what is written now sees the count before it
        next.offset.store(head, Relaxed);
        next.jumps.store(jumps, Relaxed);
        let until_taken = taking()?;
        taken.add_one();
        drop(until_taken);
        let is_drained = consumers.seen_put.load(Relaxed) == count.wrapping_add(ONE);
        let keep = keep(record);
        if is_drained && head > keep || head < from && from > keep {
            // A producer who is at it will do the same for us.
            if let Ok(Some(_lock)) = Locked::enter(&producers.lock, Deadline::NOW, || true) {
                self.look();
                self.give_back(keep);
            }
        }
        Ok(())
    }

    /// Gives the memory above `keep` back that is free. For a producer who has just looked.
    fn give_back(&self, keep: u64) {
        let Control { put, producers, .. } = &*self.control;
        let touched = producers.touched.load(Relaxed);
        let (place, _) = Place::pair(&producers.places, put.count());
        if touched <= keep || place.jumps.load(Relaxed) != producers.seen.jumps.load(Relaxed) {
            return;
        }
        let is_drained = put.count() == producers.seen_taken.load(Relaxed);
        let tail = if is_drained { 0 } else { place.offset.load(Relaxed) + WORD };
        let from = tail.max(keep);
        // SAFETY: the consumers have followed all jumps, so what they have not taken is below the
        // tail, and nobody puts anything above it while we have the producers' lock.
        unsafe { self.data.give_back(from as usize, touched as usize) };
        producers.touched.store(from, Relaxed);
    }

    fn end(&self) -> u64 {
        self.data.len() as u64
    }

    fn at(&self, offset: u64) -> *mut u8 {
        debug_assert!(offset <= self.end());
        self.data.start().as_ptr().wrapping_add(offset as usize)
    }

    /// # Safety
    ///
    /// A word must stand at `offset` that no process writes now.
    unsafe fn read_word(&self, offset: u64) -> u64 {
        // SAFETY: within the data, and aligned, as all records are whole words.
        unsafe { self.at(offset).cast::<u64>().read() }
    }

    /// # Safety
    ///
    /// The word at `offset` must be within the data, and no process may be using it.
    unsafe fn write_word(&self, offset: u64, word: u64) {
        // SAFETY: as above.
        unsafe { self.at(offset).cast::<u64>().write(word) }
    }
}

impl Consumers {
    /// Who takes each item as soon as it comes fights with the producer for the same memory over
    /// every one of them. So let some gather, if some do: once in a while try whether it is so.
    fn let_gather(&self, put: &Counter, count: u32) {
        let looks = self.looks.load(Relaxed);
        if looks < TRY {
            return self.looks.store(looks + 1, Relaxed);
        }
        (0..PAUSES).for_each(|_| hint::spin_loop());
        let pays = put.count().wrapping_sub(count) / ONE >= WORTH;
        self.looks.store(if pays { TRY } else { 0 }, Relaxed);
    }
}

fn keep(record: u64) -> u64 {
    (4 * record).clamp(*KEEP.start(), *KEEP.end())
}

impl Place {
    /// The valid one of two, and the other.
    fn pair(places: &[Place; 2], count: u32) -> (&Place, &Place) {
        let odd = (count / ONE % 2) as usize;
        (&places[odd], &places[1 - odd])
    }
}
