//! The report as Markdown, for the README.

use crate::units::{memory, times, value};
use crate::{Machine, Measured, Peer, Report, Section};

/// Tables of all that was measured, with the machine and how to repeat it.
pub fn readme(report: &Report) -> String {
    let Machine { processor, cores, kernel, rustc, load, date, .. } = &report.machine;
    let mut text = format!(
        "Measured on {date}, on {processor}, {cores} cores, {} of memory, Linux {kernel}, with {}. To \
         repeat it: `{}`.\n\n\
         Each figure is the median of {} repetitions, in which all peers took turns. Half of them vary by less \
         than ±{:.0} % (the load before was {load}). `4.1×` behind a peer's figure says that \
         ipc-common does 4.1 times as much in the same time, or needs 1/4.1 of the time.\n",
        memory(report.machine.memory),
        versions(&report.machine, rustc),
        report.command,
        report.repetitions,
        report.median_spread() * 100.0,
    );
    for section in Section::ALL {
        let rows: Vec<&Measured> =
            report.benchmarks.iter().filter(|measured| measured.section == section).collect();
        if !rows.is_empty() {
            text += &format!("\n**{}**\n\n{}", section.title(), table(&rows));
        }
    }
    text += "\n";
    for peer in Report::peers(&report.benchmarks) {
        text += &format!("- {}: {}.\n", peer.label(), peer.what());
    }
    for absent in &report.absent {
        text += &format!("- {}\n", absent.why);
    }
    text
}

fn versions(machine: &Machine, rustc: &str) -> String {
    let Machine { python, ipc_channel, crossbeam, .. } = machine;
    let python = python.as_ref().map_or(String::new(), |version| format!("CPython {version}, "));
    format!("rustc {rustc}, {python}ipc-channel {ipc_channel}, crossbeam {crossbeam}")
}

fn table(rows: &[&Measured]) -> String {
    let peers = Report::peers(rows.iter().copied());
    let labels: Vec<&str> = peers.iter().map(|peer| peer.label()).collect();
    let mut text = format!("| | {} |\n|---|{}\n", labels.join(" | "), "--:|".repeat(peers.len()));
    for row in rows {
        let cells: Vec<String> = peers.iter().map(|&peer| cell(row, peer)).collect();
        text += &format!("| {} | {} |\n", row.title, cells.join(" | "));
    }
    text
}

fn cell(row: &Measured, peer: Peer) -> String {
    match row.of(peer) {
        None => "–".into(),
        Some(result) if peer == Peer::IpcCommon => {
            format!("**{}**", value(row.measure, result.median))
        }
        Some(result) => {
            format!("{} ({})", value(row.measure, result.median), times(result.times))
        }
    }
}
