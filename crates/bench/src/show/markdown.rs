//! The report as Markdown, put between the marks of a document.

use crate::outcome::Outcome;
use crate::results::machine::Machine;
use crate::results::measure::Section;
use crate::results::peer::Peer;
use crate::results::report::{Measured, Report};
use crate::show::units::{memory, times, value};

const BEGIN: &str = "<!-- figures:";
/// What says in short how fast a peer is, and what it survives.
const GLANCE: [&str; 3] = ["queue-u64", "killed-consumer", "killed-producer"];

const END: &str = "<!-- end of figures -->";

/// Puts what `tables` makes between the marks of a document: `<!-- figures: all -->`, or
/// `<!-- figures: queue-u64 start -->` for these rows only, and `<!-- end of figures -->`.
///
/// # Errors
///
/// If a mark is missing, or `tables` fails.
pub fn fill(document: &str, tables: impl Fn(&[&str]) -> Outcome<String>) -> Outcome<String> {
    let begin = format!("\n{BEGIN}"); // at the start of a line, not where prose quotes it
    let (mut filled, mut rest) = (String::new(), document);
    while let Some((before, mark)) = rest.split_once(&begin) {
        let Some((names, (_, after))) =
            mark.split_once("-->").and_then(|(names, old)| Some((names, old.split_once(END)?)))
        else {
            return Err(format!("the mark `{BEGIN} … -->` has no `{END}` after it").into());
        };
        let names: Vec<&str> = names.split_whitespace().collect();
        let tables = tables(&names)?;
        filled += &format!("{before}{begin} {} -->\n\n{tables}\n{END}", names.join(" "));
        rest = after;
    }
    match filled.is_empty() {
        true => Err(format!("there is no mark `{BEGIN} all -->` to put figures after").into()),
        false => Ok(filled + rest),
    }
}

/// The rows with these names in one table; for `all`, every table, with the machine and how to
/// repeat it.
///
/// # Errors
///
/// If one of the names was not measured.
pub fn tables(report: &Report, names: &[&str]) -> Outcome<String> {
    if names == ["all"] {
        return Ok(all(report));
    }
    let row = |name: &&str| {
        let found = report.benchmarks.iter().find(|measured| measured.name == *name);
        found.ok_or_else(|| format!("a mark names {name}, which was not measured"))
    };
    let rows: Vec<&Measured> = names.iter().map(row).collect::<Result<_, _>>()?;
    Ok(table(&rows))
}

fn all(report: &Report) -> String {
    let mut text = preamble(report);
    for section in Section::ALL {
        let rows: Vec<&Measured> =
            report.benchmarks.iter().filter(|measured| measured.section == section).collect();
        if !rows.is_empty() {
            text += &format!("\n### {}\n\n{}", section.title(), table(&rows));
        }
    }
    text += "\n### The peers\n\n";
    text += &at_a_glance(report);
    for peer in Report::peers(&report.benchmarks) {
        text += &format!("- {}: {}.\n", peer.label(), peer.what());
    }
    for absent in &report.absent {
        text += &format!("- {}\n", absent.why);
    }
    text
}

/// How fast each is beside what it survives.
fn at_a_glance(report: &Report) -> String {
    let named = |name: &&str| report.benchmarks.iter().find(|measured| measured.name == *name);
    let columns: Vec<&Measured> = GLANCE.iter().filter_map(named).collect();
    if columns.len() < GLANCE.len() {
        return String::new();
    }
    let titles: Vec<&str> = columns.iter().map(|column| column.title.as_str()).collect();
    let mut text = format!("| | {} |\n|---|{}\n", titles.join(" | "), "--:|".repeat(columns.len()));
    for peer in Report::peers(columns.iter().copied()) {
        let cells: Vec<String> = columns.iter().map(|column| cell(column, peer)).collect();
        text += &format!("| {} | {} |\n", peer.label(), cells.join(" | "));
    }
    text + "\nThreads of one process die together; ipc-channel has one receiver. The figure is the \
            number of deaths before the others stood still for a second or an item was wrong, in the \
            worst of the repetitions.\n\n"
}

fn preamble(report: &Report) -> String {
    let Machine { processor, cores, kernel, load, date, .. } = &report.machine;
    format!(
        "Measured on {date}, on {processor}, {cores} cores, {} of memory, Linux {kernel}, with {}. To \
         repeat it: `{}`.\n\n\
         Each figure is the median of {} repetitions, in which all peers took turns. Half of them vary by less \
         than ±{:.0} % (the load before was {load}). `4.1×` behind a peer's figure says that \
         ipc-common does 4.1 times as much in the same time, or needs 1/4.1 of the time.\n",
        memory(report.machine.memory),
        versions(&report.machine),
        report.command,
        report.repetitions,
        report.median_spread() * 100.0,
    )
}

fn versions(machine: &Machine) -> String {
    let Machine { rustc, python, ipc_channel, crossbeam, cloudtoid, rtrb, .. } = machine;
    let python = python.as_ref().map_or(String::new(), |version| format!("CPython {version}, "));
    format!(
        "rustc {rustc}, {python}ipc-channel {ipc_channel}, cloudtoid-interprocess {cloudtoid}, \
         crossbeam {crossbeam}, rtrb {rtrb}"
    )
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
            format!("**{}**", value(row.measure, result.figure(row.measure)))
        }
        Some(result) if !row.measure.compares() => value(row.measure, result.figure(row.measure)),
        Some(result) => {
            format!("{} ({})", value(row.measure, result.median), times(result.times))
        }
    }
}
