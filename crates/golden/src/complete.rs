//! The repository checks its own completeness: programs, expected outputs, tests, headers and the README's table.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use crate::Program;
use crate::program::{EXPECTED_OUTPUT, demo_crates, entries, file_stem};
use crate::verdict::expected_of;

/// What every demo crate takes from the workspace: section and line of its Cargo.toml.
const INHERITED: [(&str, &str); 6] = [
    ("[package]", "version.workspace = true"),
    ("[package]", "edition.workspace = true"),
    ("[package]", "rust-version.workspace = true"),
    ("[package]", "license.workspace = true"),
    ("[package]", "publish.workspace = true"),
    ("[lints]", "workspace = true"),
];

/// What the test of every demo crate calls.
const TEST_CALL: &str = "golden::check_crate(env!(\"CARGO_MANIFEST_DIR\"));";

/// What is missing in the workspace in `root`, or too much, one line for each.
///
/// # Errors
///
/// Those of reading its files, apart from files that are missing: these are findings.
pub fn findings(root: &Path) -> io::Result<Vec<String>> {
    let mut findings = Vec::new();
    let crates = demo_crates(root)?;
    if crates.is_empty() {
        findings.push("crates/ has no demo crate".into());
    }
    for directory in crates {
        check_manifest(&directory, &mut findings)?;
        check_test(&directory, &mut findings)?;
    }
    let programs = Program::in_workspace(root)?;
    check_names(&programs, &mut findings);
    for program in &programs {
        check_expected_output(program, root, &mut findings)?;
    }
    check_strays(&programs, root, &mut findings)?;
    check_readme(&programs, root, &mut findings)?;
    Ok(findings)
}

fn check_manifest(directory: &Path, findings: &mut Vec<String>) -> io::Result<()> {
    let name = file_stem(directory);
    let manifest = Manifest { text: read_or_empty(&directory.join("Cargo.toml"))? };
    if manifest.value("name").as_deref() != Some(&name) {
        findings.push(format!(
            "crates/{name}/Cargo.toml: the package is not named {name}, as its directory is"
        ));
    }
    for (section, line) in INHERITED {
        if !manifest.has(section, line) {
            findings.push(format!("crates/{name}/Cargo.toml: no `{line}` in {section}"));
        }
    }
    let programs = Program::in_crate(directory)?;
    match manifest.value("default-run") {
        _ if programs.is_empty() => findings.push(format!("crates/{name}: has no program")),
        None if programs.len() > 1 => {
            findings.push(format!(
                "crates/{name}/Cargo.toml: has several programs and no `default-run`"
            ));
        }
        Some(default) if programs.iter().all(|program| program.name != default) => {
            findings.push(format!(
                "crates/{name}/Cargo.toml: `default-run` is {default}, which is no program of it"
            ));
        }
        _ => {}
    }
    Ok(())
}

fn check_test(directory: &Path, findings: &mut Vec<String>) -> io::Result<()> {
    let test = read_or_empty(&directory.join("tests/golden.rs"))?;
    if !test.lines().any(|line| line.trim() == TEST_CALL) {
        findings.push(format!("crates/{}/tests/golden.rs: no `{TEST_CALL}`", file_stem(directory)));
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
        Ok(expected) => expected.command().to_owned(),
        Err(wrong) => {
            findings.push(format!("program {name}: {wrong}"));
            program.cargo_command()
        }
    };
    let source = fs::read_to_string(&program.source)?;
    let mut header = source.lines().map_while(|line| line.strip_prefix("//!"));
    if !header.any(|line| names_command(line, &command)) {
        findings.push(format!(
            "program {name}: the header of its source does not have its command, `{command}`"
        ));
    }
    Ok(())
}

/// Whether `line` has `command`, and not just the beginning of another one.
fn names_command(line: &str, command: &str) -> bool {
    let is_part_of_name = |char: char| char.is_alphanumeric() || char == '-' || char == '_';
    line.match_indices(command)
        .any(|(start, _)| !line[start + command.len()..].starts_with(is_part_of_name))
}

/// No expected output is without a program.
fn check_strays(programs: &[Program], root: &Path, findings: &mut Vec<String>) -> io::Result<()> {
    for file in entries(&root.join(EXPECTED_OUTPUT))? {
        if !programs.iter().any(|program| program.expected_output(root) == file) {
            let file = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            findings.push(format!("{EXPECTED_OUTPUT}/{file}: there is no such program"));
        }
    }
    Ok(())
}

/// Every program has one row in the README, and no row is without a program.
fn check_readme(programs: &[Program], root: &Path, findings: &mut Vec<String>) -> io::Result<()> {
    let readme = read_or_empty(&root.join("README.md"))?;
    let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
    for name in readme.lines().filter_map(program_of_row) {
        *rows.entry(name).or_default() += 1;
    }
    for Program { name, .. } in programs {
        match rows.remove(name.as_str()) {
            Some(1) => {}
            Some(count) => findings.push(format!("README.md: {count} rows for the program {name}")),
            None => findings.push(format!("README.md: no row for the program {name}")),
        }
    }
    findings.extend(
        rows.keys().map(|name| format!("README.md: a row for `{name}`, which is no program")),
    );
    Ok(())
}

/// The program that a row of a table is about: its first cell is the program's name in backquotes.
fn program_of_row(row: &str) -> Option<&str> {
    let (cell, _) = row.strip_prefix('|')?.split_once('|')?;
    cell.trim().strip_prefix('`')?.strip_suffix('`')
}

/// As much of Cargo.toml as is asked about here.
struct Manifest {
    text: String,
}

impl Manifest {
    /// Whether a section has a line.
    fn has(&self, section: &str, line: &str) -> bool {
        self.section(section).any(|found| found == line)
    }

    /// The text that a key of the section `[package]` has.
    fn value(&self, key: &str) -> Option<String> {
        self.section("[package]").find_map(|line| {
            let (found, value) = line.split_once('=')?;
            (found.trim() == key).then(|| value.trim().trim_matches('"').to_owned())
        })
    }

    fn section<'a>(&'a self, header: &str) -> impl Iterator<Item = &'a str> {
        let lines = self.text.lines().map(str::trim).skip_while(move |&line| line != header);
        lines.skip(1).take_while(|line| !line.starts_with('['))
    }
}

fn read_or_empty(path: &Path) -> io::Result<String> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        result => result,
    }
}
