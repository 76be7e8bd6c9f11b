//! The table for the terminal.

use crate::results::measure::Measure;
use crate::results::peer::Peer;
use crate::results::report::Measured;
use crate::results::report::PeerResult;
use crate::results::report::Report;
use crate::show::units::{memory, time, times, value};

/// One benchmark: a line for each peer.
pub fn table(measured: &Measured) -> String {
    let mut text = format!("{} ({})\n", measured.title, measured.name);
    for result in &measured.results {
        text += &line(result, measured.measure);
    }
    text
}

fn line(result: &PeerResult, measure: Measure) -> String {
    let PeerResult { peer, cpu_per_operation, peak_memory, .. } = result;
    let ratio = match *peer != Peer::IpcCommon && measure.compares() {
        true => times(result.times),
        false => String::new(),
    };
    let cpu = match measure {
        Measure::Processor => String::new(), // that is what was measured
        _ if !measure.is_timed() => String::new(),
        _ => time(*cpu_per_operation),
    };
    let spread = match measure.compares() {
        true => format!("±{:>3.0} %", result.spread() * 100.0),
        false => String::new(),
    };
    format!(
        "  {:22}  {:>14} {spread:>6}  {ratio:>6}  {cpu:>8}  {:>8}\n",
        peer.label(),
        value(measure, result.figure(measure)),
        memory(*peak_memory),
    )
}

/// What the columns are.
pub fn legend(report: &Report) -> String {
    let mut text = format!(
        "Columns: median of {} repetitions, each peer in turn, and half the distance from the \
         lowest to the highest; 4.1× = ipc-common does 4.1 times as much in the same time, or needs \
         1/4.1 of the time; processor time of all workers for one operation; largest memory of a \
         process.\n",
        report.repetitions
    );
    for peer in Report::peers(&report.benchmarks) {
        text += &format!("{}: {}.\n", peer.label(), peer.what());
    }
    text
}
