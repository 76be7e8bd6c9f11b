//! [`Record`]: what is known of a run.

use std::collections::HashMap;
use std::mem;

use serde_json::Value;

use crate::printed::Printed;

/// What is known of a run. Times are in seconds from its beginning.
#[derive(Debug, Default)]
pub struct Record {
    /// The command that a reader types.
    pub title: String,
    /// The processes, in the order in which they began.
    pub lanes: Vec<Lane>,
    /// The items' ways from one lane to another.
    pub ways: Vec<Way>,
    /// When the last of all happened.
    pub end: f64,
}

/// A process.
#[derive(Debug, Default)]
pub struct Lane {
    /// Its id.
    pub pid: u32,
    /// Its name, if it is known.
    pub name: Option<String>,
    /// What it did, in the order of beginnings: what lies within another comes after it.
    pub slices: Vec<Slice>,
    /// What it printed.
    pub lines: Vec<Line>,
    /// When it was found dead without having come to its own end, and with which exit code.
    pub death: Option<(f64, Option<i32>)>,
}

impl Lane {
    /// A line was printed before its process ended, though it may have been read afterwards.
    fn clamp(&mut self) {
        let lives = self.slices.iter().filter(|slice| slice.category == "process");
        if let Some(end) = lives.map(|life| life.end).reduce(f64::max) {
            self.lines.iter_mut().for_each(|line| line.time = line.time.min(end));
        }
    }

    /// When the last of it is known.
    fn end(&self) -> f64 {
        let slices = self.slices.iter().map(|slice| slice.end);
        slices.chain(self.lines.iter().map(|line| line.time)).fold(0.0, f64::max)
    }

    /// When the first of it is known.
    fn begin(&self) -> f64 {
        let slice = self.slices.first().map(|slice| slice.begin);
        let line = self.lines.first().map(|line| line.time);
        slice.into_iter().chain(line).fold(f64::INFINITY, f64::min)
    }
}

/// Something that took a time.
#[derive(Clone, Debug)]
pub struct Slice {
    /// `process`, `wait`, `hold`, `task` or `call`.
    pub category: String,
    /// What it was.
    pub name: String,
    /// From here.
    pub begin: f64,
    /// To here.
    pub end: f64,
}

/// A printed line.
#[derive(Clone, Debug)]
pub struct Line {
    /// When it was printed.
    pub time: f64,
    /// Its text.
    pub text: String,
    /// Its place among all lines that were printed.
    pub place: usize,
}

/// An item's way: lanes by their places in the record, with times.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// Where and when it was put in.
    pub from: (usize, f64),
    /// Where and when it was taken out.
    pub to: (usize, f64),
}

impl Record {
    /// Puts together what the library has written down and what was printed.
    pub fn new(title: String, trace: &Value, printed: Vec<Printed>) -> Self {
        let events = trace["traceEvents"].as_array().map_or(&[][..], Vec::as_slice);
        let time = |event: &Value| event["ts"].as_f64().unwrap_or(0.0);
        let times = events.iter().map(time).chain(printed.iter().map(|line| line.time));
        let start = times.reduce(f64::min).unwrap_or(0.0);
        let record = Record { title, ..Record::default() };
        let mut collector = Collector { record, start, ..Collector::default() };
        events.iter().for_each(|event| collector.add(event));
        for (place, Printed { time, pid, text }) in printed.into_iter().enumerate() {
            let time = collector.seconds(time);
            collector.lane(pid).lines.push(Line { time, text, place });
        }
        collector.record.lanes.iter_mut().for_each(Lane::clamp);
        collector.sort();
        let ends = collector.record.lanes.iter().map(Lane::end);
        collector.record.end = ends.fold(0.0, f64::max);
        collector.record
    }
}

#[derive(Default)]
struct Collector {
    record: Record,
    /// Of the first event, in microseconds.
    start: f64,
    places: HashMap<u32, usize>,
    /// By thread: the places of its slices that have not ended.
    open: HashMap<u64, Vec<usize>>,
    departures: HashMap<u64, (usize, f64)>,
}

impl Collector {
    fn seconds(&self, micros: f64) -> f64 {
        (micros - self.start) / 1e6
    }

    fn place(&mut self, pid: u32) -> usize {
        let lanes = &mut self.record.lanes;
        *self.places.entry(pid).or_insert_with(|| {
            lanes.push(Lane { pid, ..Lane::default() });
            lanes.len() - 1
        })
    }

    fn lane(&mut self, pid: u32) -> &mut Lane {
        let place = self.place(pid);
        &mut self.record.lanes[place]
    }

    /// Sorts the lanes as their processes were started: they begin a little later, in any order.
    fn sort(&mut self) {
        let lanes = &self.record.lanes;
        let slices = lanes.iter().flat_map(|lane| &lane.slices);
        let mut starts: Vec<_> = slices.filter(|slice| slice.name.starts_with("start ")).collect();
        starts.sort_by(|a, b| a.begin.total_cmp(&b.begin));
        let started = lanes.iter().enumerate().map(|(place, lane)| {
            let name = lane.name.as_deref();
            let is_its = |slice: &&Slice| slice.name.strip_prefix("start ") == name;
            let start = starts.iter().position(is_its);
            let time = match start {
                Some(start) => starts.remove(start).begin,
                None => lane.begin(),
            };
            (place, time)
        });
        let mut order: Vec<_> = started.collect();
        order.sort_by(|a, b| a.1.total_cmp(&b.1));
        let mut places = vec![0; order.len()];
        order.iter().enumerate().for_each(|(new, (old, _))| places[*old] = new);
        let mut lanes: Vec<_> =
            mem::take(&mut self.record.lanes).into_iter().zip(&places).collect();
        lanes.sort_by_key(|(_, place)| **place);
        self.record.lanes = lanes.into_iter().map(|(lane, _)| lane).collect();
        for way in &mut self.record.ways {
            (way.from.0, way.to.0) = (places[way.from.0], places[way.to.0]);
        }
    }

    fn add(&mut self, event: &Value) {
        let number = |key: &str| event[key].as_u64().unwrap_or(0);
        let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
        let (pid, tid) = (number("pid") as u32, number("tid"));
        let time = self.seconds(event["ts"].as_f64().unwrap_or(0.0));
        let place = self.place(pid);
        let lane = &mut self.record.lanes[place];
        match event["ph"].as_str().unwrap_or_default() {
            "M" => lane.name = event["args"]["name"].as_str().map(String::from),
            "B" => {
                self.open.entry(tid).or_default().push(lane.slices.len());
                let (category, name) = (text("cat"), text("name"));
                lane.slices.push(Slice { category, name, begin: time, end: time });
            }
            "E" => {
                if let Some(slice) = self.open.entry(tid).or_default().pop() {
                    lane.slices[slice].end = time;
                }
            }
            "i" => {
                if let Some(death) = text("name").strip_prefix("died") {
                    let code = death.rsplit(' ').next().and_then(|code| code.parse().ok());
                    lane.death = Some((time, code));
                }
            }
            "s" => drop(self.departures.insert(number("id"), (place, time))),
            "f" => {
                let from = self.departures.get(&number("id")).copied();
                let way = from.map(|from| Way { from, to: (place, time) });
                self.record.ways.extend(way);
            }
            _ => {}
        }
    }
}
