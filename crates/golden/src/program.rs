//! The programs of the workspace, and how they are built.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, io};

/// A program of the documents: `src/main.rs` or a file in `src/bin` of its crate.
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
    /// The programs of the workspace in `root`, sorted by name. Crates that have none are libraries.
    ///
    /// # Errors
    ///
    /// Those of reading the directories.
    pub fn in_workspace(root: &Path) -> io::Result<Vec<Program>> {
        let mut programs = Vec::new();
        for directory in entries(&root.join("crates"))? {
            let crate_name = file_stem(&directory);
            if TOOLS.contains(&crate_name.as_str()) || !directory.join("Cargo.toml").is_file() {
                continue;
            }
            let main = directory.join("src/main.rs");
            let program = |name, source| Program { name, crate_name: crate_name.clone(), source };
            programs.extend(main.is_file().then(|| program(crate_name.clone(), main)));
            let mut sources = entries(&directory.join("src/bin"))?;
            sources.retain(|source| source.extension().is_some_and(|extension| extension == "rs"));
            programs.extend(sources.into_iter().map(|source| program(file_stem(&source), source)));
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

/// The workspace that this crate is in.
pub const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The directory of the expected outputs.
pub(crate) const EXPECTED_OUTPUT: &str = "expected-output";

/// The crates whose programs show nothing of the documents.
const TOOLS: [&str; 5] = ["bench", "book", "golden", "soak", "timeline"];

/// Builds `programs` of the workspace in `root` and returns the directory of their binaries.
///
/// # Errors
///
/// If Cargo fails; it has told why on standard error.
pub fn build(root: &Path, programs: &[Program]) -> io::Result<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--message-format=json-render-diagnostics"])
        // A person sees the compiler at work.
        .args((!io::stderr().is_terminal()).then_some("--quiet"))
        .arg("--manifest-path")
        .arg(root.join("Cargo.toml"))
        .args(programs.iter().flat_map(|program| ["--bin", &program.name]))
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(io::Error::other("cannot build the programs; `cargo build` says above why"));
    }
    let messages = serde_json::Deserializer::from_slice(&output.stdout);
    for message in messages.into_iter::<serde_json::Value>() {
        if let Some(binary) = message?["executable"].as_str() {
            return Ok(Path::new(binary).with_file_name(""));
        }
    }
    Err(io::Error::other("`cargo build` has built no program; are there any?"))
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
