//! What a program needs in the `Cargo.toml` of a project of its own.

/// The lines of `[dependencies]`: those of the workspace's manifest whose crates the program's source names.
pub(crate) fn of(source: &str, workspace: &str) -> String {
    let (_, table) = workspace.split_once("[workspace.dependencies]").unwrap_or_default();
    let lines = table.lines().take_while(|line| !line.starts_with('['));
    let is_needed = |line: &&str| {
        let name = line.split(" =").next().unwrap_or_default().replace('-', "_");
        !name.is_empty() && !name.starts_with('#') && names(source, &name)
    };
    let needed = lines.filter(is_needed);
    needed
        .map(|line| line.replace("path = \"", "path = \"../multiprocessing/"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Whether the source has the crate's name where a path begins.
fn names(source: &str, name: &str) -> bool {
    source.match_indices(&format!("{name}::")).any(|(at, _)| {
        !source[..at].ends_with(|char: char| char.is_alphanumeric() || "_:".contains(char))
    })
}
