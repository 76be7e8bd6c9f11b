//! [`Report`]: how a test has ended, written by its process and read by the one that waits for it.

use std::any::Any;
use std::fs::File;
use std::io::{self, Read, Seek, Write};

use rustix::fs::{MemfdFlags, OFlags, memfd_create};

/// A file without a name that two processes have.
pub(crate) struct Report(File);

/// A new file without a name.
pub(crate) fn nameless_file() -> io::Result<File> {
    Ok(memfd_create(c"ipc-test", MemfdFlags::CLOEXEC)?.into())
}

/// All that was written to the file.
pub(crate) fn contents(mut file: &File) -> io::Result<String> {
    let mut written = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut written)?;
    Ok(String::from_utf8_lossy(&written).into_owned())
}

impl Report {
    /// Takes the file that was given as standard input; the test reads nothing there.
    pub(crate) fn from_stdin() -> Self {
        let stdin = rustix::stdio::stdin();
        let file = rustix::io::fcntl_dupfd_cloexec(stdin, 3).expect("standard input is the report");
        let null = rustix::fs::open("/dev/null", OFlags::RDONLY, 0.into())
            .expect("/dev/null can be opened");
        rustix::stdio::dup2_stdin(null).expect("standard input can be replaced");
        Report(file.into())
    }

    /// Writes how the test has ended.
    pub(crate) fn write(mut self, ending: &str) {
        self.0.write_all(ending.as_bytes()).expect("the report can be written to memory");
    }

    /// Writes with which message it has panicked.
    pub(crate) fn write_panic(self, panic: &(dyn Any + Send)) {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        match text.or_else(|| panic.downcast_ref::<&str>().copied()) {
            Some(text) => self.write(&format!("it panicked: {text}")),
            None => self.write("it panicked"),
        }
    }
}
