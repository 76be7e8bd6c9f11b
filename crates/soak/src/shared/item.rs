//! [`Item`]: what goes through queues, pipes and lists. Its content follows from its name, so that the
//! receiver can tell whether it is whole.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::shared::random::Random;

/// Item `number` of a producer.
#[derive(Serialize, Deserialize, Debug)]
pub(crate) struct Item {
    pub(crate) producer: u8,
    pub(crate) number: u64,
    body: ByteBuf,
}

/// How large the items of a stream are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sizes {
    /// Up to 32 bytes.
    Small,
    /// Mostly up to 300 bytes, now and then 20 KiB, seldom 300 KiB.
    Mixed,
    /// Mostly up to 1 KiB, often close to 16 KiB, where pipes change their way; now and then 1 MiB.
    Large,
}

impl Item {
    pub(crate) fn new(producer: u8, number: u64, sizes: Sizes) -> Self {
        let mut words = words_of(producer, number);
        let mut body = vec![0; sizes.draw(&mut words)];
        body.chunks_mut(8)
            .for_each(|chunk| chunk.copy_from_slice(&words.word().to_le_bytes()[..chunk.len()]));
        Item { producer, number, body: ByteBuf::from(body) }
    }

    /// What is wrong with it, if anything is.
    pub(crate) fn fault(&self, sizes: Sizes) -> Option<String> {
        let Item { producer, number, body } = self;
        let mut words = words_of(*producer, *number);
        let size = sizes.draw(&mut words);
        if body.len() != size {
            let is = body.len();
            return Some(format!(
                "item {number} of producer {producer} has {is} bytes instead of {size}"
            ));
        }
        let wrong =
            body.chunks(8).position(|chunk| chunk != &words.word().to_le_bytes()[..chunk.len()])?;
        let place = wrong * 8;
        Some(format!("item {number} of producer {producer} is torn at byte {place} of {size}"))
    }
}

/// What an item is made of.
fn words_of(producer: u8, number: u64) -> Random {
    Random(number << 8 | u64::from(producer))
}

impl Sizes {
    fn draw(self, words: &mut Random) -> usize {
        let random = words.word() as usize;
        let (choice, size) = (random % 1024, random >> 10);
        match self {
            Sizes::Small => size % 33,
            Sizes::Mixed if choice == 0 => size % (300 << 10),
            Sizes::Mixed if choice < 16 => size % (20 << 10),
            Sizes::Mixed => size % 300,
            Sizes::Large if choice < 16 => size % (1 << 20),
            Sizes::Large if choice < 80 => (16 << 10) - 32 + size % 48,
            Sizes::Large => size % 1024,
        }
    }
}
