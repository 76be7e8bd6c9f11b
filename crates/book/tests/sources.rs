//! How a program is taken apart.

use book::site::in_reading_order;
use book::source::Source;
use golden::program::Program;

use crate::site::{SITE, root};

#[test]
fn a_head_has_its_parts() {
    let source = Source::parse(
        "//! What it\n//! shows.\n//!\n//! From «甲», document 2.\n//!\n//! The kernel.\n//!\n//! In Python: `a()`.\n//!\n\
         //! Run: `cargo run -p a`, or with `b`. It varies.\n//! Next: `c`.\n\nfn main() {}\n",
    )
    .unwrap();
    assert_eq!(source.title, "What it shows.");
    assert_eq!(source.body, ["The kernel."]);
    assert_eq!(source.python, "`a()`.");
    assert_eq!(source.alternative.unwrap(), "Or with `b`.");
    assert_eq!(source.variation, "It varies.");
    assert_eq!(source.next.unwrap(), "c");
    assert_eq!(source.lines.len(), 1);
}

#[test]
fn comments_stand_beside_their_lines() {
    let source = Source::parse(
        "//! A.\n//!\n//! In Python: `a`.\n//!\n//! Run: `b`. C.\n//! Next: none; this is the last one.\n\n\
         // one,\n// and more\nlet a = \"//\"; // of it\nlet b = 1;\n",
    )
    .unwrap();
    let lines: Vec<_> =
        source.lines.iter().map(|line| (line.code.as_str(), line.note.as_deref())).collect();
    assert_eq!(lines, [("let a = \"//\";", Some("One, and more of it")), ("let b = 1;", None)]);
    assert_eq!(source.next, None);
}

#[test]
fn the_heads_lead_through_all_programs() {
    let programs = Program::in_workspace(&root()).unwrap();
    let names: Vec<String> = programs.iter().map(|program| program.name.clone()).collect();
    let ordered = in_reading_order(programs).unwrap();
    assert_eq!(ordered.len(), names.len());
    assert_eq!((ordered[0].name.as_str(), ordered[37].name.as_str()), ("fork", "subprocess"));
}

#[test]
fn a_page_says_what_its_program_needs() {
    let page = std::fs::read_to_string(SITE.join("source/en/src/ticket-lock.md")).unwrap();
    let (_, block) = page.split_once("```toml\n[dependencies]\n").unwrap();
    let names = block.lines().map_while(|line| line.split_once(" = ")).map(|(name, _)| name);
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["ipc-common", "rand", "serde", "serde_json", "tempfile"]
    );
    assert!(block.contains("\"../multiprocessing/crates/ipc-common\""));
}

/// The pages show the workspace's lines.
#[test]
fn a_program_adds_no_features_to_what_the_workspace_has() {
    for program in Program::in_workspace(&root()).unwrap() {
        let directory =
            program.source.ancestors().find(|folder| folder.join("Cargo.toml").is_file());
        let manifest = directory.unwrap().join("Cargo.toml");
        let text = std::fs::read_to_string(&manifest).unwrap();
        assert!(!text.contains("features = ["), "{}", manifest.display());
    }
}
