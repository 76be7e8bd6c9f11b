//! Links lead somewhere, without a network.

use std::fs;

use crate::site::pages;

/// The largest page that a telephone should have to load.
const MOST: usize = 300_000;

#[test]
fn links_lead_somewhere() {
    let mut dead = Vec::new();
    for (path, page) in pages() {
        for attribute in ["href=\"", "src=\""] {
            for link in page.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap()) {
                let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
                let target = if file.is_empty() { path.clone() } else { path.with_file_name(file) };
                let leads = fs::read_to_string(&target).map_or(target.is_file(), |text| {
                    anchor.is_empty() || text.contains(&format!("id=\"{anchor}\""))
                });
                if !leads {
                    dead.push(format!("{}: {link}", path.display()));
                }
            }
        }
    }
    assert!(dead.is_empty(), "\n{}\n", dead.join("\n"));
}

#[test]
fn pages_are_small() {
    for (path, page) in pages() {
        assert!(page.len() <= MOST, "{}: {} bytes", path.display(), page.len());
    }
}
