//! The first line of an expected output: the command that a reader types.

/// `echo TEXT | cargo run -p NAME -- ARGS`, of which the first and the last part may be missing.
#[derive(Debug, Clone)]
pub struct Command {
    /// All of it, without the prompt.
    pub whole: String,
    /// The part that names the program: `cargo run -p NAME` or `cargo run --bin NAME`.
    pub cargo: String,
    /// The program's arguments.
    pub args: Vec<String>,
    /// The program's standard input, as `echo` prints it; else empty.
    pub stdin: String,
}

impl Command {
    pub(crate) fn parse(line: &str) -> Result<Command, String> {
        let whole = line
            .strip_prefix("$ ")
            .ok_or("the first line is the command that a reader types: `$ cargo run -p NAME`")?;
        let (stdin, rest) = match whole.strip_prefix("echo ") {
            Some(echo) => {
                let (text, rest) =
                    echo.split_once(" | ").ok_or("`echo TEXT` is followed by ` | cargo run …`")?;
                (words(text)?.join(" ") + "\n", rest)
            }
            None => (String::new(), whole),
        };
        let (cargo, args) = match rest.split_once(" -- ") {
            Some((cargo, args)) => (cargo, words(args)?),
            None => (rest, Vec::new()),
        };
        let name =
            cargo.strip_prefix("cargo run -p ").or_else(|| cargo.strip_prefix("cargo run --bin "));
        if name.is_none_or(|name| name.is_empty() || name.contains(char::is_whitespace)) {
            return Err(format!(
                "`{rest}` is neither `cargo run -p NAME` nor `cargo run --bin NAME`, with or without ` -- ARGS`"
            ));
        }
        Ok(Command { whole: whole.into(), cargo: cargo.into(), args, stdin })
    }
}

/// What a shell would pass on as words. Quoting is not understood here, so it is refused.
fn words(text: &str) -> Result<Vec<String>, String> {
    const SPECIAL: &str = "\"'`$\\*?[]{}();&|<>#~!";

    match text.chars().find(|&char| SPECIAL.contains(char)) {
        Some(char) => Err(format!("`{char}` in `{text}` means something else to a shell")),
        None if text.trim().is_empty() => Err("there are no words after `echo` or `--`".into()),
        None => Ok(text.split_whitespace().map(String::from).collect()),
    }
}
