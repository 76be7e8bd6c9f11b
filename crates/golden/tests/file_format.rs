//! What an expected output may look like, and what is said of one that is wrong.

use golden::{Expected, ParseError};

fn error(file: &str) -> ParseError {
    Expected::parse(file).expect_err(file)
}

#[track_caller]
fn assert_error(file: &str, line: usize, part: &str) {
    let error = error(file);
    assert_eq!(error.line(), line, "{error}");
    assert!(error.to_string().starts_with(&format!("line {line}: ")), "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

/// The error of a file with this one line in its body, without its line number.
#[track_caller]
fn assert_line_error(line: &str, part: &str) {
    assert_error(&format!("$ cargo run -p x\nuser: 1 2\n\na | <user:a>\n{line}\n"), 5, part);
}

#[test]
fn the_head_is_the_command_and_its_input() {
    let file = "$ echo 你好  世界 | cargo run -p process-stdin -- --name a b\n\nall | x\n";
    let expected = Expected::parse(file).unwrap();
    assert_eq!(expected.command(), "echo 你好  世界 | cargo run -p process-stdin -- --name a b");
    assert_eq!(expected.cargo_command(), "cargo run -p process-stdin");
    assert_eq!(expected.args(), ["--name", "a", "b"]);
    assert_eq!(expected.stdin(), Some("你好 世界\n"), "as echo prints it");

    let expected = Expected::parse("$ cargo run --bin process-ten\n\n").unwrap();
    assert_eq!(expected.cargo_command(), "cargo run --bin process-ten");
    assert!(expected.args().is_empty());
    assert_eq!(expected.stdin(), None);
}

#[test]
fn a_head_that_is_no_such_command_is_refused() {
    let allowed = "`$ cargo run -p NAME`";
    assert_error("", 1, allowed);
    assert_error("\n\na | x\n", 1, allowed);
    assert_error("a | x\n", 1, allowed);
    assert_error("cargo run -p x\n\na | x\n", 1, allowed);
    assert_error("$ cargo run\n\n", 1, "is neither `cargo run -p NAME` nor `cargo run --bin NAME`");
    assert_error("$ cargo run -p \n\n", 1, "is neither");
    assert_error("$ cargo run -p x --bin y\n\n", 1, "is neither");
    assert_error("$ cargo run -p x --\n\n", 1, "is neither");
    assert_error("$ cargo run -p x -- \n\n", 1, "there are no words");
    assert_error("$ echo x\n\n", 1, "is followed by ` | cargo run …`");
    assert_error("$ echo x | cat\n\n", 1, "is neither");
    assert_error(
        "$ cargo run -p x -- 'a b'\n\n",
        1,
        "`'` in `'a b'` means something else to a shell",
    );
    assert_error("$ echo $HOME | cargo run -p x\n\n", 1, "`$` in `$HOME`");
}

#[test]
fn a_blank_line_ends_the_head() {
    assert_error("$ cargo run -p x\n", 2, "a blank line ends the head");
    assert_error("$ cargo run -p x\nuser: 1\n", 3, "a blank line ends the head");
    assert_error("$ cargo run -p x\na | x\n", 2, "the head goes on until a blank line");
}

#[test]
fn declarations_are_checked() {
    let with = |declarations: &str, line: &str| {
        format!("$ cargo run -p x\n{declarations}\n\na | {line}\n")
    };
    assert_error(&with("user: 1\nuser: 2", "<user:a>"), 3, "`user` is declared twice");
    assert_error(&with("user: 1 2 1", "<user:a>"), 2, "the value 1 of `user` is there twice");
    assert_error(&with("user:", "<user:a>"), 2, "without values");
    assert_error(&with("pid: 1", "<pid:a>"), 2, "needs no declaration");
    assert_error(&with("time: 1", "<time:a>"), 2, "needs no declaration");
    assert_error(&with("the user: 1", "x"), 2, "`the user` cannot name a kind");
    assert_error(&with(": 1", "x"), 2, "cannot name a kind");
    assert_error(&with("user: 1", "x"), 2, "`user` is declared but no line");
    assert_error(&with("user: 1", "<user:a> <user:b>"), 2, "1 values for 2 names");
}

#[test]
fn a_line_has_labels_and_a_bar() {
    assert_line_error("no bar", "there is no bar");
    assert_line_error("", "there is no bar");
    assert_line_error("a |x", "followed by a blank");
    assert_line_error("| x", "there is no label");
    assert_line_error(" | x", "there is no label");
    assert_line_error("a all | x", "`all` stands alone");
    assert_line_error("a b a | x", "the label `a` is there twice");
}

#[test]
fn an_unknown_placeholder_is_refused_and_the_known_ones_are_named() {
    let allowed = "allowed are <pid:name>, <kind:name>";
    assert_line_error("a | <who:a>", "`<who:a>` is of a kind that the head does not declare");
    for line in [
        "<>",
        "<pid>",
        "<pid:>",
        "<:a>",
        "<user>",
        "<x y>",
        "<pid:a b>",
        "<pid:a<b>",
        "<1>",
        "<TIME>",
    ] {
        assert_line_error(
            &format!("a | {line}"),
            &format!("`{line}` is not a placeholder; {allowed}"),
        );
    }
    for line in [
        "<1±>",
        "<1..>",
        "<..1>",
        "<2..1>",
        "<1±-1>",
        "<a..b>",
        "<1..2..3>",
        "<1e3..2e3>",
        "<1+-2>",
    ] {
        assert_line_error(
            &format!("a | {line}"),
            &format!("`{line}` is not a placeholder; {allowed}"),
        );
    }
    assert_line_error("a | 1 < 2", "`< 2` opens a placeholder that is never closed; allowed are");
    assert_line_error("a | <user:a|>", "`<user:a|>` is not a placeholder");
    assert_line_error("a | <pid:|>", "`<pid:|>` is not a placeholder");
    assert_line_error("a | <left:a|<b>", "has a `<` inside");
}

#[test]
fn a_missing_last_newline_of_the_file_does_not_matter() {
    let expected = Expected::parse("$ cargo run -p x\n\na | x").unwrap();
    assert_eq!(expected.check("x\n"), Ok(()));
}
