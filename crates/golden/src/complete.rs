//! The repository checks its own completeness: programs, expected outputs, manifests, headers and the README's table.

use std::collections::BTreeMap;
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
    let mut crates: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for program in &programs {
        crates.entry(&program.crate_name).or_default().push(&program.name);
    }
    let mut findings = Vec::new();
    findings.extend(programs.is_empty().then(|| "crates/ has no crate with a program".into()));
    for (name, programs) in &crates {
        let path = format!("crates/{name}/Cargo.toml");
        let faults = match fs::read_to_string(root.join(&path))?.parse() {
            Ok(manifest) => manifest_faults(name, programs, &manifest),
            Err(error) => vec![format!("cannot be understood: {error}")],
        };
        findings.extend(faults.iter().map(|fault| format!("{path}: {fault}")));
    }
    let readme = match fs::read_to_string(root.join("README.md")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        result => result?,
    };
    let rows: Vec<&str> = readme.lines().filter_map(program_of_row).collect();
    for program in &programs {
        let faults = program_faults(program, root, &rows)?;
        findings.extend(faults.iter().map(|fault| format!("program {}: {fault}", program.name)));
    }
    for pair in programs.windows(2).filter(|pair| pair[0].name == pair[1].name) {
        let Program { name, crate_name, .. } = &pair[0];
        findings.push(format!("program {name}: is in {crate_name} and in {}", pair[1].crate_name));
    }
    findings.extend(strays(&programs, root)?);
    findings.extend(row_faults(&programs, &rows));
    Ok(findings)
}

/// What is wrong with the manifest of a crate that has these programs.
fn manifest_faults(name: &str, programs: &[&str], manifest: &Table) -> Vec<String> {
    let package = |key: &str| manifest.get("package")?.get(key);
    let is_inherited = |value: Option<&Value>| {
        value.and_then(|value| value.get("workspace")) == Some(&Value::Boolean(true))
    };
    let mut faults = Vec::new();
    if package("name").and_then(Value::as_str) != Some(name) {
        faults.push(format!("the package is not named {name}, as its directory is"));
    }
    let missing = INHERITED.into_iter().filter(|field| !is_inherited(package(field)));
    faults.extend(missing.map(|field| format!("no `{field}.workspace = true` in [package]")));
    if !is_inherited(manifest.get("lints")) {
        faults.push("no `workspace = true` in [lints]".into());
    }
    match package("default-run").and_then(Value::as_str) {
        None if programs.len() > 1 => {
            faults.push("has several programs and no `default-run`".into());
        }
        Some(default) if !programs.contains(&default) => {
            faults.push(format!("`default-run` is {default}, which is no program of it"));
        }
        _ => {}
    }
    for program in programs {
        let bins = manifest.get("bin").and_then(Value::as_array).into_iter().flatten();
        let mut bins = bins.filter(|bin| bin.get("test") == Some(&Value::Boolean(false)));
        if !bins.any(|bin| bin.get("name").and_then(Value::as_str) == Some(program)) {
            let entry = format!("{{ name = \"{program}\", test = false }}");
            faults.push(format!("no `{entry}` in `bin`: an empty test would be built of it"));
        }
    }
    faults
}

/// What is wrong with a program: its name begins with its crate's, or is a part of it as `orphan` is of
/// `zombie-orphan`; it has an expected output; and the header of its source has the same command and leads to the
/// program in the next one of the README's `rows`.
fn program_faults(program: &Program, root: &Path, rows: &[&str]) -> io::Result<Vec<String>> {
    let Program { name, crate_name, .. } = program;
    let mut faults = Vec::new();
    let is_like_its_crate = name == crate_name
        || name.strip_prefix(crate_name).is_some_and(|rest| rest.starts_with('-'))
        || crate_name.split('-').any(|part| part == name);
    if !is_like_its_crate {
        faults.push(format!("its name does not begin with that of its crate, {crate_name}"));
    }
    let header = header(program)?;
    match expected_of(program, root).map(|expected| format!("`{}`", expected.command.whole)) {
        Err(wrong) => faults.push(wrong),
        Ok(command) if !header.contains(&command) => {
            faults.push(format!("the header of its source does not have its command, {command}"));
        }
        Ok(_) => {}
    }
    if let Some(row) = rows.iter().rposition(|row| row == name) {
        let next = rows.get(row + 1).map_or("none".into(), |next| format!("`{next}`"));
        if !header.contains(&format!("Next: {next}")) {
            faults.push(format!(
                "the header of its source does not have `Next: {next}`, the row after its own in README.md"
            ));
        }
    }
    Ok(faults)
}

/// The header of a program's source, as one line.
fn header(program: &Program) -> io::Result<String> {
    let source = fs::read_to_string(&program.source)?;
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    Ok(lines.flat_map(|line| [line.trim(), " "]).collect())
}

/// The expected outputs without a program. Beside them is the page that explains them.
fn strays(programs: &[Program], root: &Path) -> io::Result<Vec<String>> {
    let mut files = entries(&root.join(EXPECTED_OUTPUT))?;
    files.retain(|file| {
        !file.ends_with("README.md")
            && programs.iter().all(|program| program.expected_output(root) != *file)
    });
    let names = files.iter().filter_map(|file| file.file_name());
    let stray = |name| format!("{EXPECTED_OUTPUT}/{name}: there is no such program");
    Ok(names.map(|name| stray(name.display())).collect())
}

/// The programs that do not have one row in the README, and the rows without a program.
fn row_faults(programs: &[Program], rows: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    for Program { name, .. } in programs {
        match rows.iter().filter(|row| *row == name).count() {
            1 => {}
            0 => faults.push(format!("README.md: no row for the program {name}")),
            count => faults.push(format!("README.md: {count} rows for the program {name}")),
        }
    }
    let strays = rows.iter().filter(|row| programs.iter().all(|program| program.name != **row));
    faults.extend(strays.map(|row| format!("README.md: a row for `{row}`, which is no program")));
    faults
}

/// The program that a row of a table is about: its first cell is the program's name in backquotes.
fn program_of_row(row: &str) -> Option<&str> {
    let (cell, _) = row.strip_prefix('|')?.split_once('|')?;
    cell.trim().strip_prefix('`')?.strip_suffix('`')
}
