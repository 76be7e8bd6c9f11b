//! Pipes: messages are whole, ends are seen, and many can be waited for at once.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use ipc_common::{Child, Connection, Error, Process, one_way_pipe, pipe, wait};
use nix::sys::signal::{SigHandler, Signal, signal};
use serde_bytes::ByteBuf;
use testing::kill_points::at_every_instruction;
use testing::memory::pattern;
use testing::processes::{DEADLINE, go_on, is_in_poll, join, start, stop, storm_of_signals, until};
use testing::tests;
use testing::victim::Victim;

tests![
    messages_go_both_ways_and_are_never_merged,
    messages_of_any_size_around_a_packets_are_whole,
    sixteen_mebibytes_are_echoed,
    the_end_is_seen_on_both_sides,
    an_end_is_an_error_and_no_signal,
    a_hang_up_alone_is_seen,
    siblings_see_each_others_end,
    the_end_comes_after_the_last_message,
    one_way_is_one_way,
    a_message_of_another_type_is_an_error_and_the_next_is_good,
    many_may_use_one_end,
    poll_is_not_early_and_not_for_ever,
    signal_handlers_do_not_disturb_a_wait,
    four_children_times_ten_messages,
    a_sentinel_and_a_pipe_can_be_waited_for_together,
    a_sender_killed_at_any_instruction_harms_nobody,
    a_stopped_receiver_leaves_messages_to_the_other,
];

fn messages_go_both_ways_and_are_never_merged() {
    let (left, right) = pipe::<String, u32>().unwrap();
    let sizes = [0, 1, 2, 100, 16_000, 16_384, 16_385, 70_000, 0];
    for size in sizes {
        left.send(&"x".repeat(size)).unwrap();
    }
    right.send(&5).unwrap();
    for size in sizes {
        assert_eq!(right.recv().unwrap(), "x".repeat(size));
    }
    assert_eq!(left.recv().unwrap(), 5);
    assert!(!left.poll(Duration::ZERO).unwrap() && !right.poll(Duration::ZERO).unwrap());
}

/// Packets and the parts of a large message hold a round number of bytes, of which some are not the
/// text's.
fn messages_of_any_size_around_a_packets_are_whole() {
    let (left, right) = pipe::<String, ()>().unwrap();
    for round in [16 << 10, 64 << 10, 128 << 10] {
        for size in round - 20..=round + 20 {
            let text: String = ('a'..='z').cycle().take(size).collect();
            left.send(&text).unwrap();
            assert!(right.recv().unwrap() == text, "a text of {size} bytes");
        }
    }
}

fn sixteen_mebibytes_are_echoed() {
    let (left, right) = pipe::<ByteBuf, ByteBuf>().unwrap();
    let child = start(|| right.send(&right.recv().unwrap()).unwrap());
    let bytes = ByteBuf::from(pattern(0, 16 << 20));
    left.send(&bytes).unwrap();
    assert!(left.recv().unwrap() == bytes);
    assert_eq!(join(&child), 0);
}

fn the_end_is_seen_on_both_sides() {
    let (left, right) = pipe::<u8, u8>().unwrap();
    let child = Process::new(move || right.send(&1).unwrap()).start().unwrap();
    assert_eq!(left.recv().unwrap(), 1);
    assert!(matches!(left.recv(), Err(Error::Hangup)));
    assert!(matches!(left.send(&2), Err(Error::Hangup)));
    assert!(matches!(left.send(&2), Err(Error::Hangup)));
    assert_eq!(join(&child), 0);

    let (left, right) = pipe::<u8, u8>().unwrap();
    let child = Process::new(move || {
        drop(left);
        assert!(matches!(right.recv(), Err(Error::Hangup)));
        assert!(matches!(right.send(&2), Err(Error::Hangup)));
    });
    assert_eq!(join(&child.start().unwrap()), 0);
}

/// Also in a process in which the kernel's signal for it would be the end.
fn an_end_is_an_error_and_no_signal() {
    let child = start(|| {
        // SAFETY: no handler function is involved.
        unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) }.unwrap();
        for size in [0, 100_000] {
            let (left, right) = pipe::<String, ()>().unwrap();
            drop(right);
            assert!(matches!(left.send(&"x".repeat(size)), Err(Error::Hangup)));
        }
    });
    assert_eq!(join(&child), 0);
}

