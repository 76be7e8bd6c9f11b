//! Bytes and files on a pipe: they come whole and in order, between messages, or not at all.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::time::Duration;

use ipc_common::{Error, Process, one_way_pipe, pipe};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use testing::kill_points::at_every_instruction;
use testing::processes::{
    DEADLINE, go_on, is_in_poll, join, open_descriptors, start, stop, storm_of_signals, until,
};
use testing::signpost::read_to_end;
use testing::tests;
use testing::victim::Victim;

tests![
    bytes_of_any_size_come_as_they_are,
    a_buffer_is_used_again,
    a_file_comes_to_a_process_that_was_there_before_it,
    files_and_messages_keep_their_order,
    what_is_not_asked_for_is_lost_and_the_next_is_good,
    an_end_is_seen,
    a_file_for_which_there_is_no_descriptor_is_lost,
    signal_handlers_do_not_disturb_a_wait,
    a_killed_sender_has_sent_a_file_or_not,
    a_killed_receiver_has_taken_a_file_or_not,
    a_stopped_receiver_leaves_files_to_the_other,
];

fn bytes_of_any_size_come_as_they_are() {
    let (left, right) = pipe::<(), ()>().unwrap();
    let bytes: Vec<u8> = (0..=255).cycle().take(3 << 20).collect();
    let sizes = [0, 1, 5, 65_535, 65_536, 65_537, bytes.len()];
    let child = start(|| sizes.iter().for_each(|&size| left.send_bytes(&bytes[..size]).unwrap()));
    for size in sizes {
        assert!(right.recv_bytes().unwrap() == bytes[..size], "{size} bytes");
    }
    assert_eq!(join(&child), 0);
}

fn a_buffer_is_used_again() {
    let (left, right) = one_way_pipe::<()>().unwrap();
    let mut buffer = Vec::with_capacity(1 << 20);
    let place = buffer.as_ptr();
    for text in ["one", "three", "", "two"] {
        right.send_bytes(text.as_bytes()).unwrap();
        left.recv_bytes_into(&mut buffer).unwrap();
        assert_eq!((&*buffer, buffer.as_ptr()), (text.as_bytes(), place));
    }
    drop(right);
    assert!(matches!(left.recv_bytes_into(&mut buffer), Err(Error::Hangup)));
    assert!(buffer.is_empty());
}

fn a_file_comes_to_a_process_that_was_there_before_it() {
    let (left, right) = pipe::<(), ()>().unwrap();
    let child = Process::new(|| -> Result<(), Box<dyn std::error::Error>> {
        let file = right.recv_fd()?;
        // It is not left to a program that the child executes.
        let flags = nix::fcntl::fcntl(&file, nix::fcntl::FcntlArg::F_GETFD)?;
        assert_eq!(flags, nix::libc::FD_CLOEXEC);
        File::from(file).write_all(b"from the child")?;
        Ok(())
    });
    let child = child.start_without(&[&left]).unwrap();
    let (reader, writer) = io::pipe().unwrap();
    left.send_fd(&writer).unwrap();
    drop(writer);
    assert_eq!(read_to_end(reader), "from the child");
    assert_eq!(join(&child), 0);
}

fn files_and_messages_keep_their_order() {
    let (left, right) = pipe::<String, ()>().unwrap();
    let before = open_descriptors();
    let child = start(|| {
        for n in 0..200 {
            let (reader, writer) = (right.recv_fd().unwrap(), right.recv_fd().unwrap());
            let text = right.recv().unwrap();
            File::from(writer).write_all(text.as_bytes()).unwrap();
            let mut got = String::new();
            File::from(reader).read_to_string(&mut got).unwrap();
            assert_eq!(got, n.to_string());
            drop(right.recv_fd().unwrap()); // of no use, and closed
        }
    });
    for n in 0..200 {
        let (reader, writer) = io::pipe().unwrap();
        left.send_fd(&reader).unwrap();
        left.send_fd(&writer).unwrap();
        drop(writer);
        left.send(&n.to_string()).unwrap();
        left.send_fd(&reader).unwrap();
    }
    assert_eq!(join(&child), 0);
    drop(child);
    assert_eq!(open_descriptors(), before);
}

