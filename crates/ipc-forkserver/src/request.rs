//! [`Request`]: what is asked of a fork server.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use ipc_codec::{decode, encode};
use ipc_error::{Error, Result};
use ipc_memory::{Parcel, Part};
use ipc_process::internal::Identity;
use nix::sys::memfd::{MFdFlags, memfd_create};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::image::Image;
use crate::packet::{MOST_BYTES, MOST_FILES, recv, send};

/// What there is to say of a server that does not answer.
pub(crate) const KILLED: &str = "the server was killed meanwhile; try it again";

/// A process that is to be started.
#[derive(Serialize, Deserialize, Debug)]
pub(crate) struct Request {
    pub name: String,
    pub lineage: String,
    pub daemon: bool,
    pub ends_with_parent: bool,
    /// The addresses of a function that decodes the arguments, and of the one that takes them.
    pub entry: u64,
    pub function: u64,
    pub images: [Image; 2],
    pub arguments: ByteBuf,
    parcels: Vec<Description>,
}

/// A [`Parcel`] but for its descriptors, which travel beside it, in the same order.
#[derive(Serialize, Deserialize, Debug)]
struct Description {
    kind: String,
    parts: Vec<PartDescription>,
}

#[derive(Serialize, Deserialize, Debug)]
enum PartDescription {
    Inherited { address: u64, len: u64 },
    Memory { len: u64 },
    File,
    Number(u64),
}

impl Request {
    pub(crate) fn new(
        identity: &Identity,
        ends_with_parent: bool,
        [entry, function]: [u64; 2],
        arguments: Vec<u8>,
    ) -> Result<Self> {
        let image = |address| {
            let unknown = "cannot start a function that is in no file that the linker has loaded";
            Image::of(address).ok_or(Error::Invalid(unknown))
        };
        Ok(Request {
            name: identity.name.to_string(),
            lineage: identity.lineage.clone(),
            daemon: identity.daemon,
            ends_with_parent: ends_with_parent || identity.daemon,
            entry,
            function,
            images: [image(entry)?, image(function)?],
            arguments: ByteBuf::from(arguments),
            parcels: Vec::new(),
        })
    }

    /// Whether the functions are where they are in the process that asks.
    pub(crate) fn finds_its_functions(&self) -> bool {
        let addresses = [self.entry, self.function];
        addresses.into_iter().zip(&self.images).all(|(address, image)| image.is_at(address))
    }

    /// Sends it with the parcels and the end of a line to the child.
    pub(crate) fn send(
        &mut self,
        socket: impl AsFd,
        parcels: &[Parcel],
        line: BorrowedFd<'_>,
    ) -> Result<()> {
        let name = self.name.clone();
        let failed = |e: io::Error| match e.kind() {
            ErrorKind::BrokenPipe => Error::ForkServer { name, why: KILLED.into() },
            _ => Error::system(format!("start {name}: ask the fork server"), "", e),
        };
        let mut files = vec![line];
        self.parcels = parcels.iter().map(|parcel| describe(parcel, &mut files)).collect();
        if files.len() >= MOST_FILES {
            return Err(Error::Invalid(
                "cannot start a process with so many queues, locks and pipes among its arguments; \
                 together they have more than 250 descriptors",
            ));
        }
        let mut bytes = Vec::new();
        encode(self, &mut bytes)?;
        if bytes.len() <= MOST_BYTES {
            return send(socket, &bytes, &files).map_err(failed);
        }
        // A packet of one byte says that the request is in the first file.
        let sent = in_a_file(&bytes).and_then(|file| {
            let files: Vec<_> = [file.as_fd()].into_iter().chain(files).collect();
            send(socket, &[0], &files)
        });
        sent.map_err(failed)
    }

    /// The next one, with its parcels and line; `None` if there will be no more.
    pub(crate) fn recv(socket: impl AsFd) -> io::Result<Option<(Self, Vec<Parcel>, OwnedFd)>> {
        let Some((mut bytes, files)) = recv(socket)? else { return Ok(None) };
        let mut files = files.into_iter();
        let missing = || io::Error::from(io::ErrorKind::InvalidData);
        if bytes.len() == 1 {
            let mut file = File::from(files.next().ok_or_else(missing)?);
            bytes.clear();
            file.rewind()?;
            file.read_to_end(&mut bytes)?;
        }
        let line = files.next().ok_or_else(missing)?;
        let mut request: Request = decode(&bytes).map_err(io::Error::other)?;
        let parcels = request.parcels.drain(..).map(|parcel| parcel.complete(&mut files));
        let parcels = parcels.collect::<Option<Vec<_>>>().ok_or_else(missing)?;
        Ok(Some((request, parcels, line)))
    }
}

fn in_a_file(bytes: &[u8]) -> io::Result<File> {
    let mut file = File::from(memfd_create(c"arguments", MFdFlags::MFD_CLOEXEC)?);
    file.write_all(bytes)?;
    Ok(file)
}

fn describe<'a>(parcel: &'a Parcel, files: &mut Vec<BorrowedFd<'a>>) -> Description {
    let parts = parcel.parts.iter().map(|part| match part {
        Part::Inherited { address, len, here: _ } => {
            PartDescription::Inherited { address: *address as u64, len: *len as u64 }
        }
        Part::Memory { file, len } => {
            files.push(file.as_fd());
            PartDescription::Memory { len: *len as u64 }
        }
        Part::File(file) => {
            files.push(file.as_fd());
            PartDescription::File
        }
        Part::Number(number) => PartDescription::Number(*number),
    });
    let parts = parts.collect();
    Description { kind: parcel.kind.clone(), parts }
}

impl Description {
    /// `None` if a file is missing.
    fn complete(self, files: &mut impl Iterator<Item = OwnedFd>) -> Option<Parcel> {
        let parts = self.parts.into_iter().map(|part| {
            Some(match part {
                PartDescription::Inherited { address, len } => {
                    let (address, len) = (address as usize, len as usize);
                    Part::Inherited { address, here: address, len }
                }
                PartDescription::Memory { len } => {
                    Part::Memory { file: files.next()?, len: len as usize }
                }
                PartDescription::File => Part::File(files.next()?),
                PartDescription::Number(number) => Part::Number(number),
            })
        });
        Some(Parcel { kind: self.kind, parts: parts.collect::<Option<_>>()? })
    }
}
