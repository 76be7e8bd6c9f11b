//! The benchmark itself: every benchmark runs, with few operations, and what it reports makes sense.

#![allow(clippy::unwrap_used, reason = "a test may: its panic is the report")]

mod failing_peer;
mod survival;

use std::process::ExitCode;
use std::sync::LazyLock;
use std::time::Duration;

use bench::internal::units::{memory, time, times, value};
use bench::internal::{Channel, Crossbeam, Shape, between_threads};
use bench::{
    Benchmark, Machine, Measure, Measured, Options, Outcome, Peer, Plan, Python, Report, catalog,
    fill, measure, picture, select, table, tables,
};
use libtest_mimic::{Arguments, Trial};

/// One thread, which processes can be started from.
fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let benchmarks = catalog().into_iter().filter(|it| !HEAVY.contains(&it.name.as_str()));
    let benchmarks = benchmarks.map(|benchmark| {
        Trial::test(benchmark.name.clone(), move || {
            check(&benchmark);
            Ok(())
        })
    });
    let tests: [(&str, fn()); 13] = [
        ("a_report_survives_json_and_can_be_shown", a_report_survives_json_and_can_be_shown),
        ("names_of_groups_mean_all_of_them", names_of_groups_mean_all_of_them),
        ("unknown_names_and_options_are_refused", unknown_names_and_options_are_refused),
        ("names_are_unique", names_are_unique),
        ("figures_are_put_between_the_marks", figures_are_put_between_the_marks),
        ("a_document_without_marks_is_refused", a_document_without_marks_is_refused),
        ("figures_have_three_digits", figures_have_three_digits),
        ("an_item_lost_or_doubled_is_noticed", an_item_lost_or_doubled_is_noticed),
        ("a_queue_survives_each_death", survival::a_queue_survives_each_death),
        ("one_that_stands_still_is_noticed", survival::one_that_stands_still_is_noticed),
        ("speed_stands_beside_what_is_survived", survival::speed_stands_beside_what_is_survived),
        ("figures_are_kept_when_a_peer_fails", failing_peer::figures_are_kept_when_a_peer_fails),
        ("a_memory_of_pages_is_told", a_memory_of_pages_is_told),
    ];
    let tests = tests.map(|(name, test)| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    });
    libtest_mimic::run(&arguments, benchmarks.chain(tests).collect()).exit_code()
}

/// These take long however few the operations; others run the same code with less.
const HEAVY: [&str; 3] = ["size-16mib", "size-64mib", "start-1gib"];

/// So few operations that all peers together take a moment.
fn tiny() -> Plan {
    static PYTHON: LazyLock<Option<Python>> = LazyLock::new(|| Python::find().ok());
    let python = PYTHON.clone();
    Plan { repetition: Duration::from_millis(1), repetitions: 1, operations: Some(8), python }
}

fn check(benchmark: &Benchmark) {
    let plan = tiny();
    let measured = measure(benchmark, &plan).unwrap();
    let expected = benchmark.peers().filter(|&peer| plan.has(peer));
    assert!(measured.results.iter().map(|result| result.peer).eq(expected));
    assert!(measured.results.is_sorted_by_key(|result| result.peer), "the order of the tables");
    assert_eq!(measured.results[0].peer, Peer::IpcCommon);
    assert_eq!(measured.results[0].times, 1.0);
    for result in &measured.results {
        let least = if benchmark.measure.is_timed() { f64::MIN_POSITIVE } else { 0.0 };
        assert!(result.lowest >= least && result.lowest <= result.median, "{result:?}");
        assert!(result.median <= result.highest && result.highest.is_finite(), "{result:?}");
        assert!(result.times > 0.0 && result.spread() >= 0.0, "{result:?}");
        assert!(result.cpu_per_operation >= 0.0 && result.peak_memory > 0, "{result:?}");
        assert_eq!(result.samples.len(), plan.repetitions);
    }
}

fn report(names: &[&str]) -> Report {
    let plan = Plan { repetitions: 2, ..tiny() };
    let names: Vec<String> = names.iter().map(|&name| name.into()).collect();
    let benchmarks = select(&names).unwrap();
    let measured: Vec<Measured> =
        benchmarks.iter().map(|benchmark| measure(benchmark, &plan).unwrap()).collect();
    Report {
        machine: Machine::this(plan.python.as_ref().map(|python| python.version.as_str())),
        command: "scripts/bench".into(),
        repetitions: plan.repetitions,
        absent: Vec::new(),
        benchmarks: measured,
        failed: Vec::new(),
    }
}

fn a_report_survives_json_and_can_be_shown() {
    let report = report(&["queue-u64", "lock-alone", "processes-1"]);
    let json = serde_json::to_string(&report).unwrap();
    let again: Report = serde_json::from_str(&json).unwrap();
    let markdown = tables(&again, &["all"]).unwrap();
    assert_eq!(markdown, tables(&report, &["all"]).unwrap());

    let picture = picture(&again);
    for measured in &again.benchmarks {
        assert!(table(measured).contains(&measured.name));
        assert!(markdown.contains(&format!("\n| {} | **", measured.title)));
    }
    assert!(!markdown.contains("unknown"), "the machine is known:\n{markdown}");
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    assert_eq!(picture.matches("class=\"ours\"").count(), 2, "one for each that is shown");
}

