//! A program whose output nothing reads any more, as in `program | head`, ends without a page of
//! panics; other panics are reported as before.

use std::io;
use std::panic;
use std::process;

use ipc_common::Process;
use nix::unistd::{dup2_stderr, dup2_stdout};
use testing::processes::{join, start};
use testing::signpost::read_to_end;
use testing::tests;

tests![
    output_that_nothing_reads_ends_a_process_quietly,
    other_panics_are_reported_as_before,
    a_process_can_be_started_in_a_panics_destructor,
];

/// What a program's processes print on standard error when nothing reads their output.
fn on_stderr_without_a_reader(panics: impl FnOnce()) -> (i32, String) {
    let (reader, writer) = io::pipe().unwrap();
    let child = start(move || {
        let (unread, output) = io::pipe().unwrap();
        drop(unread);
        dup2_stdout(&output).unwrap();
        dup2_stderr(&writer).unwrap();
        drop((writer, output));
        panics();
    });
    let text = read_to_end(reader);
    (join(&child), text)
}

fn output_that_nothing_reads_ends_a_process_quietly() {
    let (code, said) = on_stderr_without_a_reader(|| {
        loop {
            println!("to nothing");
        }
    });
    assert_eq!((code, said.as_str()), (1, ""));
    let (code, said) = on_stderr_without_a_reader(|| print!("without a line's end"));
    assert_eq!((code, said.as_str()), (1, ""));
    // Below it, too, and in a process that has the hook of its parent.
    let (code, said) = on_stderr_without_a_reader(|| {
        assert_eq!(join(&start(|| println!("to nothing"))), 1);
    });
    assert_eq!((code, said.as_str()), (0, ""));
}

fn other_panics_are_reported_as_before() {
    let (code, said) = on_stderr_without_a_reader(|| panic!("of another kind"));
    assert_eq!(code, 1);
    assert!(said.contains("of another kind") && said.contains("unread_output.rs"), "{said}");
    let own = start(|| {
        panic::set_hook(Box::new(|_| process::exit(7)));
        assert_eq!(join(&start(|| println!("of its own"))), 0);
        panic!("the program's own hook");
    });
    assert_eq!(join(&own), 7);
}

fn a_process_can_be_started_in_a_panics_destructor() {
    struct Starts;
    impl Drop for Starts {
        fn drop(&mut self) {
            assert_eq!(join(&Process::new(|| ()).start().unwrap()), 0);
        }
    }
    panic::set_hook(Box::new(|_| {}));
    let starts = panic::catch_unwind(|| {
        let _starts = Starts; // the first of this process, and no hook can be set now
        panic!("as it should");
    });
    assert!(starts.is_err());
}
