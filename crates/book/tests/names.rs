//! The page that leads from Python to Rust has every public name.

use std::fs;
use std::path::Path;

use crate::site::{read, root};

#[test]
fn every_public_name_is_there() {
    let mut missing = Vec::new();
    let names = public_names();
    assert!(names.len() > 150, "too few to be all: {names:?}");
    for language in ["en", "zh"] {
        let page = read(format!("crates/book/{language}/python.md"));
        let code: Vec<&str> = page.split('`').skip(1).step_by(2).collect();
        for name in &names {
            let is_there = |code: &&str| {
                let is_part = |char: char| char.is_alphanumeric() || "_:".contains(char);
                let mut places = code.match_indices(name.as_str());
                places.any(|(at, _)| {
                    let rest = &code[at + name.len()..];
                    !code[..at].ends_with(is_part)
                        && !rest.starts_with(|char| char != ':' && is_part(char))
                })
            };
            if !code.iter().any(is_there) {
                missing.push(format!("crates/book/{language}/python.md: {name}"));
            }
        }
    }
    assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
}

/// What `ipc_common` exports, and the methods of its types.
fn public_names() -> Vec<String> {
    let face = read("crates/ipc-common/src/lib.rs");
    let exports = face.split("pub use ").skip(1).flat_map(|export| {
        let names = export.split(';').next().unwrap().split_once("::").unwrap().1;
        names
            .trim_matches(['{', '}'])
            .split(',')
            .map(|name| name.trim_matches(['{', '}', ' ', '\n']).to_string())
    });
    let mut names: Vec<String> = exports.filter(|name| !name.is_empty()).collect();
    let types = names.clone();
    for name in
        ["ipc-forkserver", "ipc-manager", "ipc-pool", "ipc-process", "ipc-queue", "ipc-sync"]
    {
        methods(&root().join("crates").join(name).join("src"), &types, &mut names);
    }
    names
}

fn methods(directory: &Path, types: &[String], names: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            methods(&path, types, names);
            continue;
        }
        let (mut of, mut is_hidden) = (None, false);
        for line in fs::read_to_string(path).unwrap().lines() {
            if let Some(block) = line.strip_prefix("impl") {
                of = type_of(block)
                    .filter(|name| types.iter().any(|of| of == name))
                    .map(String::from);
            }
            let function = line
                .strip_prefix("    pub fn ")
                .or_else(|| line.strip_prefix("    pub unsafe fn "));
            if let (Some(of), Some(function)) = (&of, function)
                && !is_hidden
            {
                names.push(format!("{of}::{}", function.split(['(', '<']).next().unwrap()));
            }
            is_hidden =
                line.contains("doc(hidden)") || is_hidden && line.trim_start().starts_with("#[");
        }
    }
}

/// `Queue` of `<T: Message> Queue<T> {`; none for the impl of a trait.
fn type_of(block: &str) -> Option<&str> {
    if block.contains(" for ") {
        return None;
    }
    let mut depth = 0;
    let start = block.find(|char| {
        depth += i32::from(char == '<') - i32::from(char == '>');
        depth == 0 && char == ' '
    })?;
    block[start + 1..].split(['<', ' ', '{']).next()
}
