//! The programs of a crate and of the workspace.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// A program of a demo crate: `src/main.rs` or a file in `src/bin`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Program {
    /// The name of its binary.
    pub name: String,
    /// The name of its crate, which is also that of the crate's directory.
    pub crate_name: String,
    /// Where it is written.
    pub source: PathBuf,
}

impl Program {
    /// The programs of the crate in `directory`, sorted by name.
    ///
    /// # Errors
    ///
    /// Those of reading the directory.
    pub fn in_crate(directory: &Path) -> io::Result<Vec<Program>> {
        let crate_name = file_stem(&directory.canonicalize()?);
        let program =
            |name: String, source| Program { name, crate_name: crate_name.clone(), source };
        let mut programs = Vec::new();

        let main = directory.join("src/main.rs");
        if main.is_file() {
            programs.push(program(crate_name.clone(), main));
        }
        for source in entries(&directory.join("src/bin"))? {
            if source.extension().is_some_and(|extension| extension == "rs") {
                programs.push(program(file_stem(&source), source));
            }
        }
        programs.sort();
        Ok(programs)
    }

    /// The programs of all demo crates of the workspace in `root`, sorted by name.
    ///
    /// # Errors
    ///
    /// Those of reading the directories.
    pub fn in_workspace(root: &Path) -> io::Result<Vec<Program>> {
        let mut programs = Vec::new();
        for directory in demo_crates(root)? {
            programs.extend(Program::in_crate(&directory)?);
        }
        programs.sort();
        Ok(programs)
    }

    /// The command that runs it: `cargo run -p NAME` for the crate's own program, else `cargo run --bin NAME`.
    pub fn cargo_command(&self) -> String {
        let option = if self.name == self.crate_name { "-p" } else { "--bin" };
        format!("cargo run {option} {}", self.name)
    }

    /// Where in the workspace its expected output stands.
    pub fn expected_output(&self, root: &Path) -> PathBuf {
        root.join(EXPECTED_OUTPUT).join(format!("{}.txt", self.name))
    }
}

/// The directory of the expected outputs.
pub(crate) const EXPECTED_OUTPUT: &str = "expected-output";

/// The crates that show nothing of the documents.
const TOOLS: [&str; 3] = ["ipc-common", "golden", "bench"];

/// The crates that show something: all but the library and the tools.
pub(crate) fn demo_crates(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut crates = entries(&root.join("crates"))?;
    crates.retain(|directory| !TOOLS.contains(&file_stem(directory).as_str()));
    crates.retain(|directory| directory.join("Cargo.toml").is_file());
    Ok(crates)
}

/// What is in a directory, sorted; nothing if there is none.
pub(crate) fn entries(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
    paths.sort();
    Ok(paths)
}

/// The last part of a path, without its extension.
pub(crate) fn file_stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