fn what_is_not_asked_for_is_lost_and_the_next_is_good() {
    let (left, right) = pipe::<String, ()>().unwrap();
    let (reader, writer) = io::pipe().unwrap();
    let before = open_descriptors();
    left.send_fd(&writer).unwrap();
    left.send(&"next".into()).unwrap();
    assert!(matches!(right.recv(), Err(Error::Invalid(_))));
    assert_eq!(right.recv().unwrap(), "next");

    let large = "x".repeat(150_000);
    let sender = start(|| {
        left.send(&large).unwrap(); // in three parts
        left.send_fd(&writer).unwrap();
        left.send(&"last".into()).unwrap();
    });
    assert!(matches!(right.recv_fd(), Err(Error::Invalid(_))));
    drop(right.recv_fd().unwrap());
    assert_eq!(right.recv().unwrap(), "last");
    assert_eq!(join(&sender), 0);
    drop((sender, writer));
    assert_eq!(open_descriptors(), before - 1);
    assert_eq!(read_to_end(reader), "", "no copy is left anywhere");
}

fn an_end_is_seen() {
    let (left, right) = pipe::<(), ()>().unwrap();
    drop(right);
    assert!(matches!(left.recv_fd(), Err(Error::Hangup)));
    assert!(matches!(left.send_fd(io::stdout()), Err(Error::Hangup)));
    assert!(matches!(left.send_bytes(b"x"), Err(Error::Hangup)));
}

fn a_file_for_which_there_is_no_descriptor_is_lost() {
    let (left, right) = pipe::<(), ()>().unwrap();
    let (reader, writer) = io::pipe().unwrap();
    for _ in 0..2 {
        left.send_fd(&writer).unwrap();
    }
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let next = File::open("/dev/null").unwrap().as_raw_fd();
    setrlimit(Resource::RLIMIT_NOFILE, next as u64, hard).unwrap();
    let lost = right.recv_fd();
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
    let error = lost.unwrap_err().to_string();
    assert!(error.starts_with("cannot receive a file, which is lost: "), "{error}");
    drop(right.recv_fd().unwrap());
    drop(writer);
    assert_eq!(read_to_end(reader), "");
}

fn signal_handlers_do_not_disturb_a_wait() {
    let (left, right) = pipe::<(), ()>().unwrap();
    let storm = storm_of_signals();
    let child = start(|| {
        std::thread::sleep(Duration::from_millis(60));
        (0..500).for_each(|_| right.send_fd(&right).unwrap());
    });
    (0..500).for_each(|_| drop(left.recv_fd().unwrap()));
    drop(storm);
    assert_eq!(join(&child), 0);
}

/// Its copy is closed in any case.
fn a_killed_sender_has_sent_a_file_or_not() {
    at_every_instruction("send a file", |n| {
        let (left, right) = pipe::<String, ()>().unwrap();
        let (reader, writer) = io::pipe().unwrap();
        let victim = Victim::new(|| left.send_fd(&writer).unwrap());
        let reached = victim.steps(n);
        victim.kill();
        left.send_fd(&writer).unwrap();
        left.send(&"after".into()).unwrap();
        drop(right.recv_fd().unwrap());
        if let Err(Error::Invalid(_)) = right.recv() {
            assert_eq!(right.recv().unwrap(), "after", "the victim's came, and then this");
        }
        assert!(!right.poll(Duration::ZERO).unwrap());
        drop(writer);
        assert_eq!(read_to_end(reader), "");
        reached
    });
}

fn a_killed_receiver_has_taken_a_file_or_not() {
    at_every_instruction("receive a file", |n| {
        let (left, right) = pipe::<String, ()>().unwrap();
        let (reader, writer) = io::pipe().unwrap();
        (0..2).for_each(|_| left.send_fd(&writer).unwrap());
        let victim = Victim::new(|| drop(right.recv_fd().unwrap()));
        let reached = victim.steps(n);
        victim.kill();
        drop(right.recv_fd().unwrap());
        if right.poll(Duration::ZERO).unwrap() {
            drop(right.recv_fd().unwrap());
        }
        left.send(&"after".into()).unwrap();
        assert_eq!(right.recv().unwrap(), "after");
        drop(writer);
        assert_eq!(read_to_end(reader), "");
        reached
    });
}

fn a_stopped_receiver_leaves_files_to_the_other() {
    for stopped in [0, 1] {
        let (left, right) = pipe::<(), ()>().unwrap();
        let (reader, writer) = io::pipe().unwrap();
        let take = || start(|| File::from(right.recv_fd().unwrap()).write_all(b"x").unwrap());
        let receivers = [take(), take()];
        receivers.iter().for_each(|receiver| until("sleep", || is_in_poll(receiver.pid())));
        stop(&receivers[stopped]);
        left.send_fd(&writer).unwrap();
        assert_eq!(receivers[1 - stopped].join_timeout(DEADLINE).unwrap(), Some(0));
        go_on(&receivers[stopped]);
        left.send_fd(&writer).unwrap();
        assert_eq!(join(&receivers[stopped]), 0);
        drop((receivers, writer));
        assert_eq!(read_to_end(reader), "xx");
    }
}
