//! cloudtoid-interprocess's queue.

use std::cell::OnceCell;
use std::hint::spin_loop;
use std::thread::yield_now;

use cloudtoid_interprocess::{Error, Options, Publisher, Subscriber};
use tempfile::TempDir;

use crate::outcome::Outcome;
use crate::peers::channel::Channel;

/// The bytes that it has room for: more than 40,000 numbers.
const CAPACITY: usize = 1 << 20;

/// Polls of a full queue before the processor is left to others.
const POLLS: u32 = 64;

/// Its queue for bytes, with numbers in them. Each process opens its own ends, when it first needs
/// them: they belong to the process that has opened them.
pub(crate) struct Cloudtoid {
    options: Options,
    publisher: OnceCell<Publisher>,
    subscriber: OnceCell<Subscriber>,
    /// Keeps what is in it when all others have gone.
    _keeper: Subscriber,
    _folder: TempDir,
}

impl Cloudtoid {
    pub(crate) fn new() -> Outcome<Self> {
        let folder = TempDir::new()?;
        // Its semaphore is the machine's: the folder's name keeps it apart from those of other runs.
        let name = folder.path().file_name().ok_or("a folder without a name")?.to_string_lossy();
        let options = Options::new(name.trim_start_matches('.'), CAPACITY).with_path(folder.path());
        Ok(Cloudtoid {
            _keeper: Subscriber::open(&options)?,
            options,
            publisher: OnceCell::new(),
            subscriber: OnceCell::new(),
            _folder: folder,
        })
    }

    fn publisher(&self) -> Outcome<&Publisher> {
        if let Some(publisher) = self.publisher.get() {
            return Ok(publisher);
        }
        let opened = Publisher::open(&self.options)?;
        Ok(self.publisher.get_or_init(|| opened))
    }

    fn subscriber(&self) -> Outcome<&Subscriber> {
        if let Some(subscriber) = self.subscriber.get() {
            return Ok(subscriber);
        }
        let opened = Subscriber::open(&self.options)?;
        Ok(self.subscriber.get_or_init(|| opened))
    }
}

/// It does not wait for room itself.
impl Channel<u64> for Cloudtoid {
    fn put(&self, item: &u64) -> Outcome<()> {
        let (publisher, bytes) = (self.publisher()?, item.to_le_bytes());
        let mut polls = 0_u32;
        loop {
            match publisher.try_send(&bytes) {
                Err(Error::Full) => polls += 1,
                sent => return Ok(sent?),
            }
            if polls.is_multiple_of(POLLS) { yield_now() } else { spin_loop() }
        }
    }

    fn get(&self) -> Outcome<u64> {
        let bytes = self.subscriber()?.recv()?;
        Ok(u64::from_le_bytes(bytes.as_slice().try_into()?))
    }
}
