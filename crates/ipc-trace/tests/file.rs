//! What stands in the file.

use std::collections::HashMap;
use std::thread::sleep;
use std::time::Duration;

use ipc_common::{
    Array, Condition, Event, ForkServer, JoinableQueue, Lock, Pool, Process, Queue, Value, pipe,
};
use testing::processes::{join, start, until};

use crate::trace::trace_of;

testing::tests![
    slices_are_brackets,
    each_process_has_a_lane_with_its_name,
    guards_may_be_dropped_in_any_order,
    an_items_way_leads_from_put_to_get,
    a_way_leads_through_a_fork_server,
    a_messages_way_leads_from_send_to_receive,
    no_message_is_taken_for_another_after_a_kill,
    a_task_runs_between_two_items,
    a_wait_ends_where_the_lock_is_given_back,
    objects_of_a_kind_are_numbered,
    an_object_at_the_same_address_is_another,
    names_may_hold_any_characters,
];

fn slices_are_brackets() {
    let trace = trace_of(|| {
        let (lock, value, event) =
            (Lock::new().unwrap(), Value::new(0).unwrap(), Event::new().unwrap());
        let (queue, condition) = (JoinableQueue::new().unwrap(), Condition::new().unwrap());
        let (left, right) = pipe::<u32, u32>().unwrap();
        let child = start(|| {
            let _guard = lock.lock().unwrap();
            *value.lock().unwrap() += 1;
            queue.put(&1).unwrap();
            event.wait();
            right.send(&2).unwrap();
            let mut held = condition.lock().unwrap();
            held.wait_timeout(Duration::from_millis(1)).unwrap();
        });
        queue.get().unwrap();
        event.set();
        queue.task_done().unwrap();
        queue.join().unwrap();
        left.recv().unwrap();
        condition.lock().unwrap().notify_all();
        assert_eq!(join(&child), 0);
    });
    assert!(trace.slices().len() >= 15, "{:#?}", trace.slices());
    assert_eq!((trace.torn, trace.dropped), (0, 0));
    for name in ["wait for Event", "wait for Condition", "hold Value", "put into JoinableQueue"] {
        assert!(trace.slices().iter().any(|slice| slice.name == name), "{:#?}", trace.slices());
    }
}

fn each_process_has_a_lane_with_its_name() {
    let trace = trace_of(|| {
        let child = Process::new(|| {
            let grandchild = Process::new(|| ()).start().unwrap();
            grandchild.join().unwrap();
        });
        let child = child.name("面包师").start().unwrap();
        child.join().unwrap();
    });
    let mut names: Vec<_> = trace.process_names().into_values().collect();
    names.sort();
    assert_eq!(names, ["MainProcess", "Process-1:1", "面包师"]);
    let (main, child) =
        (trace.slice("MainProcess", "MainProcess"), trace.slice("面包师", "面包师"));
    assert!(main.begin < child.begin && child.end < main.end, "{main:?} {child:?}");
}

fn guards_may_be_dropped_in_any_order() {
    let trace = trace_of(|| {
        let (first, second) = (Lock::new().unwrap(), Lock::new().unwrap());
        let guard = first.lock().unwrap();
        let later = second.lock().unwrap();
        drop(guard);
        drop(later);
    });
    let slices = trace.slices();
    let held = |name: &str| slices.iter().filter(|slice| slice.name == name).count();
    assert_eq!((held("hold Lock 1"), held("hold Lock 2")), (1, 2)); // one is cut in two
}

fn an_items_way_leads_from_put_to_get() {
    const ITEMS: u32 = 100;

    let trace = trace_of(|| {
        let (numbers, never_read) = (Queue::new().unwrap(), Queue::new().unwrap());
        let producers = [0, 1].map(|_| start(|| (0..ITEMS).for_each(|n| numbers.put(&n).unwrap())));
        let consumer =
            start(|| (0..2 * ITEMS).for_each(|_| assert!(numbers.get().unwrap() < ITEMS)));
        never_read.put(&0).unwrap();
        producers.iter().for_each(|producer| assert_eq!(join(producer), 0));
        assert_eq!(join(&consumer), 0);
    });
    let time_of = |event: &serde_json::Value| event["ts"].as_f64().unwrap();
    let departures: Vec<_> = trace.of_phase("s").collect();
    let arrivals: Vec<_> = trace.of_phase("f").collect();
    assert_eq!((departures.len(), arrivals.len()), (2 * ITEMS as usize, 2 * ITEMS as usize));
    let names = trace.process_names();
    for departure in departures {
        let arrival = arrivals.iter().find(|arrival| arrival["id"] == departure["id"]).unwrap();
        assert!(time_of(departure) <= time_of(arrival));
        assert_eq!(names[&arrival["pid"].as_u64().unwrap()], "Process-3");
        assert_ne!(names[&departure["pid"].as_u64().unwrap()], "Process-3");
    }
}

