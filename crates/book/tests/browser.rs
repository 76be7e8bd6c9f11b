//! All pages in a browser, headless Chromium, at the width of a desk and of a telephone.

use std::fmt::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use serde::Deserialize;
use tempfile::TempDir;

use crate::site::{SITE, pages};

const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
/// That of a desk, and that of a telephone.
const WIDTHS: [u32; 2] = [1300, 390];
const DEADLINE: Duration = Duration::from_secs(120);

/// What tests/visit.js found on a page.
#[derive(Debug, Deserialize)]
struct Visit {
    page: String,
    width: u32,
    heading: String,
    faults: Vec<String>,
    /// The pages that the search found, for each text.
    found: Vec<Vec<String>>,
}

#[test]
fn pages_open_in_a_browser() {
    let Some(browser) = BROWSERS.into_iter().find(|name| is_installed(name)) else {
        eprintln!(
            "skipped: there is no Chromium; install the package chromium (apt-get install chromium)"
        );
        return;
    };
    let visits: Vec<Visit> = thread::scope(|scope| {
        let browsers = WIDTHS.map(|width| scope.spawn(move || visits(browser, width)));
        browsers.into_iter().flat_map(|visits| visits.join().unwrap()).collect()
    });
    assert_eq!(visits.len(), WIDTHS.len() * pages().len());
    for visit in visits {
        let Visit { page, width, .. } = &visit;
        assert!(visit.faults.is_empty(), "{page}, {width} wide: {:?}", visit.faults);
        assert!(!visit.heading.is_empty(), "{page}, {width} wide: no heading");
        for (found, wanted) in
            visit.found.iter().zip(["producer-consumer-joinable.html", "daemon.html"])
        {
            assert!(
                found.iter().any(|page| page == wanted),
                "{page}: the search finds {found:?}, not {wanted}"
            );
        }
        let has_search = page.contains('/');
        assert_eq!(!visit.found.is_empty(), has_search, "{page}: search");
    }
}

/// All pages at this width, in a browser of its own.
fn visits(browser: &str, width: u32) -> Vec<Visit> {
    let directory = TempDir::new().unwrap();
    let driver = directory.path().join("visit.html");
    fs::write(&driver, driver_page(width)).unwrap();
    let (dom, log) = browse(browser, directory.path(), &driver);
    let result =
        dom.split("<pre id=\"result\">").nth(1).and_then(|rest| rest.split("</pre>").next());
    let result =
        result.unwrap_or_else(|| panic!("the browser has not come to the end:\n{dom}\n{log}"));
    let result = result.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let on_console: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(on_console.is_empty(), "on the console:\n{}\n", on_console.join("\n"));
    serde_json::from_str(&result).unwrap_or_else(|e| panic!("{e}: {result}"))
}

fn is_installed(browser: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| directory.join(browser).is_file())
}

/// A page that visits all pages and notes what it finds.
fn driver_page(width: u32) -> String {
    let site = SITE.display();
    let mut html = String::from("<!DOCTYPE html><meta charset=\"utf-8\"><body><script>\n");
    let paths = pages()
        .into_iter()
        .map(|(path, _)| path.strip_prefix(&*SITE).unwrap().display().to_string());
    let _ = writeln!(
        html,
        "const SITE = \"file://{site}/\";\nconst WIDTH = {width};\nconst PAGES = {:?};",
        paths.collect::<Vec<_>>()
    );
    html + include_str!("visit.js") + "</script></body>"
}

/// What the browser made of the page, and what it wrote on standard error.
fn browse(browser: &str, directory: &Path, page: &Path) -> (String, String) {
    let (dom, log) = (directory.join("dom"), directory.join("log"));
    let mut child = Command::new(browser)
        .args(["--headless", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr"])
        // The pages are our own, and containers have no name spaces for the sandbox.
        .args(["--no-sandbox", "--allow-file-access-from-files", "--virtual-time-budget=100000000"])
        .args(["--window-size=1400,1000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", directory.join("profile").display()))
        .arg(page)
        .stdin(Stdio::null())
        .stdout(fs::File::create(&dom).unwrap())
        .stderr(fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let ended = wait(&mut child);
    let read = |path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
    assert!(ended, "{browser} has not ended after {DEADLINE:?}:\n{}", read(&log));
    (read(&dom), read(&log))
}

/// Whether it ended in time; else it is killed.
fn wait(child: &mut Child) -> bool {
    let started = Instant::now();
    while started.elapsed() < DEADLINE {
        if child.try_wait().unwrap().is_some() {
            return true;
        }
        thread::sleep(Duration::from_millis(50));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    false
}
