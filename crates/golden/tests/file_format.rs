//! What an expected output may look like, and what is said of one that is wrong.

use golden::expected::{Expected, ParseError};

fn error(file: &str) -> ParseError {
    Expected::parse(file).expect_err(file)
}

#[track_caller]
fn assert_error(file: &str, line: usize, part: &str) {
    let error = error(file);
    assert_eq!(error.line, line, "{error}");
    assert!(error.to_string().starts_with(&format!("line {line}: ")), "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

/// The error of a file with this one line in its body, without its line number.
#[track_caller]
fn assert_line_error(line: &str, part: &str) {
    assert_error(&format!("$ cargo run -p x\n\na | <pid:a>\n{line}\n"), 4, part);
}

#[test]
fn the_head_is_the_command_and_its_input() {
    let file = "$ echo 你好  世界 | cargo run -p process-stdin -- --name a b\n\nall | x\n";
    let expected = Expected::parse(file).unwrap();
    assert_eq!(
        expected.command.whole,
        "echo 你好  世界 | cargo run -p process-stdin -- --name a b"
    );
    assert_eq!(expected.command.cargo, "cargo run -p process-stdin");
    assert_eq!(expected.command.args, ["--name", "a", "b"]);
    assert_eq!(expected.command.stdin, "你好 世界\n", "as echo prints it");

    let expected = Expected::parse("$ cargo run --bin process-ten\n\n").unwrap();
    assert_eq!(expected.command.cargo, "cargo run --bin process-ten");
    assert!(expected.command.args.is_empty());
    assert_eq!(expected.command.stdin, "");
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
fn a_blank_line_follows_the_command() {
    assert_error("$ cargo run -p x\n", 2, "the line after the command is blank; this one is not");
    assert_error("$ cargo run -p x\na | x\n", 2, "the line after the command is blank");
    assert_error("$ cargo run -p x\nuser: 1 2\n\na | x\n", 2, "the line after the command");
}

#[test]
fn a_line_has_labels_and_a_bar() {
    assert_line_error("no bar", "there is no bar");
    assert_line_error("", "there is no bar");
    assert_line_error("a |x", "followed by a blank");
    assert_line_error("| x", "there is no label");
    assert_line_error(" | x", "there is no label");
    assert_line_error("a all | x", "`all` stands alone");
    assert_line_error("a b a | x", "the line has the label `a` twice");
}

/// The fault of a placeholder, after which the known ones are named.
#[track_caller]
fn assert_fault(placeholder: &str, fault: &str) {
    assert_line_error(
        &format!("a | {placeholder}"),
        &format!("`{placeholder}` {fault}; allowed are <pid:name>, <time:name>, <pid:one name|"),
    );
}

#[test]
fn an_unknown_placeholder_is_refused_and_the_known_ones_are_named() {
    for placeholder in ["<>", "<pid>", "<user>", "<x y>", "<1>", "<TIME>", "<a|b>"] {
        assert_fault(placeholder, "is not a placeholder");
    }
    for placeholder in ["<who:a>", "<left:0|1>", "<pdi:a|b>", "<PID:a>", "<:a>", "<pid a:b>"] {
        let kind = placeholder[1..].split(':').next().unwrap();
        assert_fault(
            placeholder,
            &format!("is of the kind `{kind}`, but there are only pid and time"),
        );
    }
    for range in ["1±", "1..", "..1", "2..1", "2.0±0.3", "a..b", "1..2..3", "1e3..2e3", "1+-2"] {
        assert_fault(&format!("<{range}>"), "is not a placeholder");
    }
    assert_line_error("a | 1 < 2", "`< 2` opens a placeholder that is never closed; allowed are");
    assert_line_error("a | <\"x\"|\"y", "opens a placeholder that is never closed");
    assert_line_error("a | <\"x|y>", "opens a placeholder that is never closed");
}

#[test]
fn names_and_texts_are_checked() {
    for (placeholder, word) in [
        ("<pid:>", ""),
        ("<pid:a|>", ""),
        ("<pid:|>", ""),
        ("<pid:a b>", "a b"),
        ("<pid:a<b>", "a<b"),
    ] {
        assert_fault(
            placeholder,
            &format!("has `{word}` in the place of a name, which is one word"),
        );
    }
    assert_fault("<pid:\"c1\"|\"c2\">", "has `\"c1\"` in the place of a name, which is one word");
    assert_fault("<pid:a|b|a>", "has the name `a` twice");
    for placeholder in
        ["<\"\">", "<\"x\"|\"\">", "<\"\"|\"x\">", "<\"x\"y\"|\"z\">", "<\"x\"|y|\"z\">"]
    {
        assert_fault(
            placeholder,
            "is not two texts or more, none of them empty, without \" inside",
        );
    }
    assert_fault("<\"x\">", "is not two texts or more, none of them empty, without \" inside");
    assert_fault("<\"x\"|\"y\"|\"x\">", "has the text `x` twice");
}

#[test]
fn a_name_that_must_occur_again_does() {
    let file = |body: &str| format!("$ cargo run -p x\n\n{body}");
    // A slip of the pen would allow a fifth worker, or any time.
    let workers = "a | <pid:a|b>\nb | <pid:a|bb>\nc | <pid:a|b>\n";
    assert_error(&file(workers), 4, "the name `bb` occurs nowhere else: each of several names");
    let times = "a | <time:a>\na | <time:b>\nb | <time:a>\n";
    assert_error(&file(times), 4, "the time `b` occurs nowhere else: write `<time>`, or the name");
    // A process id alone says something: it is like no other.
    assert!(Expected::parse(&file("a | <pid:a>\na | <pid:b>\n")).is_ok());
}

#[test]
fn the_examples_on_the_page_of_the_language_are_right() {
    let page = include_str!("../../../expected-output/README.md");
    let blocks: Vec<&str> = page.split("```").skip(1).step_by(2).collect();
    let files = blocks.iter().filter_map(|block| block.strip_prefix("text\n"));
    let parsed =
        files.filter(|text| text.starts_with("$ ")).map(|text| Expected::parse(text).unwrap());
    assert!(parsed.count() > 0);
}

#[test]
fn a_missing_last_newline_of_the_file_does_not_matter() {
    let expected = Expected::parse("$ cargo run -p x\n\na | x").unwrap();
    assert_eq!(expected.check("x\n"), Ok(()));
}
