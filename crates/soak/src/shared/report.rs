//! What a process tells its judge, through a pipe of the kernel's: what is judged takes no part in it.
//!
//! A write of up to 4096 bytes to a pipe is there as a whole or not at all, whenever its writer is
//! killed, and stays when the writer is gone.

use std::io::{self, PipeWriter, Write};

/// One thing that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    /// An item was put in.
    Put(u64),
    /// An item was got, and is whole.
    Got { producer: u8, number: u64 },
    /// An item of a joinable queue was said to be done.
    Finished,
    /// The join of a joinable queue said that so many items were lost.
    Lost(u32),
    /// A step of another kind; what the kinds are is up to the role.
    Step { kind: u8, number: u64 },
}

const NUMBER_BITS: u32 = 48;
const WORD: usize = size_of::<u64>();

impl Record {
    fn to_word(self) -> u64 {
        let (tag, which, number) = match self {
            Record::Put(number) => (1, 0, number),
            Record::Got { producer, number } => (2, producer, number),
            Record::Finished => (3, 0, 0),
            Record::Lost(items) => (4, 0, items.into()),
            Record::Step { kind, number } => (5, kind, number),
        };
        number | u64::from(which) << NUMBER_BITS | tag << (NUMBER_BITS + 8)
    }

    fn from_word(word: u64) -> io::Result<Self> {
        let number = word & ((1 << NUMBER_BITS) - 1);
        let which = (word >> NUMBER_BITS) as u8;
        match word >> (NUMBER_BITS + 8) {
            1 => Ok(Record::Put(number)),
            2 => Ok(Record::Got { producer: which, number }),
            3 => Ok(Record::Finished),
            4 => Ok(Record::Lost(number as u32)),
            5 => Ok(Record::Step { kind: which, number }),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// The records that were read from a pipe.
    pub(crate) fn all_in(bytes: &[u8]) -> impl Iterator<Item = io::Result<Self>> {
        bytes.chunks(WORD).map(|word| match word.try_into() {
            Ok(word) => Self::from_word(u64::from_le_bytes(word)),
            Err(_) => Err(io::ErrorKind::UnexpectedEof.into()),
        })
    }
}

/// Reports in batches: a process that is killed takes along as many records as a batch has.
pub(crate) struct Reporter<'a> {
    pipe: &'a PipeWriter,
    batch: usize,
    waiting: Vec<u8>,
}

impl<'a> Reporter<'a> {
    pub(crate) fn new(pipe: &'a PipeWriter, batch: u64) -> Self {
        Reporter { pipe, batch: batch as usize, waiting: Vec::new() }
    }

    /// Blocks while the pipe is full.
    pub(crate) fn say(&mut self, record: Record) -> io::Result<()> {
        self.waiting.extend(record.to_word().to_le_bytes());
        if self.waiting.len() < self.batch * WORD { Ok(()) } else { self.flush() }
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.pipe.write_all(&self.waiting)?;
        self.waiting.clear();
        Ok(())
    }
}
