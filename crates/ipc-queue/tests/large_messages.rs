//! Messages that are too large for one packet: they are whole, wait for their receiver, and need no
//! files.

use std::thread;
use std::time::Duration;

use ipc_common::pipe;
use ipc_queue::internal::unshared_pipe;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::SndBuf;
use serde_bytes::ByteBuf;
use testing::kill_points::at_every_instruction;
use testing::processes::{is_in, is_in_poll, join, start, until};
use testing::tests;
use testing::victim::Victim;

use crate::connection::killed_in_send;

tests![
    sizes_around_that_of_a_part_come_out,
    a_sender_killed_at_any_instruction_of_a_large_message_harms_nobody,
    a_receiver_killed_at_any_instruction_takes_its_message_along_at_most,
    many_large_messages_wait_for_their_receiver,
    small_socket_buffers_are_enough,
    a_message_is_no_file,
    senders_killed_in_a_storm_harm_nobody,
    receivers_killed_in_a_storm_harm_nobody,
];

fn sizes_around_that_of_a_part_come_out() {
    let (left, right) = pipe::<ByteBuf, ()>().unwrap();
    let near = |size: usize| size - 20..size + 20;
    let sizes = || [near(64 << 10), near(128 << 10), near(1 << 20)].into_iter().flatten();
    let sender = start(|| {
        sizes().for_each(|size| left.send(&ByteBuf::from(vec![size as u8; size])).unwrap());
    });
    for size in sizes() {
        assert!(right.recv().unwrap() == vec![size as u8; size], "{size}");
    }
    assert_eq!(join(&sender), 0);
}

fn small_socket_buffers_are_enough() {
    let (left, right) = pipe::<ByteBuf, ()>().unwrap();
    setsockopt(&left, SndBuf, &5_000).unwrap();
    // Both an odd and an even one that is sent in halves.
    let sizes = [0, 1, 4_000, 6_000, 60_000, 60_001, 200_000];
    let sender = start(|| {
        sizes.iter().for_each(|&size| left.send(&ByteBuf::from(vec![1; size])).unwrap());
    });
    sizes.iter().for_each(|&size| assert!(right.recv().unwrap() == vec![1; size], "{size}"));
    assert_eq!(join(&sender), 0);
}

fn a_sender_killed_at_any_instruction_of_a_large_message_harms_nobody() {
    killed_in_send("send of a large message", "the message of the victim ".repeat(4000));
}

fn a_receiver_killed_at_any_instruction_takes_its_message_along_at_most() {
    let message = ByteBuf::from(vec![3; 100_000]);
    at_every_instruction("recv of a large message", |n| {
        let (left, right) = pipe::<ByteBuf, ()>().unwrap();
        left.send(&message).unwrap();
        left.send(&ByteBuf::from(*b"after")).unwrap();
        let victim = Victim::new(|| assert_eq!(right.recv().unwrap().len(), message.len()));
        let reached = victim.steps(n);
        victim.kill();
        let next = right.recv().unwrap();
        assert!(next == b"after" || next == message && right.recv().unwrap() == b"after");
        left.send(&message).unwrap();
        assert!(right.recv().unwrap() == message);
        assert!(!right.poll(Duration::ZERO).unwrap());
        reached
    });
}

/// With so small a limit as many files could not be on their way.
fn many_large_messages_wait_for_their_receiver() {
    let (left, right) = pipe::<ByteBuf, ()>().unwrap();
    let message = |n: usize| ByteBuf::from(vec![n as u8; 20_000 + 10_000 * (n % 20)]);
    let sender = start(|| {
        setrlimit(Resource::RLIMIT_NOFILE, 32, 32).unwrap();
        (0..200).for_each(|n| left.send(&message(n)).unwrap());
    });
    until("send waits", || is_in_poll(sender.pid()) || is_in(sender.pid(), libc::SYS_sendmsg));
    (0..200).for_each(|n| assert!(right.recv().unwrap() == message(n)));
    assert_eq!(join(&sender), 0);
}

fn a_message_is_no_file() {
    let (left, right) = pipe::<ByteBuf, ()>().unwrap();
    let (a, b) = unshared_pipe::<ByteBuf, ByteBuf>().unwrap();
    let message = ByteBuf::from(vec![7; 2 << 20]);
    let sender = start(|| {
        setrlimit(Resource::RLIMIT_FSIZE, 1 << 20, 1 << 20).unwrap();
        left.send(&message).unwrap();
        let error = a.send(&message).unwrap_err().to_string();
        assert!(error.contains("ulimit -f"), "{error}");
        a.send(&ByteBuf::from([1])).unwrap();
    });
    assert!(right.recv().unwrap() == message);
    assert_eq!(join(&sender), 0);
    assert_eq!(b.recv().unwrap(), [1]);
}

fn receivers_killed_in_a_storm_harm_nobody() {
    let (left, right) = pipe::<(u64, String), ()>().unwrap();
    let sender = start(|| {
        for n in 0.. {
            let text = "x".repeat((n * 997 % 300_000) as usize);
            left.send(&(text.len() as u64, text)).unwrap();
        }
    });
    let receive = || {
        let (len, text) = right.recv().unwrap();
        assert_eq!(text.len() as u64, len);
    };
    for _ in 0..100 {
        let receiver = start(|| {
            loop {
                receive()
            }
        });
        thread::sleep(Duration::from_micros(rand::random_range(500..4000)));
        receiver.kill().unwrap();
        assert_eq!(join(&receiver), -9);
        receive();
    }
    assert!(sender.is_alive().unwrap());
}

/// Large messages and small ones.
fn senders_killed_in_a_storm_harm_nobody() {
    let (left, right) = pipe::<(u64, String), ()>().unwrap();
    let send = || {
        for n in 0.. {
            let text = "x".repeat((n * 997 % 300_000) as usize);
            left.send(&(text.len() as u64, text)).unwrap();
        }
    };
    let receiver = start(|| {
        loop {
            let (len, text) = right.recv().unwrap();
            assert_eq!(text.len() as u64, len);
        }
    });
    for _ in 0..200 {
        let sender = start(send);
        thread::sleep(Duration::from_micros(rand::random_range(500..4000)));
        sender.kill().unwrap();
        assert_eq!(join(&sender), -9);
        assert!(receiver.is_alive().unwrap(), "the receiver found something wrong");
    }
}
