//! Exactly the linear extensions are right: compared with an oracle that tries everything, and on sizes where
//! trying everything would take for ever.

use golden::{Expected, Mismatch};

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

/// Ten users of whom one gets the ticket, where `lock` says whether they take turns: nine say the same.
fn tickets(lock: &str) -> Expected {
    let mut file = String::from("$ cargo run -p ticket-lock\nuser: 1 2 3 4 5 6 7 8 9 10\n\n");
    for user in 'a'..='j' {
        file += &format!("{user} | 用户<user:{user}>查询票数剩余<left:0|1>\n");
    }
    file += &format!("a {lock} | <user:a> 抢到一张票\n");
    for user in 'b'..='j' {
        file += &format!("{user} {lock} | 票数不足！\n");
    }
    Expected::parse(&file).expect("a good file")
}

#[test]
fn ten_users_are_accepted_and_refused_without_trying_all_their_orders() {
    for lock in ["", "lock"] {
        let expected = tickets(lock);
        let query = |user: &u32| format!("用户{user}查询票数剩余{}\n", u32::from(*user < 5));
        let queries = |users: &[u32]| users.iter().map(query).collect::<String>();
        let (first, last) = (queries(&[3, 1, 2, 4, 9, 5]), queries(&[7, 8, 6, 10]));
        let losers = |count| "票数不足！\n".repeat(count);
        let right = format!("{first}9 抢到一张票\n{}{last}{}", losers(5), losers(4));
        assert_eq!(expected.check(&right), Ok(()));

        // There are ten factorial ways to tell the users apart; were they all tried, this test would not end.
        for wrong in [
            right.replacen("用户8查询", "用户7查询", 1),
            right.replace("9 抢到", "11 抢到"),
            right.replace("9 抢到", "10 抢到"),
            right.replacen("票数不足！", "3 抢到一张票", 1),
            right.clone() + "票数不足！\n",
            format!("{first}9 抢到一张票\n{}{last}{}", losers(6), losers(3)),
            format!("{first}9 抢到一张票\n{}{last}{}", losers(5), losers(3)),
        ] {
            assert!(expected.check(&wrong).is_err(), "{wrong}");
        }
        let loser_first =
            format!("{first}{}9 抢到一张票\n{}{last}{}", losers(1), losers(4), losers(4));
        assert_eq!(
            expected.check(loser_first).is_ok(),
            lock.is_empty(),
            "with a lock, the winner is the first"
        );
    }
}

#[test]
fn mixed_chains_of_the_same_kind_stay_few() {
    // Each of twenty processes says three things that only its number tells apart.
    let mut file = String::from("$ cargo run -p x\n\n");
    for process in 0..20 {
        file += &format!(
            "{process} | <pid:{process}> a\n{process} | <pid:{process}> b\n{process} | c\n"
        );
    }
    let expected = Expected::parse(&file).unwrap();
    let lines = |from: u32, word: &str| {
        (0..20).map(|pid| format!("{} {word}\n", from + pid)).collect::<String>()
    };

    let right = lines(100, "a") + &lines(100, "b") + &"c\n".repeat(20);
    assert_eq!(expected.check(&right), Ok(()));
    let wrong = lines(100, "a") + &lines(101, "b") + &"c\n".repeat(20);
    assert!(expected.check(&wrong).is_err());
}

#[test]
fn tasks_go_to_any_worker_of_a_pool_but_to_no_other() {
    let mut file = String::from("$ cargo run -p pool\n\nmain | waiting\n");
    for task in 0..5 {
        file += &format!(
            "{task} | run task {task} (<pid:w1|w2|w3|w4>)\n{task} | task {task} runs <0.0..3.0> s\n"
        );
    }
    file += "all | done\n";
    let expected = Expected::parse(&file).unwrap();
    let output = |pids: [u32; 5]| {
        let run =
            |task: usize| format!("run task {task} ({})\ntask {task} runs 1.25 s\n", pids[task]);
        format!("{}waiting\n{}done\n", run(0), (1..5).map(run).collect::<String>())
    };
    assert_eq!(expected.check(output([14, 11, 12, 13, 14])), Ok(()));
    assert_eq!(expected.check(output([11, 11, 11, 11, 11])), Ok(()));
    assert!(expected.check(output([11, 12, 13, 14, 15])).is_err());
}

#[test]
fn too_many_ways_to_read_an_output_are_an_error_and_not_an_endless_search() {
    // Sixteen processes that are all different, but say the same at first.
    let mut file = String::from("$ cargo run -p x\n\n");
    for process in 0..16 {
        file += &format!("{process} | hello\n{process} | I am {process}\n");
    }
    let expected = Expected::parse(&file).unwrap();
    let mismatch = expected.check("hello\n".repeat(16)).unwrap_err();
    assert!(matches!(mismatch, Mismatch::TooManyWays { .. }), "{mismatch}");
    assert!(mismatch.to_string().contains("tell the processes apart"), "{mismatch}");
}

#[test]
fn all_is_every_chain_also_those_met_later() {
    let expected =
        Expected::parse("$ cargo run -p x\n\nall | begin\na | a\nb | b\nall | end\n").unwrap();
    assert_eq!(expected.check("begin\nb\na\nend\n"), Ok(()));
    for wrong in
        ["a\nbegin\nb\nend\n", "b\nbegin\na\nend\n", "begin\na\nend\nb\n", "begin\nb\nend\na\n"]
    {
        assert!(expected.check(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn all_alone_is_one_chain() {
    let expected = Expected::parse("$ cargo run -p x\n\nall | one\nall | two\n").unwrap();
    assert_eq!(expected.check("one\ntwo\n"), Ok(()));
    assert!(expected.check("two\none\n").is_err());
}

#[test]
fn a_program_may_print_nothing() {
    let expected = Expected::parse("$ cargo run -p x\n\n").unwrap();
    assert_eq!(expected.check(""), Ok(()));
    assert!(expected.check("\n").is_err());
    assert!(expected.check("something\n").is_err());
}

#[test]
fn an_empty_line_is_a_line() {
    let expected = Expected::parse("$ cargo run -p x\n\na | one\na |\na | two\n").unwrap();
    assert_eq!(expected.check("one\n\ntwo\n"), Ok(()));
    for wrong in ["one\ntwo\n", "one\n \ntwo\n", "one\n\ntwo\n\n", "one\n\n\ntwo\n"] {
        assert!(expected.check(wrong).is_err(), "{wrong:?}");
    }
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
