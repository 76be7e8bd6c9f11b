//! How an item lies in a [`Ring`](crate::ring::Ring): as a record of whole words.
//!
//! ```text
//!  byte 0    1                                    lowest byte first, as x86 and ARM have it
//!      ┌────┬────────────┬─────────┐
//!      │ n  │ n bytes    │ padding │             n below 254
//!      ├────┼────────────┼─────────┴───┬─────────┐
//!      │254 │ 7 bytes: n │ n bytes     │ padding │
//!      ├────┼────────────┼─────────────┴─────────┘
//!      │255 │ 7 bytes: at which offset to go on   │  a wrap mark
//!      └────┴─────────────────────────────────────┘
//! ```
//!
//! There is always room for a wrap mark behind the last record.

use std::mem;

pub(crate) const WORD: u64 = 8;

const LONG: u8 = 254;
const WRAP: u8 = 255;

/// What a record's first word says.
#[derive(Clone, Copy)]
pub(crate) enum Head {
    Item(Shape),
    /// Go on at this offset.
    Wrap(u64),
}

/// Where an item lies in its record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// How many bytes stand before it.
    pub head: u64,
    /// How many it has.
    pub item: u64,
}

impl Shape {
    /// The record for an item of this length.
    #[inline]
    pub(crate) fn of_item(item: u64) -> Shape {
        Shape { head: if item < LONG.into() { 1 } else { WORD }, item }
    }

    /// The length of the record.
    #[inline]
    pub(crate) fn record(self) -> u64 {
        (self.head + self.item + WORD - 1) & !(WORD - 1)
    }

    /// The bytes before the item, the first `head` of these.
    #[inline]
    pub(crate) fn word(self) -> u64 {
        if self.head == 1 { self.item } else { self.item << 8 | u64::from(LONG) }
    }
}

/// A wrap mark.
pub(crate) fn wrap_mark(offset: u64) -> u64 {
    offset << 8 | u64::from(WRAP)
}

/// What a record that begins with this word is.
#[inline]
pub(crate) fn read_head(word: u64) -> Head {
    match word as u8 {
        WRAP => Head::Wrap(word >> 8),
        LONG => Head::Item(Shape { head: WORD, item: word >> 8 }),
        item => Head::Item(Shape { head: 1, item: item.into() }),
    }
}

/// Items on their way into a [`Ring`](crate::Ring), or out of it: records, one behind the other.
#[derive(Debug)]
pub struct Records<'a> {
    bytes: &'a mut Vec<u8>,
    count: usize,
}

impl<'a> Records<'a> {
    /// None yet, to be kept in this memory.
    pub fn new(bytes: &'a mut Vec<u8>) -> Self {
        bytes.clear();
        Records { bytes, count: 0 }
    }

    /// Adds items, each of which `write` appends to what it is given; then it returns no bytes. Or it
    /// returns the item's bytes, lowest first, and how many they are, which is below 16. After an error
    /// the records are not to be used.
    #[inline]
    pub(crate) fn extend<T, E>(
        &mut self,
        items: impl Iterator<Item = T>,
        mut write: impl FnMut(T, &mut Vec<u8>) -> Result<(u128, usize), E>,
    ) -> Result<(), E> {
        // Records of short items are together here before they go to the others: then most of them take
        // one store.
        let mut short = ShortRecords { words: &mut [0; 64], len: 0 };
        let (mut count, mut end) = (0, self.bytes.len());
        for item in items {
            // A byte for the item's length, if it is not likely to be short as well.
            if short.is_empty() {
                self.bytes.push(0);
            }
            let (few, size) = write(item, self.bytes)?;
            count += 1;
            if size == 0 {
                self.insert(end, short.take());
                end = self.bytes.len();
                continue;
            }
            if short.is_empty() {
                self.bytes.truncate(end);
            }
            while !short.push(few, size) {
                self.bytes.extend_from_slice(short.take());
                end = self.bytes.len();
            }
        }
        self.bytes.extend_from_slice(short.take());
        self.count += count;
        Ok(())
    }

    /// Makes a record of the item behind `end`, with short ones before it. If there are none, a byte for
    /// its length is there.
    #[inline]
    fn insert(&mut self, end: usize, short: &[u8]) {
        if !short.is_empty() {
            self.bytes.splice(end..end, short.iter().chain(&[0]).copied());
        }
        self.complete(end + short.len());
    }

