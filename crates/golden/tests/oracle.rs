//! Exactly the linear extensions are right: compared with an oracle that tries everything.

use golden::expected::Expected;

/// An expected line, as simple as the oracle can have it: its chains, the process that it names, and a word.
#[derive(Clone, Copy)]
struct Line(&'static [&'static str], Option<&'static str>, &'static str);

const FILES: &[&[Line]] = &[
    // Two processes that do the same.
    &[
        Line(&["a"], Some("a"), "in"),
        Line(&["a"], Some("a"), "out"),
        Line(&["b"], Some("b"), "in"),
        Line(&["b"], Some("b"), "out"),
        Line(&["a", "b"], None, "end"),
    ],
    // Three processes, of which two do the same; names that are used once.
    &[
        Line(&["a"], Some("a"), "in"),
        Line(&["b"], Some("b"), "in"),
        Line(&["b"], Some("b"), "out"),
        Line(&["c"], Some("c"), "in"),
    ],
    // A process that speaks of others.
    &[
        Line(&["main"], Some("a"), "in"),
        Line(&["main"], Some("b"), "in"),
        Line(&["a"], Some("a"), "out"),
        Line(&["b"], Some("b"), "out"),
    ],
    // Lines in the middle that several chains share.
    &[
        Line(&["a"], Some("a"), "in"),
        Line(&["b"], Some("b"), "in"),
        Line(&["a", "b"], None, "end"),
        Line(&["a"], Some("b"), "out"),
        Line(&["b"], Some("a"), "out"),
    ],
    // A shared line for some, with a process that is not in it.
    &[
        Line(&["a"], Some("a"), "in"),
        Line(&["b"], Some("b"), "in"),
        Line(&["c"], Some("c"), "in"),
        Line(&["a", "b"], None, "end"),
        Line(&["c"], None, "end"),
    ],
    // Chains that are equal but for a name which they share.
    &[
        Line(&["a"], Some("x"), "in"),
        Line(&["b"], Some("x"), "in"),
        Line(&["c"], Some("y"), "in"),
        Line(&["c"], Some("y"), "out"),
    ],
    // Processes that take turns, the first of which says something else in between.
    &[
        Line(&["a"], Some("a"), "in"),
        Line(&["b"], Some("b"), "in"),
        Line(&["a", "turn"], None, "end"),
        Line(&["b", "turn"], None, "end"),
        Line(&["b"], None, "end"),
    ],
    // Processes that take turns and name themselves once, and one which ends the turns.
    &[
        Line(&["a"], Some("a"), "in"),
        Line(&["b"], Some("b"), "in"),
        Line(&["a", "turn"], None, "end"),
        Line(&["b", "turn"], None, "end"),
        Line(&["c", "turn"], Some("c"), "out"),
    ],
    // Processes that take turns and then name themselves again.
    &[
        Line(&["b"], Some("b"), "in"),
        Line(&["a"], Some("a"), "in"),
        Line(&["a", "turn"], None, "end"),
        Line(&["b", "turn"], None, "end"),
        Line(&["b"], Some("b"), "in"),
        Line(&["a"], Some("a"), "in"),
    ],
    // Processes that take turns after having been named twice.
    &[
        Line(&["a"], Some("a"), "in"),
        Line(&["a"], Some("a"), "out"),
        Line(&["b"], Some("b"), "in"),
        Line(&["b"], Some("b"), "out"),
        Line(&["a", "turn"], None, "end"),
        Line(&["b", "turn"], None, "end"),
    ],
    // Processes that take turns twice.
    &[
        Line(&["a", "turn"], None, "end"),
        Line(&["b", "turn"], None, "end"),
        Line(&["a"], Some("a"), "in"),
        Line(&["b"], Some("b"), "in"),
        Line(&["b", "turn"], None, "end"),
        Line(&["a", "turn"], None, "end"),
    ],
    // The same name twice in one chain, and in the other order.
    &[
        Line(&["a"], Some("a"), "in"),
        Line(&["a"], Some("b"), "in"),
        Line(&["a"], Some("a"), "out"),
        Line(&["b"], Some("c"), "in"),
        Line(&["b"], Some("c"), "in"),
    ],
];