fn names_of_groups_mean_all_of_them() {
    let names = |words: &[&str]| -> Vec<String> {
        let words: Vec<String> = words.iter().map(|&word| word.into()).collect();
        select(&words).unwrap().into_iter().map(|benchmark| benchmark.name).collect()
    };
    assert_eq!(names(&[]).len(), catalog().len());
    assert_eq!(names(&["start"]), ["start", "start-1gib"]);
    assert_eq!(names(&["workers-1"]), ["workers-1"], "not workers-16");
    assert!(names(&["queue"]).iter().all(|name| name.starts_with("queue-")));
}

fn unknown_names_and_options_are_refused() {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let refused = select(&words("queue nonsense")).unwrap_err().to_string();
    assert!(refused.contains("no benchmark nonsense; there are queue-u64, "), "{refused}");
    assert!(Options::parse(words("--nonsense")).unwrap_err().to_string().contains("--nonsense"));
    assert!(Options::parse(words("queue --json")).is_err(), "a file is missing");
    let options = Options::parse(words("--json out.json --quick queue start")).unwrap();
    assert_eq!(options.command(), "scripts/bench --quick queue start");
}

fn names_are_unique() {
    let mut names: Vec<String> = catalog().into_iter().map(|benchmark| benchmark.name).collect();
    names.sort();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all);
}

fn figures_are_put_between_the_marks() {
    let report = report(&["lock-alone", "processes-1"]);
    let old = "Before.\n\n<!-- figures: lock-alone -->\nold\n<!-- end of figures -->\n\nAfter.\n";
    let new = fill(old, |names| tables(&report, names)).unwrap();
    assert!(
        new.starts_with("Before.\n\n<!-- figures: lock-alone -->\n\n| | ipc-common |"),
        "{new}"
    );
    assert!(new.ends_with(" |\n\n<!-- end of figures -->\n\nAfter.\n"), "{new}");
    assert!(new.contains("| lock and unlock, alone | **") && !new.contains("1 process"), "{new}");
    assert!(!new.contains("old"), "{new}");
    assert_eq!(fill(&new, |names| tables(&report, names)).unwrap(), new, "twice is once");
    let missing = tables(&report, &["start"]).unwrap_err().to_string();
    assert_eq!(missing, "a mark names start, which was not measured");
}

fn a_document_without_marks_is_refused() {
    let refused = |text: &str| fill(text, |_| Ok(String::new())).unwrap_err().to_string();
    assert!(refused("# Nothing").contains("no mark `<!-- figures: all -->`"));
    assert!(refused("\n<!-- figures: all -->").contains("no `<!-- end of figures -->`"));
}

fn figures_have_three_digits() {
    assert_eq!(value(Measure::Rate, 9_876_543.0), "9.88 M/s");
    assert_eq!(value(Measure::Bytes(8), 999_900.0), "1.00 MB/s");
    assert_eq!(value(Measure::Efficiency(1.0), 0.934), "93 %");
    assert_eq!(time(0.000_012_34), "12.3 µs");
    assert_eq!(time(0.0), "0.000 ns");
    assert_eq!(memory(5 << 20), "5.00 MiB");
    assert_eq!(times(123.4), "123×");
    assert_eq!(times(0.0123), "0.012×");
}

/// Delivers item 3 in place of item 4.
struct Unreliable(Crossbeam<u64>);

impl Channel<u64> for Unreliable {
    fn put(&self, item: &u64) -> Outcome<()> {
        self.0.put(if *item == 4 { &3 } else { item })
    }

    fn get(&self) -> Outcome<u64> {
        self.0.get()
    }
}

fn an_item_lost_or_doubled_is_noticed() {
    let shape = Shape { producers: 2, consumers: 3 };
    let sample = between_threads(&Crossbeam::unbounded(), &0, shape, 8).unwrap();
    assert_eq!(sample.operations, 12, "each worker gets the same share");
    let lost = between_threads(&Unreliable(Crossbeam::unbounded()), &0, shape, 8).unwrap_err();
    assert_eq!(lost.to_string(), "of 12 items with the sum 66, 12 came with the sum 65");
}

/// A million numbers take what they take, in a queue or in Python; an empty queue a part of it.
fn a_memory_of_pages_is_told() {
    let plan = Plan { operations: None, ..tiny() };
    let of = |name: &str| {
        let benchmark = select(&[name.into()]).unwrap().remove(0);
        measure(&benchmark, &plan).unwrap().results[0].median
    };
    let (numbers, queue) = (of("memory-numbers-private"), of("memory-queue-private"));
    assert!(numbers > 8e5 && numbers < 8e7, "{numbers} bytes for a million");
    assert!(queue < numbers / 10.0, "{queue} bytes for none");
    assert!(of("memory-pool-private") > queue, "workers take more than a queue");
}
