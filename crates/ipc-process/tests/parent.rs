//! What a child knows of its parent, and how it ends with threads of its own.

use std::fs;
use std::io::{self, Read, Write};
use std::process;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ipc_common::{Event, ForkServer, Process, Value, parent_process, wait};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};
use testing::processes::{DEADLINE, join, kill_and_join, open_descriptors, start, takes};
use testing::tests;

tests![
    it_is_told_when_its_parent_ends,
    it_waits_for_its_parent_and_for_no_other,
    it_has_its_parents_descriptor_and_not_its_grandparents,
    a_child_of_a_fork_server_is_told_too,
    a_child_of_a_copy_that_c_has_made_is_told_too,
    a_process_that_has_closed_all_descriptors_starts_others,
    the_end_does_not_wait_for_threads,
    it_has_its_name_in_ps,
];

const SHORT: Duration = Duration::from_millis(60);

fn it_is_told_when_its_parent_ends() {
    let (waits, told) = (Event::new().unwrap(), Event::new().unwrap());
    let middle = Process::new(|| {
        let orphan = Process::new(|| {
            let parent = parent_process().unwrap();
            assert!(!takes(SHORT, || parent.join_timeout(SHORT).unwrap()));
            assert!(wait(&[&parent], Some(Duration::ZERO)).unwrap().is_empty());
            waits.set();
            assert!(parent.join_timeout(DEADLINE).unwrap());
            assert_eq!(wait(&[&parent], None).unwrap(), [0]);
            parent.join().unwrap();
            assert!(!parent.is_alive());
            told.set();
        });
        drop(orphan.start().unwrap());
        thread::sleep(DEADLINE);
    });
    let middle = middle.start().unwrap();
    assert!(waits.wait_timeout(DEADLINE));
    assert!(!told.is_set());
    kill_and_join(&middle);
    assert!(told.wait_timeout(DEADLINE));
}

/// It lives on beside a grandparent that lives, and one that dies does not matter.
fn it_waits_for_its_parent_and_for_no_other() {
    let (runs, ended) = (Event::new().unwrap(), Event::new().unwrap());
    let (pid, end) = (Value::new(0).unwrap(), Event::new().unwrap());
    let grandparent = Process::new(|| {
        let parent = Process::new(|| {
            pid.set(process::id()).unwrap();
            let child = Process::new(|| {
                let parent = parent_process().unwrap();
                assert_eq!(parent.pid(), pid.get().unwrap());
                runs.set();
                assert!(parent.join_timeout(DEADLINE).unwrap());
                ended.set();
            });
            let child = child.start().unwrap();
            assert!(runs.wait_timeout(DEADLINE));
            assert!(end.wait_timeout(DEADLINE));
            assert!(child.is_alive().unwrap() && !ended.is_set());
            process::abort();
        });
        drop(parent.start().unwrap());
        thread::sleep(DEADLINE);
    });
    let grandparent = grandparent.start().unwrap();
    assert!(runs.wait_timeout(DEADLINE));
    kill_and_join(&grandparent);
    assert!(!ended.wait_timeout(SHORT), "its parent lives");
    end.set();
    assert!(ended.wait_timeout(DEADLINE));
}

fn it_has_its_parents_descriptor_and_not_its_grandparents() {
    let open = Value::new([0_u64; 3]).unwrap();
    fn go_down(open: &Value<[u64; 3]>, depth: usize) {
        open.lock().unwrap()[depth] = open_descriptors() as u64;
        if depth < 2 {
            assert_eq!(join(&start(|| go_down(open, depth + 1))), 0);
        }
    }
    assert_eq!(join(&start(|| go_down(&open, 0))), 0);
    // What is between one and the next is the same each time: the pidfd of the child is not its own.
    let [child, grandchild, great_grandchild] = open.get().unwrap();
    assert_eq!((grandchild, great_grandchild), (child, child));
}