/// Of a pipe of the kernel's there is nothing to read then.
fn a_hang_up_alone_is_seen() {
    let (reader, writer) = io::pipe().unwrap();
    assert!(wait(&[&reader], Some(Duration::ZERO)).unwrap().is_empty());
    drop(writer);
    assert_eq!(wait(&[&reader], Some(DEADLINE)).unwrap(), [0]);
}

/// Two children, each with its end: whichever is killed, the other one hears of it.
fn siblings_see_each_others_end() {
    for first_dies in [true, false] {
        let (left, right) = pipe::<u8, u8>().unwrap();
        let listen = |end: Connection<u8, u8>| assert!(matches!(end.recv(), Err(Error::Hangup)));
        let first = Process::new(move || listen(left));
        let first = first.start_without(&[&right]).unwrap();
        let second = Process::new(move || listen(right)).start().unwrap();
        let (dies, hears) = if first_dies { (first, second) } else { (second, first) };
        dies.kill().unwrap();
        assert_eq!(join(&dies), -9);
        assert_eq!(join(&hears), 0);
    }
    let (left, right) = pipe::<u8, u8>().unwrap();
    let child = Process::new(|| {
        assert!(matches!(right.send(&1), Err(Error::System { .. })));
        assert!(matches!(right.recv(), Err(Error::System { .. })));
    });
    assert_eq!(join(&child.start_without(&[&right]).unwrap()), 0);
    assert!(!left.poll(Duration::ZERO).unwrap());
}

