//! Byte strings one after another, each with its length before it (8 bytes).

use std::iter;

/// Appends what `write` appends as one part, or nothing if it fails.
pub fn write_part<E>(
    into: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    let start = into.len();
    into.extend([0; size_of::<u64>()]);
    if let Err(e) = write(into) {
        into.truncate(start);
        return Err(e);
    }
    let body = start + size_of::<u64>();
    let len = (into.len() - body) as u64;
    into[start..body].copy_from_slice(&len.to_ne_bytes());
    Ok(())
}

/// The parts that [`write_part`] has written.
pub fn parts(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    iter::from_fn(move || {
        let (len, rest) = bytes.split_first_chunk()?;
        let (part, rest) = rest.split_at(u64::from_ne_bytes(*len) as usize);
        bytes = rest;
        Some(part)
    })
}
