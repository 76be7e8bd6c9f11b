//! Workspaces that are made up, and the command `golden` on them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A workspace whose programs are shell scripts: the binary is the shell, and the script is its argument.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
}

impl Workspace {
    /// Two crates, one with two programs, and nothing wrong.
    pub(crate) fn new(name: &str) -> Workspace {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("workspace-{name}"));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(root.join("binaries")).expect("a directory can be made");
        let workspace = Workspace { root };
        workspace.add("fork", "fork", "`zombie`", "echo forked", "a | forked\n");
        workspace.add("zombie-orphan", "zombie", "`orphan`", "echo brains", "a | brains\n");
        workspace.add("zombie-orphan", "orphan", "none", "echo alone", "a | alone\n");
        workspace.manifest("fork", &["fork"], "");
        workspace.manifest("zombie-orphan", &["zombie", "orphan"], "default-run = \"zombie\"\n");
        workspace.write(
            "README.md",
            "# Programs\n\n| program | shows |\n|---|---|\n| `fork` | x |\n| `zombie` | x |\n| `orphan` | x |\n",
        );
        workspace.write("expected-output/README.md", "How to read them.");
        // A library has no program, a tool's program shows nothing, and a file is no crate.
        workspace.write("crates/ipc-common/Cargo.toml", "");
        workspace.write("crates/golden/Cargo.toml", "");
        workspace.write("crates/golden/src/main.rs", "");
        workspace.write("crates/notes.txt", "");
        workspace
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().expect("a directory")).expect("a directory can be made");
        fs::write(path, text).expect("a file can be written");
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.root.join(path)).expect("a file can be removed");
    }

    pub(crate) fn change(&self, path: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.root.join(path)).expect("a file can be read");
        assert!(text.contains(from), "{text}");
        self.write(path, &text.replace(from, to));
    }

    /// Adds a program, with the one that is `next` to it.
    pub(crate) fn add(&self, crate_name: &str, name: &str, next: &str, script: &str, body: &str) {
        let source = if name == crate_name { "src/main".into() } else { format!("src/bin/{name}") };
        let option = if name == crate_name { "-p" } else { "--bin" };
        let script_path = self.root.join(format!("scripts/{name}.sh"));
        let command = format!("cargo run {option} {name} -- {}", script_path.display());
        self.write(&format!("scripts/{name}.sh"), script);
        self.write(
            &format!("crates/{crate_name}/{source}.rs"),
            &format!("//! Shows it.\n//!\n//! `{command}`. Next:\n//! {next}.\n\nfn main() {{}}\n"),
        );
        self.write(&format!("expected-output/{name}.txt"), &format!("$ {command}\n\n{body}"));
        symlink("/bin/sh", self.root.join("binaries").join(name)).expect("a link can be made");
    }

    pub(crate) fn manifest(&self, name: &str, programs: &[&str], default_run: &str) {
        let bin = |name: &&str| format!("{{ name = \"{name}\", test = false }},");
        let bins: String = programs.iter().map(bin).collect();
        let inherited: String = ["version", "edition", "rust-version", "license", "publish"]
            .map(|field| format!("{field}.workspace = true\n"))
            .concat();
        let manifest = format!(
            "bin = [{bins}]\n\n[package]\nname = \"{name}\"\n{default_run}{inherited}\n[lints]\nworkspace = true\n"
        );
        self.write(&format!("crates/{name}/Cargo.toml"), &manifest);
    }

    /// The command `golden check` on this workspace.
    pub(crate) fn check_command(&self, args: &[&str]) -> Command {
        let mut command = golden_command(&["check", "--root"]);
        command.arg(&self.root).arg("--binaries").arg(self.root.join("binaries")).args(args);
        command
    }

    pub(crate) fn check(&self, args: &[&str]) -> Output {
        self.check_command(args).output().expect("golden can be run")
    }

    #[track_caller]
    pub(crate) fn assert_findings(&self, findings: &[&str]) {
        let output = golden(&["complete", self.root.to_str().expect("UTF-8")]);
        assert_eq!(stdout(&output).lines().collect::<Vec<_>>(), findings);
        assert_eq!(output.status.code(), Some(i32::from(!findings.is_empty())));
    }
}

fn golden_command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_golden"));
    command.args(args);
    command
}

pub(crate) fn golden(args: &[&str]) -> Output {
    golden_command(args).output().expect("golden can be run")
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}
