//! What each placeholder stands for, and what it does not.

use golden::expected::Expected;

/// Whether a program that prints one line, expected to be `pattern`, may print `line`.
fn allows(pattern: &str, line: &str) -> bool {
    let file = format!("$ cargo run -p x\n\na | {pattern}\n");
    Expected::parse(&file).expect(pattern).check(format!("{line}\n")).is_ok()
}

/// Whether a program with these expected lines, all of one chain, may print `output`.
fn allows_lines(patterns: &[&str], output: &str) -> bool {
    let lines: String = patterns.iter().map(|pattern| format!("a | {pattern}\n")).collect();
    Expected::parse(&format!("$ cargo run -p x\n\n{lines}"))
        .expect("patterns that can be parsed")
        .check(output)
        .is_ok()
}

#[test]
fn literal_text_is_exact() {
    assert!(allows("进程结束", "进程结束"));
    assert!(allows("ID:  x ", "ID:  x "));
    assert!(allows("a | b", "a | b"));
    assert!(allows(" indented", " indented"));
    for other in
        ["ID: x ", "ID:  x", "ID:  x  ", "id:  x ", " ID:  x ", "ID:  x \r", "", "ID:  x . "]
    {
        assert!(!allows("ID:  x ", other), "{other:?}");
    }
}

#[test]
fn an_escaped_angle_is_itself() {
    assert!(allows("a \\< b > c", "a < b > c"));
    assert!(allows("\\<pid:a>", "<pid:a>"));
    assert!(allows("C:\\x", "C:\\x"));
    assert!(!allows("\\<pid:a>", "12"));
}

#[test]
fn a_pid_is_a_positive_number() {
    for pid in ["1", "12", "4194304", "2147483647"] {
        assert!(allows("<pid:a>.", &format!("{pid}.")), "{pid}");
    }
    for no_pid in ["0", "012", "-12", "+12", "", "x", "1x", "1.0", "2147483648", "１"] {
        assert!(!allows("<pid:a>.", &format!("{no_pid}.")), "{no_pid}");
    }
}

#[test]
fn a_name_is_one_value_and_a_value_is_one_name() {
    let patterns = ["<pid:a> <pid:b>", "<pid:b> <pid:a>"];
    assert!(allows_lines(&patterns, "1 2\n2 1\n"));
    for wrong in ["1 2\n1 2\n", "1 1\n1 1\n", "1 2\n2 3\n", "1 2\n3 1\n"] {
        assert!(!allows_lines(&patterns, wrong), "{wrong}");
    }
}

#[test]
fn kinds_do_not_share_names() {
    let time = "2022-08-14 16:15:21.445148";
    assert!(allows_lines(
        &["<pid:a> <time:a>", "<time:a> <pid:a>"],
        &format!("1 {time}\n{time} 1\n")
    ));
}

#[test]
fn a_time_is_to_the_microsecond_and_exists() {
    for time in
        ["2022-08-14 16:15:21.445148", "2024-02-29 00:00:00.000000", "2000-12-31 23:59:59.999999"]
    {
        assert!(allows("at <time>!", &format!("at {time}!")), "{time}");
    }
    for no_time in [
        "2022-08-14 16:15:21",
        "2022-08-14 16:15:21.44514",
        "2022-08-14 16:15:21.4451480",
        "2022-08-14T16:15:21.445148",
        "2022-00-14 16:15:21.445148",
        "2022-13-14 16:15:21.445148",
        "2022-08-00 16:15:21.445148",
        "2022-04-31 16:15:21.445148",
        "2023-02-29 16:15:21.445148",
        "1900-02-29 16:15:21.445148",
        "2022-08-14 24:15:21.445148",
        "2022-08-14 16:60:21.445148",
        "2022-08-14 16:15:60.445148",
        "2022-08-14 16:15:21.44514x",
        "时间时间时间时间时间时间时间时间时间",
    ] {
        assert!(!allows("at <time>!", &format!("at {no_time}!")), "{no_time}");
    }
}

#[test]
fn a_named_time_is_the_same_text_but_two_may_be_equal() {
    let (one, two) = ("2022-08-14 16:15:21.445148", "2022-08-14 16:15:21.445149");
    let patterns = ["<time:a>", "<time:b>", "<time:a>", "<time:b>"];
    assert!(allows_lines(&patterns, &format!("{one}\n{two}\n{one}\n{two}\n")));
    assert!(allows_lines(&patterns, &format!("{one}\n{one}\n{one}\n{one}\n")));
    assert!(!allows_lines(&patterns, &format!("{one}\n{two}\n{two}\n{two}\n")));
    assert!(allows_lines(&["<time>", "<time>"], &format!("{one}\n{two}\n")));
}

#[test]
fn a_number_has_a_range_with_its_ends() {
    for number in ["1.7", "2", "2.0", "2.3", "2.300", "1.70000000000000000001", "02.0"] {
        assert!(allows("<1.7..2.3> s", &format!("{number} s")), "{number}");
    }
    for other in [
        "1.69", "2.31", "2.30001", "", ".", "2.", ".2", "2.0.0", "+2.0", "-2.0", "2e0", "x", "inf",
        "NaN",
    ] {
        assert!(!allows("<1.7..2.3> s", &format!("{other} s")), "{other}");
    }
    assert!(allows("<2.0..4.0>", "2"));
    assert!(allows("<2.0..4.0>", "4.000"));
    assert!(!allows("<2.0..4.0>", "1.999"));
    assert!(!allows("<2.0..4.0>", "4.001"));
    assert!(allows("<-1..1>", "-0.5"));
    assert!(allows("<-0.1..0.3>", "0.3"), "binary fractions must not spoil the end of the range");
}