/// Whether it was made before the server or after, it is known under one name.
fn a_way_leads_through_a_fork_server() {
    let trace = trace_of(|| {
        let before = (Queue::new().unwrap(), Array::new(&[0]).unwrap());
        let server = ForkServer::new().unwrap();
        let after = (Queue::new().unwrap(), Lock::new().unwrap());
        type Arguments = (Queue<u32>, Array<u32>, Queue<u32>, Lock);
        let put = |(before, array, after, lock): Arguments| -> ipc_common::Result<()> {
            let (_array, _lock) = (array.lock()?, lock.lock()?);
            before.put(&1)?;
            after.put(&2)
        };
        let queues = (before.0.try_clone().unwrap(), after.0.try_clone().unwrap());
        let others = (before.1.try_clone().unwrap(), after.1.try_clone().unwrap());
        let child = server.process(put, (queues.0, others.0, queues.1, others.1)).name("putter");
        let child = child.start().unwrap();
        assert_eq!((before.0.get().unwrap(), after.0.get().unwrap()), (1, 2));
        assert_eq!(join(&child), 0);
    });
    let names = trace.process_names();
    let processes_of = |phase| {
        let process = |event: &serde_json::Value| &names[&event["pid"].as_u64().unwrap()];
        trace.of_phase(phase).map(process).collect::<Vec<_>>()
    };
    assert_eq!(processes_of("s"), ["putter"; 2]);
    assert_eq!(processes_of("f"), ["MainProcess"; 2]);
    for name in ["put into Queue 1", "put into Queue 2", "hold Array", "hold Lock"] {
        trace.slice("putter", name);
    }
    trace.slice("MainProcess", "get from Queue 1");
}

fn a_messages_way_leads_from_send_to_receive() {
    let trace = trace_of(|| {
        let (left, right) = pipe::<u32, u32>().unwrap();
        let child =
            start(|| (0..5).for_each(|n| right.send(&(right.recv().unwrap() + n)).unwrap()));
        for n in 0..5 {
            left.send(&n).unwrap();
            left.recv().unwrap();
        }
        assert_eq!(join(&child), 0);
    });
    let pids = |phase: &'static str| {
        let ids = trace.of_phase(phase).map(|event| event["id"].as_u64().unwrap());
        ids.zip(trace.of_phase(phase).map(|event| event["pid"].as_u64().unwrap()))
    };
    assert_eq!(pids("s").count(), 10);
    let arrivals: HashMap<_, _> = pids("f").collect();
    assert!(pids("s").all(|(id, sender)| arrivals[&id] != sender));
}

/// A message that is half sent when its sender is killed is received by none; no later one is taken for it.
fn no_message_is_taken_for_another_after_a_kill() {
    let trace = trace_of(|| {
        let (left, right) = pipe::<Vec<u8>, ()>().unwrap();
        let victim = start(|| left.send(&vec![0; 10 << 20]).unwrap());
        until("its first part is there", || right.poll(Duration::ZERO).unwrap());
        victim.kill().unwrap();
        join(&victim);
        let sender = start(|| left.send(&vec![1]).unwrap());
        assert_eq!(right.recv().unwrap(), [1]);
        assert_eq!(join(&sender), 0);
    });
    // Only the victim's own is left, of which no end is known.
    assert_eq!((trace.of_phase("s").count(), trace.of_phase("f").count()), (0, 0));
}

fn a_task_runs_between_two_items() {
    let trace = trace_of(|| {
        let pool = Pool::new(1).unwrap();
        assert_eq!(pool.apply(|n: u32| n + 1, 1).unwrap(), 2);
    });
    let task = trace.slice("PoolWorker-1", "task 0");
    let events = |phase| trace.of_phase(phase).map(|event| event["ts"].as_f64().unwrap());
    assert!(events("f").any(|taken| taken < task.begin));
    assert!(events("s").any(|result| result > task.end));
}

fn a_wait_ends_where_the_lock_is_given_back() {
    let trace = trace_of(|| {
        let lock = Lock::new().unwrap();
        let (held, waits) = (Event::new().unwrap(), Event::new().unwrap());
        let holder = start(|| {
            let _guard = lock.lock().unwrap();
            held.set();
            waits.wait();
            sleep(Duration::from_millis(20));
        });
        held.wait();
        let waiter = start(|| {
            waits.set();
            drop(lock.lock().unwrap());
        });
        assert_eq!((join(&holder), join(&waiter)), (0, 0));
    });
    let held = trace.slice("Process-1", "hold Lock");
    let waited = trace.slice("Process-2", "wait for Lock");
    let then_held = trace.slice("Process-2", "hold Lock");
    assert!(held.begin < waited.begin && held.end <= waited.end, "{held:?} {waited:?}");
    assert!(waited.end <= then_held.begin, "{waited:?} {then_held:?}");
}

fn objects_of_a_kind_are_numbered() {
    let trace = trace_of(|| {
        let (_unused, first, second) =
            (Lock::new().unwrap(), Lock::new().unwrap(), Lock::new().unwrap());
        let condition = Condition::new().unwrap();
        drop(second.lock().unwrap());
        drop(first.lock().unwrap());
        drop(condition.lock().unwrap());
    });
    let mut slices = trace.slices();
    slices.retain(|slice| slice.name.starts_with("hold"));
    let names: Vec<_> = slices.iter().map(|slice| slice.name.as_str()).collect();
    assert_eq!(names, ["hold Lock 2", "hold Lock 1", "hold Condition"]);
}

fn an_object_at_the_same_address_is_another() {
    let trace = trace_of(|| {
        for _ in 0..3 {
            drop(Lock::new().unwrap().lock().unwrap());
        }
    });
    assert!(trace.slices().iter().any(|slice| slice.name == "hold Lock 3"), "{:?}", trace.slices());
}

fn names_may_hold_any_characters() {
    let trace = trace_of(|| {
        let child = Process::new(|| ()).name("a \"b\" \\ \n 一二三四五六七八九").start().unwrap();
        child.join().unwrap();
    });
    let names: Vec<_> = trace.process_names().into_values().collect();
    assert!(names.contains(&"a \"b\" \\ \n 一二三四".into()), "{names:?}"); // cut off
}
