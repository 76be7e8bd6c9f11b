//! [`Compound`]: a sequence or map on its way into bytes.

use crate::error::CodecError;
use crate::format::{Marks, write_len};

/// Sees to it that the number of elements stands before them.
pub(crate) struct Compound<'a> {
    pub out: &'a mut Vec<u8>,
    /// How many more levels there may be below it.
    pub levels: u8,
    /// How many elements there were, and were said to be.
    pub count: usize,
    said: usize,
    marks: &'static Marks,
    /// Where their number stands, and they begin.
    head: usize,
    body: usize,
}

impl<'a> Compound<'a> {
    #[inline]
    pub(crate) fn begin(
        out: &'a mut Vec<u8>,
        levels: u8,
        marks: &'static Marks,
        len: Option<usize>,
    ) -> Result<Self, CodecError> {
        let (said, head) = (len.unwrap_or(0), out.len());
        write_len(out, marks, said)?;
        let body = out.len();
        Ok(Compound { out, levels, count: 0, said, marks, head, body })
    }

    #[inline]
    pub(crate) fn end(self) -> Result<(), CodecError> {
        if self.count != self.said {
            let mut head = Vec::new();
            write_len(&mut head, self.marks, self.count)?;
            self.out.splice(self.head..self.body, head);
        }
        Ok(())
    }
}
