//! Outputs of many processes, and of the outside world, in orders that are right or wrong.

use golden::expected::Expected;
use golden::mismatch::Mismatch;

/// Ten users of whom one gets the ticket, as `ticket-lock` prints it.
fn tickets() -> Expected {
    Expected::parse(include_str!("../../../expected-output/ticket-lock.txt")).expect("a good file")
}

#[test]
fn one_user_gets_the_ticket_before_all_others_are_refused() {
    let expected = tickets();
    let query = |user: &u32| format!("用户{user}查询票数剩余{}\n", u32::from(*user < 5));
    let queries = |users: &[u32]| users.iter().map(query).collect::<String>();
    let (first, last) = (queries(&[3, 1, 2, 4, 9, 5]), queries(&[7, 8, 6, 10]));
    let losers = |count| "票数不足！\n".repeat(count);
    let right = format!("{first}9 抢到一张票\n{}{last}{}", losers(5), losers(4));
    assert_eq!(expected.check(&right), Ok(()));

    for wrong in [
        right.replacen("用户8查询", "用户7查询", 1),
        right.replace("9 抢到", "11 抢到"),
        right.replacen("票数不足！", "3 抢到一张票", 1),
        right.replace("9 抢到一张票", "票数不足！"),
        right.clone() + "票数不足！\n",
        format!("{first}9 抢到一张票\n{}{last}{}", losers(6), losers(3)) + "票数不足！\n",
        format!("{first}9 抢到一张票\n{}{last}{}", losers(5), losers(3)),
        format!("{first}{}9 抢到一张票\n{}{last}{}", losers(1), losers(4), losers(4)),
        format!("{first}9 抢到一张票\n{}{last}", losers(9)),
    ] {
        assert!(expected.check(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn all_users_get_the_ticket_without_a_lock_after_all_have_asked() {
    let file = include_str!("../../../expected-output/ticket-lock-race.txt");
    let expected = Expected::parse(file).expect("a good file");
    let order = [3, 1, 2, 4, 9, 5, 7, 8, 6, 10];
    let queries: String = order.map(|user| format!("用户{user}查询票数剩余1\n")).concat();
    let tickets: String = order.map(|user| format!("{user} 抢到一张票\n")).concat();
    let end = "只有1张票，卖出10张，文件里剩余0张\n";
    let right = format!("{queries}所有用户都看到还有票\n{tickets}{end}");
    assert_eq!(expected.check(&right), Ok(()));
    for wrong in [
        right.replacen("用户8查询", "用户7查询", 1),
        right.replace("9 抢到", "11 抢到"),
        right.replace("9 抢到", "10 抢到"),
        right.replacen("3 抢到一张票", "票数不足！", 1),
        format!("{queries}{tickets}所有用户都看到还有票\n{end}"),
        format!("{queries}所有用户都看到还有票\n{end}{tickets}"),
    ] {
        assert!(expected.check(&wrong).is_err(), "{wrong}");
    }
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

#[test]
fn the_outside_world_may_print_any_lines_where_it_is_said() {
    let file = "$ cargo run -p x\n\nall | ...\nall | ---\nall | ...\nall | end\n";
    let expected = Expected::parse(file).unwrap();
    for right in
        ["---\nend\n", "a\n\nb\n---\nc\nend\n", "---\n---\nend\nend\n", "end\n---\n...\nend\n"]
    {
        assert_eq!(expected.check(right), Ok(()), "{right}");
    }
    for wrong in
        ["", "---\n", "end\n", "a\nend\n---\n", "---\nend\na\n", "a\n---\nb\nend", "----\nend\n"]
    {
        assert!(expected.check(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn lines_of_the_outside_world_stay_in_their_chains() {
    let file =
        "$ cargo run -p x\n\na | <pid:a> begins\na | ...\na | <pid:a> ends\nb | one\nb | two\n";
    let expected = Expected::parse(file).unwrap();
    for right in ["one\n7 begins\n1\n2\ntwo\n3\n7 ends\n", "7 begins\n7 ends\none\ntwo\n"] {
        assert_eq!(expected.check(right), Ok(()), "{right}");
    }
    for wrong in [
        "1\n7 begins\n7 ends\none\ntwo\n",
        "7 begins\n7 ends\n1\none\ntwo\n",
        "7 begins\n1\n8 ends\none\ntwo\n",
        "7 begins\n1\n7 ends\ntwo\none\n",
    ] {
        assert!(expected.check(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn three_dots_can_be_meant_as_such() {
    let expected = Expected::parse("$ cargo run -p x\n\na | \\...\na | wait...\n").unwrap();
    assert_eq!(expected.check("...\nwait...\n"), Ok(()));
    for wrong in ["wait...\n", "x\nwait...\n", "...\n...\nwait...\n"] {
        assert!(expected.check(wrong).is_err(), "{wrong}");
    }
}
