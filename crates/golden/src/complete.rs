//! The repository checks its own completeness: programs, expected outputs, manifests, headers and the README's table.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, io};

use toml::{Table, Value};

use crate::check::expected_of;
use crate::program::{EXPECTED_OUTPUT, Program, entries};

/// What the crate of every program takes from the workspace.
const INHERITED: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];

/// What is missing in the workspace in `root`, or too much, one line for each.
///
/// # Errors
///
/// Those of reading its files, apart from files that are missing: these are findings.
pub fn findings(root: &Path) -> io::Result<Vec<String>> {
    let programs = Program::in_workspace(root)?;
    let mut findings = Vec::new();
    if programs.is_empty() {
        findings.push("crates/ has no crate with a program".into());
    }
    let crates: BTreeSet<&str> =
        programs.iter().map(|program| program.crate_name.as_str()).collect();
    for name in crates {
        check_manifest(name, &programs, root, &mut findings)?;
    }
    check_names(&programs, &mut findings);
    for program in &programs {
        check_expected_output(program, root, &mut findings)?;
    }
    check_strays(&programs, root, &mut findings)?;
    check_readme(&programs, root, &mut findings)?;
    Ok(findings)
}

fn check_manifest(
    name: &str,
    programs: &[Program],
    root: &Path,
    findings: &mut Vec<String>,
) -> io::Result<()> {
    let path = format!("crates/{name}/Cargo.toml");
    let mut find = |fault: &str| findings.push(format!("{path}: {fault}"));
    let manifest: Table = match fs::read_to_string(root.join(&path))?.parse() {
        Ok(manifest) => manifest,
        Err(error) => {
            find(&format!("cannot be understood: {error}"));
            return Ok(());
        }
    };
    let get = |section: &str, key: &str| manifest.get(section)?.get(key);
    let is_inherited = |value: Option<&Value>| {
        value.and_then(|value| value.get("workspace")) == Some(&Value::Boolean(true))
    };
    if get("package", "name").and_then(Value::as_str) != Some(name) {
        find(&format!("the package is not named {name}, as its directory is"));
    }
    for field in INHERITED.into_iter().filter(|field| !is_inherited(get("package", field))) {
        find(&format!("no `{field}.workspace = true` in [package]"));
    }
    if !is_inherited(manifest.get("lints")) {
        find("no `workspace = true` in [lints]");
    }
    let names = || {
        programs
            .iter()
            .filter(|program| program.crate_name == name)
            .map(|program| program.name.as_str())
    };
    match get("package", "default-run").and_then(Value::as_str) {
        None if names().count() > 1 => find("has several programs and no `default-run`"),
        Some(default) if names().all(|name| name != default) => {
            find(&format!("`default-run` is {default}, which is no program of it"));
        }
        _ => {}
    }
    let binaries = manifest.get("bin").and_then(Value::as_array);
    let has_no_tests = |name: &str| {
        binaries.into_iter().flatten().any(|binary| {
            binary.get("name").and_then(Value::as_str) == Some(name)
                && binary.get("test") == Some(&Value::Boolean(false))
        })
    };
    for name in names().filter(|name| !has_no_tests(name)) {
        find(&format!(
            "no `{{ name = \"{name}\", test = false }}` in `bin`: an empty test would be built of it"
        ));
    }
    Ok(())
}

/// A program's name begins with its crate's, or is a part of it as `orphan` is of `zombie-orphan`; and it is the
/// only one of that name.
fn check_names(programs: &[Program], findings: &mut Vec<String>) {
    for Program { name, crate_name, .. } in programs {
        let is_like_its_crate = name == crate_name
            || name.strip_prefix(crate_name).is_some_and(|rest| rest.starts_with('-'))
            || crate_name.split('-').any(|part| part == name);
        if !is_like_its_crate {
            findings.push(format!(
                "program {name}: its name does not begin with that of its crate, {crate_name}"
            ));
        }
    }
    for pair in programs.windows(2).filter(|pair| pair[0].name == pair[1].name) {
        findings.push(format!(
            "program {}: is in {} and in {}",
            pair[0].name, pair[0].crate_name, pair[1].crate_name
        ));
    }
}

/// Every program has an expected output, and the same command in the header of its source.
fn check_expected_output(
    program: &Program,
    root: &Path,
    findings: &mut Vec<String>,
) -> io::Result<()> {
    let name = &program.name;
    let command = match expected_of(program, root) {
        Ok(expected) => expected.command.whole,
        Err(wrong) => {
            findings.push(format!("program {name}: {wrong}"));
            program.cargo_command()
        }
    };
    if !names_command(&header(program)?, &command) {
        findings.push(format!(
            "program {name}: the header of its source does not have its command, `{command}`"
        ));
    }
    Ok(())
}

/// The header of a program's source, as one line.
fn header(program: &Program) -> io::Result<String> {
    let source = fs::read_to_string(&program.source)?;
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    Ok(lines.flat_map(|line| [line.trim(), " "]).collect())
}

/// Whether `text` has `command`, and not just the beginning of another one.
fn names_command(text: &str, command: &str) -> bool {
    let is_part_of_name = |char: char| char.is_alphanumeric() || char == '-' || char == '_';
    text.match_indices(command)
        .any(|(start, _)| !text[start + command.len()..].starts_with(is_part_of_name))
}

/// No expected output is without a program; beside them is the page that explains them.
fn check_strays(programs: &[Program], root: &Path, findings: &mut Vec<String>) -> io::Result<()> {
    let directory = root.join(EXPECTED_OUTPUT);
    let page = directory.join("README.md");
    for file in entries(&directory)?.into_iter().filter(|file| *file != page) {
        if !programs.iter().any(|program| program.expected_output(root) == file) {
            let file = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            findings.push(format!("{EXPECTED_OUTPUT}/{file}: there is no such program"));
        }
    }
    Ok(())
}

/// Every program has one row in the README, no row is without a program, and each program leads to the next one.
fn check_readme(programs: &[Program], root: &Path, findings: &mut Vec<String>) -> io::Result<()> {
    let readme = match fs::read_to_string(root.join("README.md")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        result => result?,
    };
    let rows: Vec<&str> = readme.lines().filter_map(program_of_row).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for &name in &rows {
        *counts.entry(name).or_default() += 1;
    }
    for Program { name, .. } in programs {
        match counts.remove(name.as_str()) {
            Some(1) => {}
            Some(count) => findings.push(format!("README.md: {count} rows for the program {name}")),
            None => findings.push(format!("README.md: no row for the program {name}")),
        }
    }
    findings.extend(
        counts.keys().map(|name| format!("README.md: a row for `{name}`, which is no program")),
    );
    for program in programs {
        let Some(row) = rows.iter().rposition(|row| *row == program.name) else { continue };
        let next = rows.get(row + 1).map_or("none".into(), |next| format!("`{next}`"));
        if !header(program)?.contains(&format!("Next: {next}")) {
            findings.push(format!(
                "program {}: the header of its source does not have `Next: {next}`, the row after its own in README.md",
                program.name
            ));
        }
    }
    Ok(())
}

/// The program that a row of a table is about: its first cell is the program's name in backquotes.
fn program_of_row(row: &str) -> Option<&str> {
    let (cell, _) = row.strip_prefix('|')?.split_once('|')?;
    cell.trim().strip_prefix('`')?.strip_suffix('`')
}
