//! Messages through pipes, with deadlines.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::processes::DEADLINE;

/// A message from one process to another: "I have come so far".
pub struct Signpost {
    reader: PipeReader,
    writer: PipeWriter,
}

impl Signpost {
    /// Not set.
    pub fn new() -> Self {
        let (reader, writer) = io::pipe().unwrap();
        Signpost { reader, writer }
    }

    /// Lets one [`wait`](Self::wait) go on.
    pub fn set(&self) {
        (&self.writer).write_all(&[1]).unwrap();
    }

    /// Waits until it is set, and takes that back.
    #[track_caller]
    pub fn wait(&self) {
        assert!(readable(&self.reader, DEADLINE), "the signpost was not set in time");
        (&self.reader).read_exact(&mut [0]).unwrap();
    }

    /// Whether a [`wait`](Self::wait) would go on.
    pub fn is_set(&self) -> bool {
        readable(&self.reader, Duration::ZERO)
    }
}

/// Whether there is something to read, or the end, before the time is up.
pub fn readable(fd: &impl AsFd, timeout: Duration) -> bool {
    let timeout = PollTimeout::try_from(timeout).unwrap();
    poll(&mut [PollFd::new(fd.as_fd(), PollFlags::POLLIN)], timeout).unwrap() > 0
}

/// Reads until every process has closed the other end.
#[track_caller]
pub fn read_to_end(mut reader: PipeReader) -> String {
    let mut text = Vec::new();
    loop {
        assert!(readable(&reader, DEADLINE), "a process still holds the pipe");
        let mut chunk = [0; 4096];
        match reader.read(&mut chunk).unwrap() {
            0 => return String::from_utf8(text).unwrap(),
            n => text.extend(&chunk[..n]),
        }
    }
}
