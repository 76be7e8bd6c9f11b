//! Every command that a page shows is run by a test.

use std::process::Command;

use golden::program::{Program, WORKSPACE};

use crate::site::{pages, read, root};

/// Those that are no program's: what runs each.
const OTHERS: [&str; 2] = ["scripts/check-output ticket-lock", "scripts/book"];

#[test]
fn every_command_is_run_by_a_test() {
    let programs = Program::in_workspace(&root()).unwrap();
    // Run by golden's tests.
    let expected = programs
        .iter()
        .map(|p| std::fs::read_to_string(p.expected_output(WORKSPACE.as_ref())).unwrap());
    let mut known: Vec<String> =
        expected.map(|text| text.lines().next().unwrap()[2..].to_string()).collect();
    // Run here, and by `cargo test`, as the proofs are.
    known.extend(OTHERS.map(String::from));
    let proofs = read("crates/book/hazards.txt");
    known.extend(
        proofs
            .lines()
            .filter_map(|line| Some(format!("cargo test -p {}", line.strip_prefix("- ")?))),
    );
    // Run when the pages are made.
    let recipes = read("crates/book/en/recipes.md");
    let recipes = book::recipes::named(&recipes).into_iter();
    known.extend(recipes.map(|name| format!("cargo run -p book --example {name}")));
    for (path, page) in pages() {
        let commands = page.split("language-console\">").skip(1).flat_map(|block| {
            block
                .split("</code>")
                .next()
                .unwrap()
                .lines()
                .filter_map(|line| line.strip_prefix("$ "))
        });
        for command in commands {
            assert!(
                known.iter().any(|known| known == command),
                "{}: nothing runs `{command}`",
                path.display()
            );
        }
    }
}

#[test]
fn the_command_that_checks_an_output_runs() {
    let mut words = OTHERS[0].split(' ');
    let command = root().join(words.next().unwrap());
    let checked = Command::new(command).args(words).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn recipes_print_what_they_should() {
    for (recipe, printed) in [
        ("pool-map", "[4, 2]\n"),
        ("closed-queue", "5050\n"),
        ("time-limit", "0 s: done\n60 s: more than 300ms\n"),
        ("first-to-end", "fast ended\nslow ended with -9\n"),
        ("counter", "4000\n"),
        ("two-at-a-time", "at most 2 at a time\n"),
        ("stop-all", "stopped with 0\nstopped with 0\n"),
        ("shared-dictionary", "[(\"fork\", 2), (\"join\", 1), (\"kill\", 1)]\n"),
        ("owner-died", "owner died: true, left: [40, 50]\nrepaired: [40, 60]\n"),
    ] {
        assert_eq!(book::recipes::run(&root(), recipe).unwrap(), printed, "{recipe}");
    }
}
