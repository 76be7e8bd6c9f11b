//! The server is killed, and the child, and the limits are reached.

use std::ffi::c_void;
use std::mem;
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;

use ipc_common::{Array, Child, Error, ForkServer, Process, Value, active_children};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use testing::processes::{DEADLINE, join, open_descriptors, until};
use testing::tests;

tests![
    a_killed_server_is_replaced,
    a_killed_server_is_said_where_there_are_threads,
    it_is_made_once_and_on_the_main_thread,
    without_descriptors_nothing_is_started,
    memory_beyond_the_limit_on_files_is_refused,
    a_function_of_a_library_that_was_loaded_later_is_refused,
    ctrl_c_is_not_for_the_server,
    a_server_killed_at_any_time_starts_a_child_or_says_that_it_did_not,
];

fn code(n: u8) -> ExitCode {
    ExitCode::from(n)
}

fn server_process() -> Child {
    let mut children = active_children();
    children.retain(|child| child.name() == "ForkServer");
    children.pop().unwrap()
}

fn a_killed_server_is_replaced() {
    let server = ForkServer::new().unwrap();
    let first = server_process();
    first.kill().unwrap();
    first.join().unwrap();
    assert_eq!(join(&server.process(code, 3).start().unwrap()), 3);
    assert_ne!(server_process().pid(), first.pid());
}

fn a_killed_server_is_said_where_there_are_threads() {
    let server = ForkServer::new().unwrap();
    let process = server_process();
    process.kill().unwrap();
    process.join().unwrap();
    let (end, ended) = mpsc::channel::<()>();
    let thread = thread::spawn(move || ended.recv());
    let error = server.process(code, 3).start().unwrap_err().to_string();
    assert!(error.contains("ended with exit code -9") && error.contains("2 threads"), "{error}");
    drop(end);
    thread.join().unwrap().unwrap_err();
    // As soon as the thread is gone there is a way again.
    assert_eq!(join(&server.process(code, 4).start().unwrap()), 4);
}

fn it_is_made_once_and_on_the_main_thread() {
    let server = ForkServer::new().unwrap();
    assert!(matches!(ForkServer::new(), Err(Error::Invalid(_))));
    drop(server);
    drop(ForkServer::new().unwrap());
    let made = thread::spawn(|| ForkServer::new().map(drop)).join().unwrap();
    assert!(matches!(made, Err(Error::Invalid(_))), "{made:?}");
    let (end, ended) = mpsc::channel::<()>();
    let thread = thread::spawn(move || ended.recv());
    assert!(matches!(ForkServer::new(), Err(Error::Threads { .. })));
    drop(end);
    thread.join().unwrap().unwrap_err();
}

fn without_descriptors_nothing_is_started() {
    let server = ForkServer::new().unwrap();
    let before = open_descriptors();
    // One less than what is needed, each time.
    for spare in 0..4 {
        setrlimit(Resource::RLIMIT_NOFILE, before as u64 + spare, 4096).unwrap();
        match server.process(code, 2).start() {
            Ok(child) => assert_eq!(join(&child), 2),
            Err(error) => assert!(error.to_string().contains("ulimit -n"), "{error}"),
        }
        assert_eq!(open_descriptors(), before);
    }
    setrlimit(Resource::RLIMIT_NOFILE, 4096, 4096).unwrap();
    assert_eq!(join(&server.process(code, 5).start().unwrap()), 5);
}

/// What can be passed to a server's children is a file in memory. The kernel would end this process by
/// SIGXFSZ.
fn memory_beyond_the_limit_on_files_is_refused() {
    let _server = ForkServer::new().unwrap();
    let (soft, hard) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    setrlimit(Resource::RLIMIT_FSIZE, 1 << 20, hard).unwrap();
    let refused = Array::new(&[0_u8; 2 << 20]).unwrap_err();
    assert!(refused.to_string().contains("ulimit -f"), "{refused}");
    assert_eq!(*Value::new(7).unwrap().lock().unwrap(), 7);
    setrlimit(Resource::RLIMIT_FSIZE, soft, hard).unwrap();
    assert!(Array::new(&[0_u8; 2 << 20]).is_ok());
}

fn a_function_of_a_library_that_was_loaded_later_is_refused() {
    let server = ForkServer::new().unwrap();
    let file = c"libresolv.so.2".as_ptr();
    // SAFETY: loading it runs nothing that other code relies on.
    let function = unsafe {
        assert!(libc::dlopen(file, libc::RTLD_NOW | libc::RTLD_NOLOAD).is_null(), "it was loaded");
        libc::dlsym(libc::dlopen(file, libc::RTLD_NOW), c"ns_get16".as_ptr())
    };
    assert!(!function.is_null());
    // SAFETY: it is a function, though of another type, and is not called.
    let function = unsafe { mem::transmute::<*mut c_void, fn(())>(function) };
    let error = server.process(function, ()).start().unwrap_err().to_string();
    assert!(error.contains("a library that was loaded after the server was made"), "{error}");
    assert_eq!(join(&server.process(code, 4).start().unwrap()), 4);
}

fn ctrl_c_is_not_for_the_server() {
    let server = ForkServer::new().unwrap();
    let process = server_process();
    // SAFETY: it sends a signal to a child.
    assert_eq!(unsafe { libc::kill(process.pid().cast_signed(), libc::SIGINT) }, 0);
    assert_eq!(join(&server.process(code, 6).start().unwrap()), 6);
    assert!(process.is_alive().unwrap());
    // But for its children it is.
    let child = server.process(|()| thread::park(), ()).start().unwrap();
    // SAFETY: as above.
    assert_eq!(unsafe { libc::kill(child.pid().cast_signed(), libc::SIGINT) }, 0);
    assert_eq!(join(&child), -2);
}

/// Kills the server after another time in each round.
fn a_server_killed_at_any_time_starts_a_child_or_says_that_it_did_not() {
    for round in 0..200_u32 {
        let parent = Process::new(move || {
            let server = ForkServer::new().unwrap();
            let process = server_process();
            thread::scope(|scope| {
                // Until the end there is a second thread, so that the server is not replaced.
                let (_end, ended) = mpsc::channel::<()>();
                let process = &process;
                scope.spawn(move || {
                    (0..round * 20).for_each(|_| std::hint::spin_loop());
                    process.kill().unwrap();
                    ended.recv().unwrap_err();
                });
                loop {
                    match server.process(code, 7).start() {
                        Ok(child) => assert_eq!(child.join().unwrap(), 7),
                        Err(Error::ForkServer { .. }) => break,
                        Err(error) => panic!("{error}"),
                    }
                }
            });
            until("all children are known", || active_children().is_empty());
            testing::harness::assert_no_children();
        });
        let parent = parent.start().unwrap();
        assert_eq!(parent.join_timeout(DEADLINE).unwrap(), Some(0), "round {round}");
    }
}
