//! What a killed process leaves in the trace.

use std::collections::HashSet;

use ipc_common::{Child, Event, Lock};
use testing::kill_points::at_every_instruction;
use testing::processes::{join, start};
use testing::victim::Victim;

use crate::trace::trace_of;

testing::tests![
    a_process_killed_inside_a_lock_holds_it_at_its_end,
    its_hold_ends_where_another_gets_the_lock,
    a_half_written_event_is_left_out,
];

/// A process that has the lock, and was sent SIGKILL.
fn killed_inside(lock: &Lock) -> Child {
    let held = Event::new().unwrap();
    let victim = start(|| {
        let _guard = lock.lock().unwrap();
        held.set();
        std::thread::park();
    });
    held.wait();
    victim.kill().unwrap();
    victim
}

fn a_process_killed_inside_a_lock_holds_it_at_its_end() {
    let trace = trace_of(|| {
        let lock = Lock::new().unwrap();
        let victim = killed_inside(&lock);
        assert_eq!(join(&victim), -9);
    });
    let (held, life) =
        (trace.slice("Process-1", "hold Lock"), trace.slice("Process-1", "Process-1"));
    assert_eq!(held.end, life.end);
    let mut instants = trace.of_phase("i").filter_map(|event| event["name"].as_str());
    assert!(instants.any(|name| name == "died: exit code -9"));
}

fn its_hold_ends_where_another_gets_the_lock() {
    let trace = trace_of(|| {
        let lock = Lock::new().unwrap();
        let victim = killed_inside(&lock);
        assert!(lock.lock().unwrap().owner_died()); // before it is known how the victim has ended
        assert_eq!(join(&victim), -9);
    });
    let victims = trace.slice("Process-1", "hold Lock");
    let next = trace.slice("MainProcess", "hold Lock");
    assert_eq!(victims.end, next.begin, "{victims:?} {next:?}");
}

/// Victims are killed at one instruction after the other of a lock that is traced.
fn a_half_written_event_is_left_out() {
    let trace = trace_of(|| {
        let lock = Lock::new().unwrap();
        at_every_instruction("a traced lock", |n| {
            let victim = Victim::new(|| drop(lock.lock().unwrap()));
            let is_there = victim.steps(n);
            victim.kill();
            is_there
        });
        drop(lock.lock().unwrap());
    });
    assert!(trace.torn > 0, "no victim was killed between an event's beginning and its end");
    for event in &trace.events {
        assert!(
            event["pid"] != 0 && event["ts"].as_f64() > Some(0.0),
            "not written to its end: {event}"
        );
    }
    let mut held = trace.slices();
    held.retain(|slice| slice.name == "hold Lock 1");
    held.sort_by(|a, b| a.begin.total_cmp(&b.begin));
    let holders: HashSet<_> = held.iter().map(|slice| &slice.process).collect();
    assert!(holders.len() > 20, "{holders:?}");
    for pair in held.windows(2) {
        assert!(pair[0].end <= pair[1].begin, "two hold it at the same time: {pair:?}");
    }
}
