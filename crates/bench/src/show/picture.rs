//! The report as a picture: bars for each peer, as SVG.

use crate::results::peer::Peer;
use crate::results::report::Measured;
use crate::results::report::PeerResult;
use crate::results::report::Report;
use crate::show::units::{times, value};

/// What is shown, as far as it was measured.
const SHOWN: [&str; 8] = [
    "queue-u64",
    "queue-4-to-4",
    "queue-1mib",
    "queue-ping-pong",
    "pipe-ping-pong",
    "start",
    "lock-alone",
    "pool-apply",
];

const COLUMNS: usize = 2;
const COLUMN: usize = 490;
const LABEL: usize = 175;
const BAR: usize = 150;
const ROW: usize = 20;
const TITLE: usize = 26;
const GAP: usize = 16;
const MARGIN: usize = 12;

/// Colours that can be read on light and on dark paper.
const STYLE: &str = "\
text{font:13px system-ui,sans-serif;fill:#1f2328}\
.title{font-weight:600}.peer{text-anchor:end}.other{fill:#9aa4ae}.ours{fill:#1f6feb}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.other{fill:#6e7681}.ours{fill:#58a6ff}}";

/// A panel for each of the main benchmarks; the longer the bar, the faster.
pub fn picture(report: &Report) -> String {
    let shown = SHOWN
        .iter()
        .filter_map(|name| report.benchmarks.iter().find(|measured| measured.name == *name));
    let shown: Vec<&Measured> = shown.collect();
    let mut panels = String::new();
    let mut top = MARGIN;
    for row in shown.chunks(COLUMNS) {
        for (column, measured) in row.iter().enumerate() {
            panels += &panel(measured, MARGIN + column * COLUMN, top);
        }
        top += row.iter().map(|measured| height(measured)).max().unwrap_or(0);
    }
    let (width, height) = (2 * MARGIN + COLUMNS * COLUMN, top + MARGIN);
    let note = "Longer is faster. 4.1× = ipc-common is 4.1 times as fast.";
    panels += &format!("<text x=\"{MARGIN}\" y=\"{top}\">{note}</text>\n");
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\">\n<title>Speed of ipc-common and its peers</title>\n\
         <style>{STYLE}</style>\n{panels}</svg>\n"
    )
}

fn height(measured: &Measured) -> usize {
    TITLE + measured.results.len() * ROW + GAP
}

fn panel(measured: &Measured, left: usize, top: usize) -> String {
    let fastest = measured.results.iter().map(|result| speed(measured, result)).fold(0.0, f64::max);
    let mut text = format!(
        "<text class=\"title\" x=\"{left}\" y=\"{}\">{}</text>\n",
        top + 14,
        escaped(&measured.title)
    );
    for (i, result) in measured.results.iter().enumerate() {
        let y = top + TITLE + i * ROW;
        let width = (speed(measured, result) / fastest * BAR as f64).max(1.0);
        let (class, ratio) = match result.peer {
            Peer::IpcCommon => ("ours", String::new()),
            _ => ("other", format!(" ({})", times(result.times))),
        };
        text += &format!(
            "<text class=\"peer\" x=\"{}\" y=\"{}\">{}</text>\
             <rect class=\"{class}\" x=\"{}\" y=\"{y}\" width=\"{width:.1}\" height=\"{}\" rx=\"2\"/>\
             <text x=\"{:.1}\" y=\"{}\">{}{ratio}</text>\n",
            left + LABEL,
            y + 12,
            result.peer.label(),
            left + LABEL + 8,
            ROW - 5,
            (left + LABEL + 14) as f64 + width,
            y + 12,
            value(measured.measure, result.median),
        );
    }
    text
}

/// In proportion to how fast it is, whatever was measured.
fn speed(measured: &Measured, result: &PeerResult) -> f64 {
    measured.measure.times(result.median, 1.0)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
