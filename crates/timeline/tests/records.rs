//! What is made of a trace and of printed lines.

use serde_json::{Value, json};
use timeline::printed::Printed;
use timeline::record::Record;

/// A step of process `pid`, `time` milliseconds after the beginning.
fn step(pid: u32, time: u32, rest: Value) -> Value {
    let mut event = json!({"pid": pid, "tid": pid, "ts": 5e9 + f64::from(time) * 1e3});
    let Value::Object(rest) = rest else { panic!("an object") };
    event.as_object_mut().unwrap().extend(rest);
    event
}

fn begin(pid: u32, time: u32, category: &str, name: &str) -> Value {
    step(pid, time, json!({"ph": "B", "cat": category, "name": name}))
}

fn end(pid: u32, time: u32) -> Value {
    step(pid, time, json!({"ph": "E"}))
}

/// A main process that starts two, of which the second begins first; an item goes between them, and
/// the second is killed while it holds a lock.
pub(crate) fn sample() -> Record {
    let name = |pid, time, name| {
        step(pid, time, json!({"ph": "M", "name": "process_name", "args": {"name": name}}))
    };
    let trace = json!({"traceEvents": [
        name(1, 0, "MainProcess"), begin(1, 0, "process", "MainProcess"),
        begin(1, 1, "call", "start baker"), end(1, 2),
        begin(1, 2, "call", "start guest"), end(1, 3),
        name(8, 4, "guest"), begin(8, 4, "process", "guest"), begin(8, 4, "wait", "get from Queue"),
        name(9, 5, "baker"), begin(9, 5, "process", "baker"),
        step(9, 400, json!({"ph": "s", "id": 7})), step(8, 401, json!({"ph": "f", "id": 7})), end(8, 402),
        begin(8, 500, "hold", "hold Lock"),
        end(9, 900),
        step(8, 950, json!({"ph": "i", "name": "died: exit code -9"})), end(8, 950), end(8, 950),
        end(1, 1000),
    ]});
    let printed = |pid, time: u32, text: &str| Printed {
        pid,
        time: 5e9 + f64::from(time) * 1e3,
        text: text.into(),
    };
    let lines = vec![printed(9, 399, "<bread> & butter"), printed(77, 600, "from outside")];
    Record::new("cargo run -p bakery".into(), &trace, lines)
}

#[test]
fn lanes_are_in_the_order_of_starts() {
    let names: Vec<_> = sample().lanes.into_iter().map(|lane| lane.name).collect();
    let known = ["MainProcess", "baker", "guest"].map(|name| Some(name.to_owned()));
    assert_eq!(names, known.into_iter().chain([None]).collect::<Vec<_>>());
}

#[test]
fn times_are_seconds_from_the_beginning() {
    let record = sample();
    assert!((record.end - 1.0).abs() < 1e-6);
    let [wait, hold] = ["wait", "hold"].map(|category| {
        let mut slices = record.lanes[2].slices.iter();
        slices.find(|slice| slice.category == category).unwrap()
    });
    assert!((wait.end - 0.402).abs() < 1e-6 && (hold.begin - 0.5).abs() < 1e-6);
    assert!((hold.end - 0.95).abs() < 1e-6);
}

#[test]
fn ways_lead_from_lane_to_lane() {
    let record = sample();
    let [way] = record.ways[..] else { panic!("{:?}", record.ways) };
    assert_eq!((way.from.0, way.to.0), (1, 2));
}

#[test]
fn lines_are_in_the_lanes_of_their_writers() {
    let record = sample();
    let texts = |lane: usize| record.lanes[lane].lines.iter().map(|line| line.text.as_str());
    assert!(texts(1).eq(["<bread> & butter"]) && texts(3).eq(["from outside"]));
}

#[test]
fn a_death_is_known() {
    let record = sample();
    assert_eq!(record.lanes[2].death.unwrap().1, Some(-9));
    assert!(record.lanes[1].death.is_none());
}

#[test]
fn nothing_is_known_of_a_program_without_the_library() {
    let record = Record::new("true".into(), &Value::Null, Vec::new());
    assert!(record.lanes.is_empty() && record.end == 0.0);
}
