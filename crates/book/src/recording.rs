//! A real run of a program: its lines, when each came and from which process, and what its processes did.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use golden::check::expected_of;
use golden::program::Program;
use timeline::picture::picture;
use timeline::record::{Lane, Record};
use timeline::run::{Runnable, build_all};
use timeline::text::Language as PictureLanguage;

use crate::Result;
use crate::language::Language;

/// How many programs run at once: they mostly sleep, but more would come late to their turns.
const JOBS: usize = 8;

/// A run that printed what is right.
#[derive(Debug)]
pub struct Recording {
    record: Record,
    /// In the order in which they were printed.
    pub lines: Vec<Printed>,
}

/// A line of the output.
#[derive(Debug)]
pub struct Printed {
    /// Seconds from the start.
    pub time: f64,
    /// The process that has printed it, unless all are by the same.
    pub process: Option<String>,
    /// Its text.
    pub text: String,
    place: usize,
}

impl Recording {
    /// The command that a reader types.
    pub fn command(&self) -> &str {
        &self.record.title
    }

    /// A picture of the run, as SVG.
    pub fn picture(&self, language: Language) -> String {
        let language = match language {
            Language::English => PictureLanguage::English,
            Language::Chinese => PictureLanguage::Chinese,
        };
        picture(std::slice::from_ref(&self.record), language)
    }
}

/// Builds the programs and runs each once; the recordings are in the order of the programs.
///
/// # Errors
///
/// If one cannot be built or run, or prints what is not right.
pub fn record_all(root: &Path, programs: &[Program]) -> Result<Vec<Recording>> {
    let names: Vec<String> = programs.iter().map(|program| program.name.clone()).collect();
    let runnables = build_all(root, &names).map_err(|error| error.to_string())?;
    // The longest are among the last, and begin first.
    let left = AtomicUsize::new(programs.len());
    let (sender, recordings) = mpsc::channel();
    let work = |sender: mpsc::Sender<_>| {
        let take = |left: usize| left.checked_sub(1);
        while let Ok(left) = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            let i = left - 1;
            // The receiver lives until all have sent.
            let _ = sender.send((i, record(root, &programs[i], &runnables[i])));
        }
    };
    thread::scope(|scope| {
        for _ in 0..JOBS {
            let (sender, work) = (sender.clone(), &work);
            scope.spawn(move || work(sender));
        }
        drop(sender);
    });
    let mut recordings: Vec<_> = recordings.into_iter().collect();
    recordings.sort_by_key(|(i, _)| *i);
    let named = |(i, result): (usize, Result<Recording>)| {
        result.map_err(|error| format!("{}: {error}", names[i]).into())
    };
    recordings.into_iter().map(named).collect()
}

fn record(root: &Path, program: &Program, runnable: &Runnable) -> Result<Recording> {
    let expected = expected_of(program, root)?;
    let record = runnable.run().map_err(|error| error.to_string())?;
    let lines = lines(&record.lanes);
    let output: String = lines.iter().map(|line| format!("{}\n", line.text)).collect();
    expected.check(output.as_bytes()).map_err(|mismatch| mismatch.to_string())?;
    Ok(Recording { record, lines })
}

fn lines(lanes: &[Lane]) -> Vec<Printed> {
    let writers = lanes.iter().filter(|lane| !lane.lines.is_empty()).count();
    let of_lane = |lane: &Lane| {
        let process = (writers > 1).then(|| lane.name.clone()).flatten();
        let lines = lane.lines.iter().map(move |line| Printed {
            time: line.time,
            process: process.clone(),
            text: line.text.clone(),
            place: line.place,
        });
        lines.collect::<Vec<_>>()
    };
    let mut lines: Vec<Printed> = lanes.iter().flat_map(of_lane).collect();
    lines.sort_by_key(|line| line.place);
    lines
}
