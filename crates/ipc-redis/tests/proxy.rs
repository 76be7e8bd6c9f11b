//! A way to the server that breaks.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use tempfile::TempDir;

use crate::server::Server;

/// Passes on what goes both ways. At a certain byte, counted over all connections, it cuts the
/// connection that the byte goes over; later ones are left alone.
pub(crate) struct Proxy {
    folder: TempDir,
    passed: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
    acceptor: Option<JoinHandle<()>>,
}

impl Proxy {
    pub(crate) fn start(server: &Server, cut_at: usize) -> Self {
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
                    ways.push(thread::spawn(move || pass_on(from, to, &count, cut_at)));
                }
            }
            ways.into_iter().for_each(|way| way.join().unwrap());
        });
        Proxy { folder, passed, is_over, acceptor: Some(acceptor) }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}/proxy.sock", self.folder.path().display())
    }

    /// How many bytes went through.
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

fn pass_on(mut from: UnixStream, mut to: UnixStream, count: &AtomicUsize, cut_at: usize) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let before = count.fetch_add(read, Ordering::SeqCst);
        let is_cut = (before..before + read).contains(&cut_at);
        let passed = if is_cut { cut_at - before } else { read };
        if to.write_all(&buffer[..passed]).is_err() || is_cut {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
