//! A way to the server that breaks.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use tempfile::TempDir;

use crate::server::Server;

/// Where a connection is cut.
#[derive(Clone, Copy)]
pub(crate) struct Cut {
    /// The number of the message, command or reply, counted over all connections.
    pub(crate) message: usize,
    /// Half of it passes, or nothing.
    pub(crate) is_half: bool,
}

/// Passes on what goes both ways, and cuts one connection; later ones are left alone.
pub(crate) struct Proxy {
    folder: TempDir,
    passed: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
    acceptor: Option<JoinHandle<()>>,
}

impl Proxy {
    pub(crate) fn start(server: &Server, cut: Option<Cut>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("proxy.sock")).unwrap();
        let (passed, is_over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, end, socket) = (passed.clone(), is_over.clone(), server.socket());
        let acceptor = thread::spawn(move || {
            let mut ways = Vec::new();
            while let Ok((client, _)) = listener.accept() {
                if end.load(Ordering::SeqCst) {
                    break;
                }
                let server = UnixStream::connect(&socket).unwrap();
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let count = count.clone();
                    ways.push(thread::spawn(move || pass_on(from, to, &count, cut)));
                }
            }
            ways.into_iter().for_each(|way| way.join().unwrap());
        });
        Proxy { folder, passed, is_over, acceptor: Some(acceptor) }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}/proxy.sock", self.folder.path().display())
    }

    /// How many messages went through.
    pub(crate) fn passed(&self) -> usize {
        self.passed.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    /// Ends when all clients have closed their connections.
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let _ = UnixStream::connect(self.folder.path().join("proxy.sock"));
        self.acceptor.take().unwrap().join().unwrap();
    }
}

fn pass_on(mut from: UnixStream, mut to: UnixStream, count: &AtomicUsize, cut: Option<Cut>) {
    let mut buffer = [0; 16_384]; // longer than each message
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let message = count.fetch_add(1, Ordering::SeqCst);
        let passed = match cut.filter(|cut| cut.message == message) {
            Some(Cut { is_half, .. }) => usize::from(is_half) * read / 2,
            None => read,
        };
        if to.write_all(&buffer[..passed]).is_err() || passed < read {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
