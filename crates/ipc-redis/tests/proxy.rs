//! A way to the server that breaks, or is slow.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tempfile::TempDir;

use crate::server::Server;

/// What happens on the way.
#[derive(Clone, Copy)]
pub(crate) enum Trouble {
    Nothing,
    /// The connection is cut before a message, command or reply, counted over all connections, or
    /// after half of it. Later ones are left alone.
    Cut {
        message: usize,
        is_half: bool,
    },
    /// One message in ten takes its time.
    Delays,
}

/// Passes on what goes both ways.
pub(crate) struct Proxy {
    folder: TempDir,
    passed: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
    acceptor: Option<JoinHandle<()>>,
}

impl Proxy {
    pub(crate) fn start(server: &Server, trouble: Trouble) -> Self {
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
                    ways.push(thread::spawn(move || pass_on(from, to, &count, trouble)));
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

fn pass_on(mut from: UnixStream, mut to: UnixStream, count: &AtomicUsize, trouble: Trouble) {
    let mut buffer = [0; 16_384]; // longer than each message
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let message = count.fetch_add(1, Ordering::SeqCst);
        let passed = match trouble {
            Trouble::Cut { message: this, is_half } if this == message => {
                usize::from(is_half) * read / 2
            }
            _ => read,
        };
        if matches!(trouble, Trouble::Delays) && rand::random_ratio(1, 10) {
            thread::sleep(Duration::from_millis(30));
        }
        if to.write_all(&buffer[..passed]).is_err() || passed < read {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
