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

    /// Adds an item, which `write` appends to what it is given; then it returns no bytes. Or it returns
    /// the item's bytes, lowest first, and how many they are, which is below 16. After an error there is
    /// no such item.
    #[inline]
    pub(crate) fn push<E>(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(u128, usize), E>,
    ) -> Result<(), E> {
        let start = self.bytes.len();
        self.bytes.push(0);
        let (few, size) = write(self.bytes).inspect_err(|_| self.bytes.truncate(start))?;
        self.count += 1;
        if size > 0 {
            debug_assert!(size < 16 && self.bytes.len() == start + 1, "it is returned or appended");
            // The whole record, or two words, by one store.
            self.bytes.truncate(start);
            self.bytes.extend_from_slice(&(few << 8 | size as u128).to_le_bytes());
            self.bytes.truncate(start + Shape { head: 1, item: size as u64 }.record() as usize);
            return Ok(());
        }
        let size = self.bytes.len() - start - 1;
        match u8::try_from(size) {
            Ok(short) if short < LONG => self.bytes[start] = short,
            _ => self.make_long(start, size),
        }
        let end = self.bytes.len().next_multiple_of(WORD as usize);
        self.bytes.extend_from_slice(&[0; WORD as usize]);
        self.bytes.truncate(end);
        Ok(())
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

/// The items of [`Records`], one after the other.
#[derive(Debug)]
pub struct Items<'a> {
    rest: &'a [u8],
    /// The first byte of the last record, if it says all of its shape, and that. The processor expects
    /// the next one to be like it: then it need not wait for this one to know where that begins.
    last: Option<(u8, Shape, usize)>,
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        let word = self.rest.first_chunk()?;
        let (shape, record) = match self.last {
            Some((first, shape, record)) if first == word[0] => (shape, record),
            _ => {
                let Head::Item(shape) = read_head(u64::from_le_bytes(*word)) else { return None };
                let record = shape.record() as usize;
                self.last = (shape.head == 1).then_some((word[0], shape, record));
                (shape, record)
            }
        };
        let (record, rest) = self.rest.split_at_checked(record)?;
        self.rest = rest;
        record.get(shape.head as usize..)?.get(..shape.item as usize)
    }
}

/// The first records of these: at most `most`, of which all but the first end within `reach` bytes.
/// How many they are, and their bytes.
pub(crate) fn first_records(records: &[u8], most: usize, reach: usize) -> (usize, usize) {
    let (mut count, mut end) = (0, 0);
    for item in (Items { rest: records, last: None }).take(most) {
        let record = Shape::of_item(item.len() as u64).record() as usize;
        if count > 0 && end + record > reach {
            break;
        }
        (count, end) = (count + 1, end + record);
    }
    (count, end)
}
