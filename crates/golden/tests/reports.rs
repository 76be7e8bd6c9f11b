//! What a person reads when an output is wrong.

use golden::expected::Expected;

const FILE: &str = "\
$ cargo run -p x

main | parent is <pid:parent>
a    | child <pid:a> of <pid:parent>
a    | child <pid:a> ends
b    | child <pid:b> of <pid:parent>
b    | child <pid:b> ends
all  | the end
";

#[track_caller]
fn assert_report(output: &[u8], report: &str) {
    let mismatch = Expected::parse(FILE).expect("a good file").check(output).expect_err(report);
    assert_eq!(mismatch.to_string(), report);
}

#[test]
fn a_line_that_cannot_come_is_shown_with_those_that_can() {
    assert_report(
        b"parent is 7\nchild 8 of 7\nchild 9 of 8\nchild 8 ends\nchild 9 ends\nthe end\n",
        "\
line 3 of the output cannot come there:

    1 | parent is 7
    2 | child 8 of 7
>   3 | child 9 of 8
    4 | child 8 ends
    5 | child 9 ends
      …

what could have come there:

      a | child <pid:a> of <pid:parent>=7
      a | child <pid:a>=8 ends
      b | child <pid:b> of <pid:parent>=7
      b | child <pid:b>=8 ends",
    );
}

#[test]
fn an_output_that_ends_too_early_is_shown_with_what_is_missing() {
    assert_report(
        b"parent is 7\nchild 8 of 7\nchild 8 ends\nchild 9 of 7\n",
        "\
the output ended too early:

    1 | parent is 7
    2 | child 8 of 7
    3 | child 8 ends
    4 | child 9 of 7

the output ended here; still to come:

      b | child <pid:b>=9 ends
      all | the end",
    );
}

#[test]
fn a_line_too_many_is_shown() {
    let mismatch =
        Expected::parse("$ cargo run -p x\n\na | one\n").unwrap().check("one\ntwo\n").unwrap_err();
    assert_eq!(
        mismatch.to_string(),
        "\
line 2 of the output cannot come there:

    1 | one
>   2 | two

nothing more was expected"
    );
}

#[test]
fn a_missing_last_newline_is_a_difference() {
    let mismatch =
        Expected::parse("$ cargo run -p x\n\na | one\n").unwrap().check("one").unwrap_err();
    assert_eq!(
        mismatch.to_string(),
        "\
the last line of the output is not ended:

>   1 | one

a newline was expected after it"
    );
}

#[test]
fn an_output_without_any_line_is_shown_as_such() {
    let mismatch = Expected::parse("$ cargo run -p x\n\na | one\n").unwrap().check("").unwrap_err();
    assert_eq!(mismatch.to_string(), "nothing was printed; to come:\n\n      a | one");
}

#[test]
fn blanks_at_the_end_and_control_characters_are_made_visible() {
    let mismatch =
        Expected::parse("$ cargo run -p x\n\na | one \n").unwrap().check("\tone  \n").unwrap_err();
    assert_eq!(
        mismatch.to_string(),
        "\
line 1 of the output cannot come there:

>   1 | \\tone··

what could have come there:

      a | one·"
    );
}

#[test]
fn bytes_that_are_no_text_are_said() {
    let report = "the output is not UTF-8: line 2, byte 3";
    assert_report(b"parent is 7\nch\xffld\n", report);
}

#[test]
fn long_outputs_and_long_lists_are_cut() {
    let body: String = (0..40).map(|line| format!("{line} | line {line}\n")).collect();
    let expected = Expected::parse(&format!("$ cargo run -p x\n\n{body}")).unwrap();
    let output: String = (0..30).map(|line| format!("line {line}\n")).collect();

    let report = expected.check(format!("{output}wrong\n")).unwrap_err().to_string();
    assert!(report.contains("      …\n   23 | line 22\n"), "{report}");
    assert!(report.contains(">  31 | wrong\n"), "{report}");
    let report = expected.check("wrong\n").unwrap_err().to_string();
    assert!(report.ends_with("19 | line 19\n      … and 20 more"), "{report}");
}

#[test]
fn the_attempt_that_came_furthest_is_the_one_that_is_told() {
    // The first line can be of either chain; only as b's can the second one follow.
    let file = "$ cargo run -p x\n\na | same\na | then a\nb | same\nb | then b\nb | last\n";
    let report =
        Expected::parse(file).unwrap().check("same\nthen b\nlost\n").unwrap_err().to_string();
    assert!(report.starts_with("line 3 of the output"), "{report}");
    assert!(report.ends_with("      a | same\n      b | last"), "{report}");
}