/// A line of output: the process that it names, and a word.
type Printed = (Option<u32>, &'static str);

const PRINTED: [Printed; 7] = [
    (Some(1), "in"),
    (Some(2), "in"),
    (Some(3), "in"),
    (Some(1), "out"),
    (Some(2), "out"),
    (Some(3), "out"),
    (None, "end"),
];

#[test]
fn agrees_with_an_oracle_on_all_outputs_there_are() {
    for (number, file) in FILES.iter().enumerate() {
        let expected = Expected::parse(&source(file)).unwrap();
        let chains: Vec<&[&str]> = file.iter().map(|line| line.0).collect();
        let mut orders = permutations(file.len());
        orders.retain(|order| keeps_order(&chains, order));
        let mut right = 0;
        for output in sequences(file.len()) {
            let accepted = expected.check(text(&output)).is_ok();
            assert_eq!(
                accepted,
                orders.iter().any(|order| is_order_of(&output, order, file)),
                "file {number}, output:\n{}",
                text(&output)
            );
            right += usize::from(accepted);
        }
        assert!(right > 0, "file {number} has no right output");
    }
}

#[test]
fn accepts_exactly_the_linear_extensions() {
    let chains: [&[&str]; 7] =
        [&["a"], &["b"], &["a"], &["c"], &["b", "c"], &["c"], &["a", "b", "c"]];
    let lines: Vec<String> = (0..chains.len())
        .map(|line| format!("{} | line {line}\n", chains[line].join(" ")))
        .collect();
    let expected = Expected::parse(&format!("$ cargo run -p x\n\n{}", lines.concat())).unwrap();

    let mut right = 0;
    for order in permutations(chains.len()) {
        let output: String = order.iter().map(|line| format!("line {line}\n")).collect();
        let keeps_order = keeps_order(&chains, &order);
        assert_eq!(expected.check(&output).is_ok(), keeps_order, "{output}");
        right += usize::from(keeps_order);
    }
    // b and the first c in two orders, then what they share, the last c; the two of a among these four; the end.
    assert_eq!(right, 2 * 15);
}

fn source(file: &[Line]) -> String {
    let line = |Line(chains, name, word): &Line| {
        let name = name.map(|name| format!("<pid:{name}> ")).unwrap_or_default();
        format!("{} | {name}{word}\n", chains.join(" "))
    };
    format!("$ cargo run -p x\n\n{}", file.iter().map(line).collect::<String>())
}

fn text(output: &[Printed]) -> String {
    let line =
        |(pid, word): &Printed| pid.map(|pid| format!("{pid} ")).unwrap_or_default() + word + "\n";
    output.iter().map(line).collect()
}

/// Whether the printed lines, taken for the expected ones in this order, have their words and name processes alike.
fn is_order_of(output: &[Printed], order: &[usize], file: &[Line]) -> bool {
    let pairs = || order.iter().map(|&line| file[line]).zip(output);
    pairs().all(|(line, printed)| line.2 == printed.1 && line.1.is_some() == printed.0.is_some())
        && pairs().all(|(one, id)| {
            pairs().all(|(other, other_id)| {
                one.1.is_none() || other.1.is_none() || (one.1 == other.1) == (id.0 == other_id.0)
            })
        })
}

/// Whether no line comes before an earlier one that it shares a chain with.
fn keeps_order(chains: &[&[&str]], order: &[usize]) -> bool {
    order.iter().enumerate().all(|(place, &line)| {
        order[place..]
            .iter()
            .all(|&later| later >= line || chains[line].iter().all(|c| !chains[later].contains(c)))
    })
}

fn permutations(length: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for item in 0..length {
        all = all
            .iter()
            .flat_map(|shorter: &Vec<usize>| {
                (0..=shorter.len()).map(move |place| {
                    let mut longer = shorter.clone();
                    longer.insert(place, item);
                    longer
                })
            })
            .collect();
    }
    all
}

/// All outputs of this length; long ones of two processes, so that they do not become too many.
fn sequences(length: usize) -> Vec<Vec<Printed>> {
    let processes = if length > 5 { 2 } else { 3 };
    let lines = PRINTED.iter().filter(|(pid, _)| pid.is_none_or(|pid| pid <= processes));
    (0..length).fold(vec![Vec::new()], |all, _| {
        all.iter()
            .flat_map(|shorter| lines.clone().map(|line| [shorter.as_slice(), &[*line]].concat()))
            .collect()
    })
}