fn the_end_comes_after_the_last_message() {
    let (left, right) = pipe::<u32, u32>().unwrap();
    // The child goes with messages unread, which is an error of its own to the kernel.
    let child = Process::new(move || (0..3).for_each(|n| right.send(&n).unwrap()));
    left.send(&9).unwrap();
    assert_eq!(join(&child.start().unwrap()), 0);
    assert_eq!((0..3).map(|_| left.recv().unwrap()).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(matches!(left.recv(), Err(Error::Hangup)));
}

fn one_way_is_one_way() {
    let (receiver, sender) = one_way_pipe::<String>().unwrap();
    let child = Process::new(move || sender.send(&"hello".into()).unwrap()).start().unwrap();
    assert_eq!(receiver.recv().unwrap(), "hello");
    assert!(matches!(receiver.recv(), Err(Error::Hangup)));
    assert_eq!(join(&child), 0);
    let (_receiver, sender) = one_way_pipe::<u8>().unwrap();
    assert!(matches!(sender.recv(), Err(Error::Hangup)));
}

fn a_message_of_another_type_is_an_error_and_the_next_is_good() {
    let (left, right) = pipe::<serde_json::Value, u8>().unwrap();
    // SAFETY: the two types differ in nothing but what is sent and received.
    let right: Connection<u8, u32> = unsafe { std::mem::transmute(right) };
    left.send(&"text".into()).unwrap();
    left.send(&7.into()).unwrap();
    assert!(matches!(right.recv(), Err(Error::Decode(_))));
    assert_eq!(right.recv().unwrap(), 7);
}

fn many_may_use_one_end() {
    let (left, right) = pipe::<(u32, String), ()>().unwrap();
    let send = |sender: u32| {
        for n in 0..300 {
            let size = [5, 3_000, 150_000][n % 3];
            left.send(&(sender, char::from(b'a' + sender as u8).to_string().repeat(size))).unwrap();
        }
    };
    let senders: Vec<Child> = (0..4).map(|sender| start(move || send(sender))).collect();
    let receive = || {
        for _ in 0..300 {
            let (sender, text) = right.recv().unwrap();
            assert!(text.bytes().all(|byte| byte == b'a' + sender as u8), "mixed");
            assert!([5, 3_000, 150_000].contains(&text.len()), "torn");
        }
    };
    let receivers: Vec<Child> = (0..4).map(|_| start(receive)).collect();
    assert!(senders.iter().chain(&receivers).all(|child| join(child) == 0));
    assert!(!right.poll(Duration::ZERO).unwrap());
}

fn poll_is_not_early_and_not_for_ever() {
    let (left, right) = pipe::<u8, u8>().unwrap();
    let (begin, timeout) = (Instant::now(), Duration::from_millis(60));
    assert!(!right.poll(timeout).unwrap());
    assert!(begin.elapsed() >= timeout);
    left.send(&1).unwrap();
    assert!(right.poll(Duration::MAX).unwrap() && right.poll(Duration::ZERO).unwrap());
    right.recv().unwrap();
    drop(left);
    assert!(right.poll(Duration::ZERO).unwrap(), "the end can be received, too");
}

fn signal_handlers_do_not_disturb_a_wait() {
    let (left, right) = pipe::<ByteBuf, ByteBuf>().unwrap();
    let _storm = storm_of_signals();
    let (begin, timeout) = (Instant::now(), Duration::from_millis(100));
    assert!(!left.poll(timeout).unwrap());
    assert!(begin.elapsed() >= timeout);
    let echo = start(|| (0..2000).for_each(|_| right.send(&right.recv().unwrap()).unwrap()));
    for n in 0..2000 {
        let message = ByteBuf::from(vec![n as u8; n * 20]);
        left.send(&message).unwrap();
        assert!(left.recv().unwrap() == message);
    }
    assert_eq!(join(&echo), 0);
}

fn four_children_times_ten_messages() {
    let (mut receivers, mut children) = (Vec::new(), Vec::new());
    for id in 0..4 {
        let (receiver, sender) = one_way_pipe().unwrap();
        let send = move || (0..10).for_each(|n| sender.send(&(id, n)).unwrap());
        children.push(Process::new(send).start().unwrap());
        receivers.push(receiver);
    }
    let mut messages = Vec::new();
    while !receivers.is_empty() {
        let sources: Vec<&dyn AsFd> = receivers.iter().map(|receiver| receiver as _).collect();
        let ready = wait(&sources, Some(DEADLINE)).unwrap();
        assert!(!ready.is_empty());
        for &position in ready.iter().rev() {
            match receivers[position].recv() {
                Ok(message) => messages.push(message),
                Err(Error::Hangup) => drop(receivers.remove(position)),
                Err(error) => panic!("{error}"),
            }
        }
    }
    messages.sort_unstable();
    let all: Vec<(i32, i32)> = (0..4).flat_map(|id| (0..10).map(move |n| (id, n))).collect();
    assert_eq!(messages, all);
    assert!(children.iter().all(|child| join(child) == 0));
}

fn a_sentinel_and_a_pipe_can_be_waited_for_together() {
    let (left, right) = pipe::<u8, u8>().unwrap();
    let child = start(|| {
        right.recv().unwrap();
        right.send(&1).unwrap();
        right.recv().unwrap();
    });
    let timeout = Duration::from_millis(50);
    let begin = Instant::now();
    assert!(wait(&[&left, &child], Some(timeout)).unwrap().is_empty());
    assert!(begin.elapsed() >= timeout);
    left.send(&0).unwrap();
    assert_eq!(wait(&[&child, &left], None).unwrap(), [1]);
    left.recv().unwrap();
    left.send(&0).unwrap();
    assert_eq!(wait(&[&child, &left], None).unwrap(), [0]);
    left.send(&0).unwrap(); // to this process's own copy of the other end
    assert_eq!(wait(&[&child, &left, &right], None).unwrap(), [0, 2]);
}

fn a_sender_killed_at_any_instruction_harms_nobody() {
    killed_in_send("send", "the message of the victim".into());
}

pub(crate) fn killed_in_send(name: &str, message: String) {
    at_every_instruction(name, |n| {
        let (left, right) = pipe::<String, ()>().unwrap();
        left.send(&"before".into()).unwrap();
        let victim = Victim::new(|| left.send(&message).unwrap());
        let reached = victim.steps(n);
        victim.kill();
        left.send(&"after".into()).unwrap();
        assert_eq!(right.recv().unwrap(), "before");
        let next = right.recv().unwrap();
        assert!(next == "after" || next == message && right.recv().unwrap() == "after");
        assert!(!right.poll(Duration::ZERO).unwrap());
        reached
    });
}

/// Of two receivers that wait, one is stopped, as by a debugger.
fn a_stopped_receiver_leaves_messages_to_the_other() {
    for stopped in [0, 1] {
        let (left, right) = pipe::<u32, u32>().unwrap();
        let echo = || start(|| right.send(&right.recv().unwrap()).unwrap());
        let receivers = [echo(), echo()];
        receivers.iter().for_each(|receiver| until("sleep", || is_in_poll(receiver.pid())));
        stop(&receivers[stopped]);
        left.send(&7).unwrap();
        assert!(left.poll(DEADLINE).unwrap(), "the message waits for the stopped process");
        assert_eq!(join(&receivers[1 - stopped]), 0);
        go_on(&receivers[stopped]);
        left.send(&8).unwrap();
        assert_eq!(join(&receivers[stopped]), 0);
    }
}
