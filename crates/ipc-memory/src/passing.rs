//! Giving locks, queues and all else that processes share to a process that is no fork of this one.
//!
//! They travel among the arguments of a function that another process is to call. In the encoded
//! arguments there is only a number for each: the place of a [`Parcel`] with its parts, which travel
//! beside them, with the descriptors. So whatever a program's own `Serialize` and `Deserialize` do,
//! memory is never taken for what it is not.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::mem;
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU32};

use ipc_error::{Error, Result};
use ipc_trace::internal::is_on;
use nix::sys::stat::fstat;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

/// What a shared object is made of.
#[derive(Debug)]
pub enum Part {
    /// A shared mapping that was there when the receiver's line of forks parted from the giver's.
    Inherited {
        /// Where it begins in the receiver.
        address: usize,
        /// Where it begins in this process.
        here: usize,
        /// In bytes.
        len: usize,
    },
    /// A shared mapping made later.
    Memory {
        /// Of the first bytes of this.
        file: OwnedFd,
        /// In bytes.
        len: usize,
    },
    /// Any open file.
    File(OwnedFd),
    /// What must be known of the others.
    Number(u64),
}

impl Part {
    /// What tells it from others in traces: the number of its file, or its place in the receiver.
    pub(crate) fn identity(&self) -> i64 {
        match self {
            Part::Inherited { address, .. } => *address as i64,
            Part::Memory { file, .. } if is_on() => {
                fstat(file).map_or(0, |stat| stat.st_ino as i64)
            }
            _ => 0,
        }
    }
}

/// A shared object on its way.
#[derive(Debug)]
pub struct Parcel {
    /// The [`Passed::KIND`] of the object.
    pub kind: String,
    /// See [`Passed::pack`].
    pub parts: Vec<Part>,
}

/// What can be passed: it derives `Serialize` and `Deserialize` from this by [`serialize`] and
/// [`deserialize`].
///
/// # Safety
///
/// `unpack` makes the same of the parts as `pack` made parts of, in the same order: memory as the type
/// that it is. No type of another memory layout has the same `KIND`.
pub unsafe trait Passed: Sized {
    /// Its type.
    const KIND: &'static str;

    /// Its parts.
    fn pack(&self) -> Result<Vec<Part>>;

    /// The object, made of parts that one of its kind was packed into.
    fn unpack(parts: &mut Received) -> Result<Self>;
}

/// The parts of a [`Parcel`] that has come.
#[derive(Debug)]
pub struct Received(std::vec::IntoIter<Part>);

impl Received {
    /// The next part.
    pub fn part(&mut self) -> Result<Part> {
        self.0.next().ok_or_else(|| misread("a part is missing"))
    }

    /// The next part, which is a number.
    pub fn number(&mut self) -> Result<u64> {
        match self.part()? {
            Part::Number(number) => Ok(number),
            _ => Err(misread("a part is no number")),
        }
    }

    /// The next part, which is a file.
    pub fn file(&mut self) -> Result<OwnedFd> {
        match self.part()? {
            Part::File(file) => Ok(file),
            _ => Err(misread("a part is no file")),
        }
    }
}

fn misread(what: &str) -> Error {
    let source = io::Error::new(io::ErrorKind::InvalidData, what);
    Error::system("take in what another process has passed", "", source)
}

/// How many forks were made for others to descend from.
static EPOCH: AtomicU32 = AtomicU32::new(0);

/// From now on what is mapped in this process can be passed to processes that descend from the fork
/// that was just made, and no longer to those of an earlier one: what is mapped up to now is at the
/// same place in them, and what is mapped later keeps a descriptor.
pub fn be_passable() {
    EPOCH.fetch_add(1, Relaxed);
}

/// The number of the last of these forks. What was packed before it is not for those that descend from
/// it.
pub fn epoch() -> u32 {
    EPOCH.load(Relaxed)
}

/// Whether new mappings are to be made of files.
pub(crate) fn is_passable() -> bool {
    epoch() > 0
}

thread_local! {
    /// The parcels that are being given or taken by this thread.
    static GIVEN: RefCell<Option<Vec<Parcel>>> = const { RefCell::new(None) };
    static TAKEN: RefCell<Vec<Parcel>> = const { RefCell::new(Vec::new()) };
}

/// Whether [`take_while`] runs.
static TAKES: AtomicBool = AtomicBool::new(false);

/// Whether inherited memory must stay where it is, because parcels know it by its place there. The user's
/// code that runs while they are unpacked may drop a static object that is in one of them.
pub(crate) fn is_unpacking() -> bool {
    TAKES.load(Relaxed)
}

/// Runs `encode`, in which shared objects can be serialised, and returns them.
pub fn give_while<R>(encode: impl FnOnce() -> R) -> (R, Vec<Parcel>) {
    let before = GIVEN.replace(Some(Vec::new()));
    let result = encode();
    (result, GIVEN.replace(before).unwrap_or_default())
}

/// Runs `decode`, in which the shared objects can be deserialised, and drops those that were not.
///
/// # Safety
///
/// The parcels must be those that [`give_while`] has returned in the process of whose fork this is a
/// descendant, made after it became [passable](be_passable), with their descriptors; and this process
/// must have unmapped nothing that it has inherited, before: meanwhile nothing is unmapped, whatever
/// `decode` drops. It is done once in a process, and first.
pub unsafe fn take_while<R>(parcels: Vec<Parcel>, decode: impl FnOnce() -> R) -> R {
    TAKES.store(true, Relaxed);
    TAKEN.set(parcels);
    let result = decode();
    TAKEN.take();
    TAKES.store(false, Relaxed);
    result
}

/// Another handle in this process to the same shared object.
pub fn try_clone<T: Passed>(object: &T) -> Result<T> {
    T::unpack(&mut Received(object.pack()?.into_iter()))
}

/// Serialises a shared object, within [`give_while`].
pub fn serialize<T: Passed, S: Serializer>(object: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let place = GIVEN.with_borrow_mut(|given| {
        let given = given.as_mut().ok_or_else(|| S::Error::custom(NotHere(T::KIND)))?;
        let parts = object.pack().map_err(S::Error::custom)?;
        given.push(Parcel { kind: T::KIND.into(), parts });
        Ok(given.len() as u64 - 1)
    })?;
    serializer.serialize_u64(place)
}

/// Deserialises a shared object, within [`take_while`], once for each that was serialised.
pub fn deserialize<'de, T: Passed, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    let place = usize::deserialize(from)?;
    let parcel = TAKEN.with_borrow_mut(|taken| {
        let parcel = taken.get_mut(place).filter(|parcel| parcel.kind == T::KIND);
        parcel.map(|parcel| mem::take(&mut parcel.parts))
    });
    let parts = parcel.ok_or_else(|| D::Error::custom(NotHere(T::KIND)))?;
    T::unpack(&mut Received(parts.into_iter())).map_err(D::Error::custom)
}

/// It is no item, no message, no task.
struct NotHere(&'static str);

impl fmt::Display for NotHere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NotHere(kind) = self;
        write!(
            f,
            "{kind} is shared and cannot be copied into an item or a message; pass it once, to a process \
             that a fork server starts, or make it before the fork and borrow it"
        )
    }
}