#[test]
fn a_choice_is_one_of_its_texts_and_binds_nothing() {
    assert!(allows("<\"c1\"|\"c2\"> eats", "c1 eats"));
    assert!(allows("<\"c1\"|\"c2\"> eats", "c2 eats"));
    assert!(!allows("<\"c1\"|\"c2\"> eats", "c3 eats"));
    assert!(!allows("<\"c1\"|\"c2\"> eats", " eats"));
    assert!(allows("<\"any\"|\"the other \">one", "the other one"));
    assert!(allows("<\"你好, 世界\"|\"再见\">", "你好, 世界"));
    assert!(allows("<\"a|b > c\"|\"<pid:a>\">", "a|b > c"));
    assert!(allows("<\"a|b > c\"|\"<pid:a>\">", "<pid:a>"));
    assert!(allows_lines(&["<\"c1\"|\"c2\">", "<\"c1\"|\"c2\">"], "c1\nc2\n"));
    assert!(allows_lines(&["<\"c1\"|\"c2\">", "<\"c1\"|\"c2\">"], "c1\nc1\n"));
}

#[test]
fn a_choice_of_names_is_the_value_of_one_of_them() {
    let any = "<pid:a|b>";
    assert!(allows_lines(&[any, any, any], "1\n2\n1\n"));
    assert!(allows_lines(&[any, any, any], "1\n1\n1\n"));
    assert!(!allows_lines(&[any, any, any], "1\n2\n3\n"), "there are only two of them");
    assert!(allows_lines(&[any, "<pid:a>", "<pid:b>"], "1\n2\n1\n"));
    assert!(!allows_lines(&[any, "<pid:a>", "<pid:b>"], "1\n2\n3\n"));
    assert!(!allows_lines(&["<pid:c>", any, any], "1\n1\n2\n"));
    let (one, two) = ("2022-08-14 16:15:21.445148", "2022-08-14 16:15:21.445149");
    let patterns = ["<time:a>", "<time:b>", "<time:a|b>"];
    assert!(allows_lines(&patterns, &format!("{one}\n{two}\n{two}\n")));
    assert!(!allows_lines(&patterns, &format!("{one}\n{one}\n{two}\n")));
}

#[test]
fn a_placeholder_that_can_end_in_several_places_is_tried_in_all() {
    assert!(allows("<\"1\"|\"10\">0", "100"));
    assert!(allows("<\"1\"|\"10\">0", "10"));
    assert!(allows("<\"10\"|\"1\">01", "101"));
    assert!(allows("<pid:a>0", "120"));
    assert!(allows("<pid:a><pid:b>", "11111"));
    assert!(!allows("<pid:a><pid:b>", "11"));
    assert!(allows("<pid:a><pid:a>", "1212"));
    assert!(!allows("<pid:a><pid:a>", "121"));
    assert!(allows("<1..12>5", "115"));
    assert!(allows("<1..12>.5", "1.2.5"));
    assert!(allows_lines(&["<pid:a>1", "<pid:a>"], "111\n11\n"));
    assert!(allows_lines(&["<pid:a><pid:b>", "<pid:a>"], "111\n1\n"));
    assert!(allows_lines(&["<pid:a><pid:b>", "<pid:a>"], "111\n11\n"));
}

#[test]
fn many_placeholders_in_a_line_do_not_double_the_work_each() {
    // There are 2^60 ways to read this line, were they all tried; it can have from 60 to 120 letters.
    let pattern = "<\"a\"|\"aa\">".repeat(60) + "!";
    assert!(allows(&pattern, &("a".repeat(120) + "!")));
    assert!(allows(&pattern, &("a".repeat(60) + "!")));
    assert!(!allows(&pattern, &("a".repeat(121) + "!")));
    assert!(!allows(&pattern, &"a".repeat(100)));
    assert!(!allows(&"<1..12>".repeat(60), &("1".repeat(100) + "x")));
}

#[test]
fn a_value_that_no_later_line_asks_for_is_still_taken() {
    // The first line can name 1 or 11; only the second one tells which.
    for (output, is_right) in [("111\n11\n", true), ("111\n1\n", true), ("11\n1\n", false)] {
        assert_eq!(
            allows_lines(&["<pid:a><\"1\"|\"11\">", "<pid:b>"], output),
            is_right,
            "{output}"
        );
    }
}

#[test]
fn a_name_found_in_a_later_line_decides_what_an_earlier_one_was() {
    let file = "$ cargo run -p x\n\na | <pid:a> begins\nb | <pid:b> begins\na | <pid:a> ends well\nb | <pid:b> ends\n";
    let expected = Expected::parse(file).unwrap();
    assert_eq!(expected.check("1 begins\n2 begins\n2 ends well\n1 ends\n"), Ok(()));
    assert_eq!(expected.check("1 begins\n1 ends\n2 begins\n2 ends well\n"), Ok(()));
    assert!(expected.check("1 begins\n2 begins\n2 ends well\n2 ends\n").is_err());
}
