//! The site, made once for all tests that look at it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use golden::program::WORKSPACE;

/// Where scripts/book has made it.
pub(crate) static SITE: LazyLock<PathBuf> = LazyLock::new(|| {
    let root = root();
    let made = Command::new(root.join("scripts/book")).output().unwrap();
    assert!(made.status.success(), "scripts/book: {}", String::from_utf8_lossy(&made.stderr));
    root.join("target/book")
});

/// The repository.
pub(crate) fn root() -> PathBuf {
    fs::canonicalize(WORKSPACE).unwrap()
}

/// A file of the repository.
pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The pages of the site, with their text; but for `toc.html`, which is for browsers without scripts.
pub(crate) fn pages() -> Vec<(PathBuf, String)> {
    let directories = [SITE.clone(), SITE.join("en"), SITE.join("zh")];
    let files = directories.iter().flat_map(|directory| fs::read_dir(directory).unwrap());
    let pages = files.map(|entry| entry.unwrap().path()).filter(|path| {
        path.extension().is_some_and(|extension| extension == "html") && !path.ends_with("toc.html")
    });
    let mut pages: Vec<_> =
        pages.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect();
    pages.sort();
    pages
}
