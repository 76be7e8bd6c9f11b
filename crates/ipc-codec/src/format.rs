//! MessagePack's marks, as bytes are written and read. (Of its kinds of value only timestamps and
//! other extensions are missing.)

use crate::error::{Cause, CodecError};
use crate::short::Short;

pub(crate) const NIL: u8 = 0xc0;
pub(crate) const FALSE: u8 = 0xc2;
pub(crate) const TRUE: u8 = 0xc3;
pub(crate) const FLOAT_32: u8 = 0xca;
pub(crate) const FLOAT_64: u8 = 0xcb;
/// Marks of numbers of 1 byte; behind each, those of 2, 4 and 8.
const UINT: u8 = 0xcc;
const INT: u8 = 0xd0;

/// The marks of values that have a length, which stands in the mark or in 1, 2 or 4 bytes behind it.
pub(crate) struct Marks {
    in_mark: u8,
    /// Shorter ones have their length in the mark.
    in_mark_below: usize,
    in_1: Option<u8>,
    in_2: u8,
    in_4: u8,
}

const STR: Marks =
    Marks { in_mark: 0xa0, in_mark_below: 32, in_1: Some(0xd9), in_2: 0xda, in_4: 0xdb };
const BIN: Marks = Marks { in_mark: 0, in_mark_below: 0, in_1: Some(0xc4), in_2: 0xc5, in_4: 0xc6 };
pub(crate) const ARRAY: Marks =
    Marks { in_mark: 0x90, in_mark_below: 16, in_1: None, in_2: 0xdc, in_4: 0xdd };
pub(crate) const MAP: Marks =
    Marks { in_mark: 0x80, in_mark_below: 16, in_1: None, in_2: 0xde, in_4: 0xdf };

#[inline]
pub(crate) fn write_len(out: &mut Vec<u8>, marks: &Marks, len: usize) -> Result<(), CodecError> {
    match (len, marks.in_1) {
        _ if len < marks.in_mark_below => out.push(marks.in_mark | len as u8),
        (..=0xff, Some(mark)) => out.extend([mark, len as u8]),
        (..=0xffff, _) => write_marked(out, marks.in_2, (len as u16).to_be_bytes()),
        (..=0xffff_ffff, _) => write_marked(out, marks.in_4, (len as u32).to_be_bytes()),
        _ => return Err(Cause::TooLong(len).into()),
    }
    Ok(())
}

#[inline]
pub(crate) fn write_str(out: &mut Vec<u8>, text: &str) -> Result<(), CodecError> {
    write_len(out, &STR, text.len())?;
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

pub(crate) fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), CodecError> {
    write_len(out, &BIN, bytes.len())?;
    out.extend_from_slice(bytes);
    Ok(())
}

/// What [`write_bytes`] writes before bytes whose length needs four itself.
pub(crate) fn head_of_many_bytes(len: usize) -> [u8; 5] {
    let [a, b, c, d] = (len as u32).to_be_bytes();
    [BIN.in_4, a, b, c, d]
}

#[inline]
pub(crate) fn write_marked<const N: usize>(out: &mut Vec<u8>, mark: u8, bytes: [u8; N]) {
    out.push(mark);
    out.extend(bytes);
}

#[inline]
pub(crate) fn uint(n: u64) -> Short {
    match n {
        0..=0x7f => Short::of_byte(n as u8),
        0x80..=0xff => Short::marked(UINT, n, 1),
        0x100..=0xffff => Short::marked(UINT + 1, n, 2),
        0x1_0000..=0xffff_ffff => Short::marked(UINT + 2, n, 4),
        _ => Short::marked(UINT + 3, n, 8),
    }
}

#[inline]
pub(crate) fn int(n: i64) -> Short {
    const I8: i64 = i8::MIN as i64;
    const I16: i64 = i16::MIN as i64;
    const I32: i64 = i32::MIN as i64;
    let bits = n.cast_unsigned();
    match n {
        0.. => uint(bits),
        -32.. => Short::of_byte(bits as u8),
        I8.. => Short::marked(INT, bits, 1),
        I16.. => Short::marked(INT + 1, bits, 2),
        I32.. => Short::marked(INT + 2, bits, 4),
        _ => Short::marked(INT + 3, bits, 8),
    }
}

/// What a value begins with: all of it, or the length of what follows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Head {
    Nil,
    Bool(bool),
    Uint(u64),
    Int(i64),
    F32(f32),
    F64(f64),
    Str(usize),
    Bin(usize),
    Array(usize),
    Map(usize),
}

