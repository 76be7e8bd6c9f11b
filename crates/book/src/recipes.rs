//! The page of recipes: each is an example of this crate, compiled and run.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use crate::Result;

/// Runs the recipe and returns what it printed.
///
/// # Errors
///
/// If it cannot be built, or fails.
pub fn run(root: &Path, name: &str) -> Result<String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["run", "--quiet", "-p", "book", "--example", name])
        .current_dir(root)
        .output()?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(format!("the recipe {name} ended with {}: {stderr}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The page with each line `{{recipe NAME}}` replaced with the recipe and what it printed.
///
/// # Errors
///
/// Those of reading and running the recipes.
pub fn render(root: &Path, text: &str, printed: &[(String, String)]) -> Result<String> {
    let mut page = String::new();
    for line in text.lines() {
        let Some(name) = recipe_of(line) else {
            let _ = writeln!(page, "{line}");
            continue;
        };
        let code =
            fs::read_to_string(root.join("crates/book/examples").join(format!("{name}.rs")))?;
        let printed = printed.iter().find(|(recipe, _)| recipe == name);
        let (_, printed) = printed.ok_or_else(|| format!("{name} was not run"))?;
        let code = without_head(&code);
        let _ = write!(
            page,
            "```rust\n{}\n```\n\n```console\n$ cargo run -p book --example {name}\n{printed}```\n",
            code.trim()
        );
    }
    Ok(page)
}

/// Runs the recipes that a page has; each with what it printed.
///
/// # Errors
///
/// See [`run`].
pub fn run_all(root: &Path, text: &str) -> Result<Vec<(String, String)>> {
    named(text).into_iter().map(|name| Ok((name.to_string(), run(root, name)?))).collect()
}

/// The recipes that a page has.
pub fn named(text: &str) -> Vec<&str> {
    text.lines().filter_map(recipe_of).collect()
}

fn recipe_of(line: &str) -> Option<&str> {
    line.strip_prefix("{{recipe ")?.strip_suffix("}}")
}

/// The page says what the head says.
fn without_head(code: &str) -> String {
    code.lines().skip_while(|line| line.starts_with("//!")).collect::<Vec<_>>().join("\n")
}