    /// Makes a record of the item that is behind the byte for its length, which is at `start`.
    #[inline]
    fn complete(&mut self, start: usize) {
        let size = self.bytes.len() - start - 1;
        match u8::try_from(size) {
            Ok(short) if short < LONG => self.bytes[start] = short,
            _ => self.make_long(start, size),
        }
        let end = self.bytes.len().next_multiple_of(WORD as usize);
        self.bytes.extend_from_slice(&[0; WORD as usize]);
        self.bytes.truncate(end);
    }

    #[cold]
    fn make_long(&mut self, start: usize, size: usize) {
        let word = Shape::of_item(size as u64).word();
        self.bytes.splice(start..=start, word.to_le_bytes());
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes
    }

    /// Adds what was read from a ring.
    pub(crate) fn append(&mut self, records: &[u8], count: usize) {
        self.bytes.extend_from_slice(records);
        self.count += count;
    }

    /// The items.
    pub fn items(&self) -> Items<'_> {
        Items { rest: self.bytes, last: None }
    }
}

/// Records of items of fewer than 16 bytes.
struct ShortRecords<'a> {
    words: &'a mut [u64; 64],
    len: usize,
}

impl ShortRecords<'_> {
    #[inline]
    fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds the record of an item of `size` bytes, which are in `few`; `false` if there is no room.
    #[inline]
    fn push(&mut self, few: u128, size: usize) -> bool {
        let Some(two) = self.words.get_mut(self.len..).and_then(<[u64]>::first_chunk_mut) else {
            return false;
        };
        let record = few << 8 | size as u128;
        *two = [record as u64, (record >> 64) as u64];
        self.len += (Shape { head: 1, item: size as u64 }.record() / WORD) as usize;
        true
    }

    /// All there are, which are here no longer.
    #[inline]
    fn take(&mut self) -> &[u8] {
        let len = mem::take(&mut self.len);
        bytemuck::cast_slice(&self.words[..len])
    }
}

/// An item of [`Records`].
#[derive(Clone, Copy, Debug)]
pub enum Item<'a> {
    /// It has fewer than 8 bytes: the first of them lowest, and how many.
    Short(u64, usize),
    /// All others.
    Long(&'a [u8]),
}

/// The items of [`Records`], one after the other.
#[derive(Clone, Debug)]
pub struct Items<'a> {
    rest: &'a [u8],
    /// The first byte of the last record, if it says all of its shape, and that. The processor expects
    /// the next one to be like it: then it need not wait for this one to know where that begins.
    last: Option<(u8, Shape)>,
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    #[inline]
    fn next(&mut self) -> Option<Item<'a>> {
        let (word, rest) = self.rest.split_first_chunk()?;
        let word = u64::from_le_bytes(*word);
        let len = word & 0xff;
        if len >= WORD {
            return self.next_long(word).map(Item::Long);
        }
        self.rest = rest;
        Some(Item::Short(word >> 8, len as usize))
    }
}

impl<'a> Items<'a> {
    /// The next item, whose record begins with this word and has others.
    #[inline]
    fn next_long(&mut self, word: u64) -> Option<&'a [u8]> {
        let shape = match self.last {
            Some((first, shape)) if first == word as u8 => shape,
            _ => {
                let Head::Item(shape) = read_head(word) else { return None };
                self.last = (shape.head == 1).then_some((word as u8, shape));
                shape
            }
        };
        let (record, rest) = self.rest.split_at_checked(shape.record() as usize)?;
        self.rest = rest;
        record.get(shape.head as usize..)?.get(..shape.item as usize)
    }
}

/// The first records of these: at most `most`, of which all but the first end within `reach` bytes.
/// How many they are, and their bytes.
pub(crate) fn first_records(records: &[u8], most: usize, reach: usize) -> (usize, usize) {
    let (mut count, mut end) = (0, 0);
    for item in (Items { rest: records, last: None }).take(most) {
        let len = match item {
            Item::Short(_, len) => len,
            Item::Long(bytes) => bytes.len(),
        };
        let record = Shape::of_item(len as u64).record() as usize;
        if count > 0 && end + record > reach {
            break;
        }
        (count, end) = (count + 1, end + record);
    }
    (count, end)
}