/// Reads a value's head off the front of `bytes`. (Always in line, as what it calls: a result out of
/// line goes through memory, and a number takes seven times as long.)
#[inline(always)]
pub(crate) fn read_head(bytes: &mut &[u8]) -> Result<Head, CodecError> {
    let [mark] = read_array(bytes)?;
    Ok(match mark {
        0x00..=0x7f => Head::Uint(mark.into()),
        0x80..=0x8f => Head::Map((mark & 0x0f).into()),
        0x90..=0x9f => Head::Array((mark & 0x0f).into()),
        0xa0..=0xbf => Head::Str((mark & 0x1f).into()),
        NIL => Head::Nil,
        FALSE => Head::Bool(false),
        TRUE => Head::Bool(true),
        0xc4..=0xc6 => Head::Bin(read_number(bytes, mark - 0xc4)? as usize),
        FLOAT_32 => Head::F32(f32::from_be_bytes(read_array(bytes)?)),
        FLOAT_64 => Head::F64(f64::from_be_bytes(read_array(bytes)?)),
        0xcc..=0xcf => Head::Uint(read_number(bytes, mark - 0xcc)?),
        0xd0 => Head::Int(i8::from_be_bytes(read_array(bytes)?).into()),
        0xd1 => Head::Int(i16::from_be_bytes(read_array(bytes)?).into()),
        0xd2 => Head::Int(i32::from_be_bytes(read_array(bytes)?).into()),
        0xd3 => Head::Int(i64::from_be_bytes(read_array(bytes)?)),
        0xd9..=0xdb => Head::Str(read_number(bytes, mark - 0xd9)? as usize),
        0xdc | 0xdd => Head::Array(read_number(bytes, mark - 0xdb)? as usize),
        0xde | 0xdf => Head::Map(read_number(bytes, mark - 0xdd)? as usize),
        0xe0..=0xff => Head::Int(mark.cast_signed().into()),
        _ => return Err(Cause::NoSuchMark(mark).into()),
    })
}

/// Reads a number that is not negative off the front of `bytes`, if there is one. It does what
/// [`read_head`] does, for the most frequent values in a third of the time.
#[inline(always)]
pub(crate) fn read_uint(bytes: &mut &[u8]) -> Option<u64> {
    let (n, rest) = match *bytes {
        [n @ ..0x80, rest @ ..] => (u64::from(*n), rest),
        [0xcc, n, rest @ ..] => (u64::from(*n), rest),
        [0xcd, a, b, rest @ ..] => (u16::from_be_bytes([*a, *b]).into(), rest),
        [0xce, a, b, c, d, rest @ ..] => (u32::from_be_bytes([*a, *b, *c, *d]).into(), rest),
        [0xcf, rest @ ..] => {
            let (n, rest) = rest.split_first_chunk()?;
            (u64::from_be_bytes(*n), rest)
        }
        _ => return None,
    };
    *bytes = rest;
    Some(n)
}

/// If a value of `len` bytes that begins with this mark is a number that is not negative and has 1 to 4
/// bytes: how far they are from the end of a word.
pub(crate) fn shift_of_uint(mark: u8, len: usize) -> Option<u32> {
    match (mark, len) {
        (0xcc, 2) => Some(56),
        (0xcd, 3) => Some(48),
        (0xce, 5) => Some(32),
        _ => None,
    }
}

/// What is behind this text, if it is a short one and comes first.
#[inline]
pub(crate) fn rest_behind_name<'a>(bytes: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let (mark, rest) = bytes.split_first()?;
    let is_short = (1..STR.in_mark_below).contains(&name.len());
    if !is_short || *mark != STR.in_mark | name.len() as u8 {
        return None;
    }
    rest.strip_prefix(name.as_bytes())
}

/// A number of `1 << log` bytes.
#[inline(always)]
fn read_number(bytes: &mut &[u8], log: u8) -> Result<u64, CodecError> {
    Ok(match log {
        0 => u8::from_be_bytes(read_array(bytes)?).into(),
        1 => u16::from_be_bytes(read_array(bytes)?).into(),
        2 => u32::from_be_bytes(read_array(bytes)?).into(),
        _ => u64::from_be_bytes(read_array(bytes)?),
    })
}

#[inline(always)]
pub(crate) fn read_array<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], CodecError> {
    let Some((array, rest)) = bytes.split_first_chunk() else {
        return Err(Cause::EndsEarly.into());
    };
    *bytes = rest;
    Ok(*array)
}

/// Reads `len` bytes off the front.
#[inline(always)]
pub(crate) fn read_slice<'a>(bytes: &mut &'a [u8], len: usize) -> Result<&'a [u8], CodecError> {
    let Some((slice, rest)) = bytes.split_at_checked(len) else {
        return Err(Cause::EndsEarly.into());
    };
    *bytes = rest;
    Ok(slice)
}
