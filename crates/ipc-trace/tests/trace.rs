//! A program that is traced, and the file that it leaves behind.

use std::collections::HashMap;
use std::path::Path;
use std::{env, fs, process};

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};
use serde_json::Value;

/// What a file says.
pub(crate) struct Trace {
    pub(crate) events: Vec<Value>,
    pub(crate) torn: u64,
    pub(crate) dropped: u64,
}

/// A slice of a lane, with the name of the process. Times are in microseconds.
#[derive(Clone, Debug)]
pub(crate) struct Slice {
    pub(crate) process: String,
    pub(crate) name: String,
    pub(crate) begin: f64,
    pub(crate) end: f64,
}

/// Runs `program` as a main process of its own that is traced, and ends it with `exit`.
pub(crate) fn trace_of(program: impl FnOnce()) -> Trace {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace.json");
    let status = run_traced(&file, program);
    assert!(matches!(status, WaitStatus::Exited(_, 0)), "{status:?}");
    Trace::read(&file)
}

/// The same, and returns how it ended.
pub(crate) fn run_traced(file: &Path, program: impl FnOnce()) -> WaitStatus {
    // SAFETY: a test has one thread.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            set_pdeathsig(Signal::SIGKILL).unwrap();
            // SAFETY: as above.
            unsafe { env::set_var("IPC_TRACE", file) };
            program();
            process::exit(0)
        }
        ForkResult::Parent { child } => waitpid(child, None).unwrap(),
    }
}

impl Trace {
    pub(crate) fn read(file: &Path) -> Self {
        let mut file: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let Value::Array(events) = file["traceEvents"].take() else { panic!("no list of events") };
        let count = |name: &str| file["otherData"][name].as_str().unwrap().parse().unwrap();
        Trace { events, torn: count("torn"), dropped: count("dropped") }
    }

    pub(crate) fn of_phase<'a>(&'a self, phase: &'a str) -> impl Iterator<Item = &'a Value> {
        self.events.iter().filter(move |event| event["ph"] == phase)
    }

    pub(crate) fn process_names(&self) -> HashMap<u64, String> {
        let name = |event: &Value| event["args"]["name"].as_str().unwrap().to_owned();
        self.of_phase("M").map(|event| (event["pid"].as_u64().unwrap(), name(event))).collect()
    }

    /// All slices, in the order in which they end. Fails unless those of each thread are brackets.
    pub(crate) fn slices(&self) -> Vec<Slice> {
        let names = self.process_names();
        let mut open: HashMap<u64, Vec<Slice>> = HashMap::new();
        let mut slices = Vec::new();
        for event in &self.events {
            let stack = open.entry(event["tid"].as_u64().unwrap()).or_default();
            let time = event["ts"].as_f64().unwrap();
            match event["ph"].as_str().unwrap() {
                "B" => stack.push(Slice {
                    process: names[&event["pid"].as_u64().unwrap()].clone(),
                    name: event["name"].as_str().unwrap().to_owned(),
                    begin: time,
                    end: f64::NAN,
                }),
                "E" => slices.push(Slice { end: time, ..stack.pop().expect("it has begun") }),
                _ => {}
            }
        }
        assert!(open.values().all(Vec::is_empty), "left open: {open:?}");
        slices
    }

    pub(crate) fn slice(&self, process: &str, name: &str) -> Slice {
        let mut slices = self.slices();
        slices.retain(|slice| slice.process == process && slice.name == name);
        assert!(slices.len() == 1, "{process}: {name}: {slices:?}\nin {:#?}", self.slices());
        slices.remove(0)
    }
}