fn a_child_of_a_fork_server_is_told_too() {
    let told = Event::new().unwrap();
    let waits = Event::new().unwrap();
    let main = Process::new(|| {
        let server = ForkServer::new().unwrap();
        let orphan = |(waits, told): (Event, Event)| {
            assert_eq!(fs::read_to_string("/proc/self/comm").unwrap(), "orphan\n");
            waits.set();
            let parent = parent_process().unwrap();
            assert!(parent.join_timeout(DEADLINE).unwrap() && !parent.is_alive());
            told.set();
        };
        let arguments = (waits.try_clone().unwrap(), told.try_clone().unwrap());
        let child = server.process(orphan, arguments).name("orphan").start().unwrap();
        drop(child);
        thread::sleep(DEADLINE);
    });
    let main = main.start().unwrap();
    assert!(waits.wait_timeout(DEADLINE));
    kill_and_join(&main);
    assert!(told.wait_timeout(DEADLINE));
}

/// The process that was copied has opened a pidfd of its own for its children; the copy takes another.
fn a_child_of_a_copy_that_c_has_made_is_told_too() {
    let (waits, told) = (Event::new().unwrap(), Event::new().unwrap());
    assert_eq!(join(&start(|| ())), 0);
    // SAFETY: this process has one thread.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            let orphan = Process::new(|| {
                waits.set();
                assert!(parent_process().unwrap().join_timeout(DEADLINE).unwrap());
                told.set();
            });
            let has_started = orphan.start().is_ok() && waits.wait_timeout(DEADLINE);
            // SAFETY: ends this process at once.
            unsafe { libc::_exit(has_started.into()) }
        }
        ForkResult::Parent { child } => {
            assert_eq!(waitpid(child, None), Ok(WaitStatus::Exited(child, 1)));
        }
    }
    assert!(told.wait_timeout(DEADLINE));
}

/// Those that are kept for its children are opened again, and what has come to their numbers is left alone.
fn a_process_that_has_closed_all_descriptors_starts_others() {
    let look_at_parent = || {
        let parent = parent_process().unwrap();
        assert_eq!(fs::read_link("/proc/self/fd/0").unwrap().to_str(), Some("/dev/null"));
        assert!(parent.is_alive() && !parent.join_timeout(SHORT).unwrap());
    };
    let child = start(|| {
        assert_eq!(join(&start(look_at_parent)), 0);
        // SAFETY: what this process uses from here on is not among them.
        assert_eq!(unsafe { libc::close_range(3, u32::MAX, 0) }, 0);
        let pipes: Vec<_> = (0..4).map(|_| io::pipe().unwrap()).collect();
        assert_eq!(join(&start(look_at_parent)), 0);
        for (mut reader, mut writer) in pipes {
            writer.write_all(&[7]).unwrap();
            drop(writer);
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes, [7]);
        }
    });
    assert_eq!(join(&child), 0);
}

fn the_end_does_not_wait_for_threads() {
    let lives_on = Event::new().unwrap();
    let child = start(|| {
        let (runs, is_running) = mpsc::channel();
        thread::spawn(move || {
            runs.send(()).unwrap();
            thread::sleep(DEADLINE * 3);
        });
        is_running.recv().unwrap();
    });
    assert_eq!(child.join_timeout(DEADLINE).unwrap(), Some(0));

    // A scope does.
    let child = start(|| {
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(SHORT);
                lives_on.set();
            });
        });
    });
    assert_eq!(join(&child), 0);
    assert!(lives_on.is_set());
}

fn it_has_its_name_in_ps() {
    let own = fs::read_to_string("/proc/self/comm").unwrap();
    let names = [
        ("shard-1", "shard-1\n"),
        ("exactly fifteen", "exactly fifteen\n"),
        ("longer than fifteen", "longer than fif\n"),
        ("生产者消费者模型", "生产者消费\n"),
        ("a生产者消费者模型", "a生产者消\n"),
        ("", &*own),
        ("with\0zero", &*own),
    ];
    for (name, shown) in names {
        let look = || assert_eq!(fs::read_to_string("/proc/self/comm").unwrap(), shown);
        let child = Process::new(look).name(name).start().unwrap();
        assert_eq!(join(&child), 0, "{name:?}");
    }
    assert_eq!(fs::read_to_string("/proc/self/comm").unwrap(), own);
}
