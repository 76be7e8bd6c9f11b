//! [`Options`]: the command line.

use std::path::PathBuf;

use crate::misuse::Misuse;

/// What `--help` prints.
pub const HELP: &str = "\
Measures ipc-common beside its peers: the same work, in one run, each peer in turn.

Usage: scripts/bench [OPTION…] [NAME…]

NAME is a benchmark, or the beginning of several names up to a hyphen, such as `queue`; without one,
all are run, in a few minutes.

Options:
  --quick        shorter and fewer repetitions: a minute for all
  --list         say which benchmarks there are
  --json FILE    write all figures for programs, as they come
  --readme FILE  put the tables into FILE, between its marks, as in README.md and
                 crates/bench/README.md; may be given several times
  --svg FILE     write a picture
  --from FILE    measure nothing, and show what `--json` has written
  --help         say this

The exit code is 0 if all went well, 1 if a peer failed or has lost an item, 2 for wrong usage.";

/// What is to be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// `--help`
    pub help: bool,
    /// `--list`
    pub list: bool,
    /// `--quick`
    pub quick: bool,
    /// `--json`
    pub json: Option<PathBuf>,
    /// `--readme`
    pub readme: Vec<PathBuf>,
    /// `--svg`
    pub svg: Option<PathBuf>,
    /// `--from`
    pub from: Option<PathBuf>,
    /// The benchmarks; none means all.
    pub names: Vec<String>,
}

impl Options {
    /// Reads the words after the command's name.
    ///
    /// # Errors
    ///
    /// If an option is unknown, or has no value.
    pub fn parse(words: impl IntoIterator<Item = String>) -> Result<Options, Misuse> {
        let mut options = Options::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let mut file = || match words.next() {
                Some(file) => Ok(PathBuf::from(file)),
                None => Err(Misuse(format!("{word} needs the name of a file"))),
            };
            match word.as_str() {
                "--help" | "-h" => options.help = true,
                "--list" => options.list = true,
                "--quick" => options.quick = true,
                "--json" => options.json = Some(file()?),
                "--readme" => options.readme.push(file()?),
                "--svg" => options.svg = Some(file()?),
                "--from" => options.from = Some(file()?),
                _ if word.starts_with('-') => {
                    return Err(Misuse(format!("there is no option {word}")));
                }
                _ => options.names.push(word),
            }
        }
        Ok(options)
    }

    /// The command that does the same measuring.
    pub fn command(&self) -> String {
        let quick = self.quick.then_some("--quick");
        let words = ["scripts/bench"].into_iter().chain(quick);
        words.chain(self.names.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
    }
}
