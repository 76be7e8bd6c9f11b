//! From events to lanes: one for each process, in which all that begins ends.
//!
//! A killed process leaves its slices open. They end where it is first seen to be dead: when its parent
//! finds it ended, or another process gets a lock that it held, which the kernel gives to no other while
//! its holder lives.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::mem;

use crate::act::Act;
use crate::event::{Event, Phase};
use crate::objects::{Objects, Subject};

/// A step in a lane. Those of a thread begin and end as brackets do.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) time: u64,
    pub(crate) pid: u32,
    pub(crate) tid: u32,
    pub(crate) what: What,
}

#[derive(Debug)]
pub(crate) enum What {
    /// The lane's name; its time means nothing.
    Lane(String),
    Begin {
        name: String,
        category: &'static str,
    },
    End,
    Instant(String),
    /// An item's way begins or ends; each number is that of one way.
    Depart(usize),
    Arrive(usize),
}

/// Something that has begun in a thread.
#[derive(Clone)]
struct Open {
    act: Act,
    subject: Option<Subject>,
    name: String,
}

#[derive(Default)]
struct Lane {
    /// By the threads' ids.
    open: BTreeMap<u32, Vec<Open>>,
    has_ended: bool,
}

struct History {
    names: Vec<String>,
    process_names: HashMap<u32, String>,
    ways: HashMap<(Subject, i64), usize>,
    lanes: BTreeMap<u32, Lane>,
    steps: Vec<Step>,
}

/// The steps of all lanes, in the order of time.
pub(crate) fn history(mut events: Vec<Event>) -> Vec<Step> {
    events.sort_by_key(|event| event.time);
    let mut objects = Objects::default();
    let subjects: Vec<_> = events.iter().map(|event| objects.subject_of(event)).collect();
    let is_run = |event: &&Event| event.act == Act::Run && event.phase == Phase::Begin;
    let name = |event: &Event| (event.pid, event.text.as_str().to_owned());
    let mut history = History {
        names: objects.names(),
        process_names: events.iter().filter(is_run).map(name).collect(),
        ways: ways(&events, &subjects),
        lanes: BTreeMap::new(),
        steps: Vec::new(),
    };
    for (event, subject) in events.iter().zip(subjects) {
        history.add(event, subject);
    }
    let end = events.last().map_or(0, |event| event.time);
    history.lanes.keys().copied().collect::<Vec<_>>().into_iter().for_each(|pid| {
        history.close(pid, end);
    });
    history.steps
}

/// Numbers for the items that were both put and got.
fn ways(events: &[Event], subjects: &[Option<Subject>]) -> HashMap<(Subject, i64), usize> {
    let items = |phase| {
        let events = events.iter().zip(subjects).filter(move |(event, _)| event.phase == phase);
        events.filter_map(|(event, subject)| Some(((*subject)?, event.argument)))
    };
    let departed: HashSet<_> = items(Phase::Depart).collect();
    let arrived = items(Phase::Arrive).filter(|item| departed.contains(item));
    arrived.zip(1..).collect()
}

impl History {
    fn add(&mut self, event: &Event, subject: Option<Subject>) {
        let Event { time, pid, tid, phase, act, .. } = *event;
        if act == Act::Run && phase == Phase::Begin && self.lanes.contains_key(&pid) {
            self.close(pid, time); // an id that is given to a new process
            self.lanes.remove(&pid);
        }
        if let Entry::Vacant(place) = self.lanes.entry(pid) {
            place.insert(Lane::default());
            let name = self.process_names.get(&pid).cloned();
            let name = name.unwrap_or_else(|| format!("process {pid}"));
            self.push(event, What::Lane(name));
        }
        match phase {
            Phase::Begin => self.begin(event, subject),
            Phase::End if act == Act::Run => self.close(pid, time),
            Phase::End => self.end(event, subject),
            Phase::Instant => self.instant(event, subject),
            Phase::Depart | Phase::Arrive => {
                let way = subject.and_then(|subject| self.ways.get(&(subject, event.argument)));
                let Some(&way) = way else { return };
                let is_departure = phase == Phase::Depart;
                let what = if is_departure { What::Depart(way) } else { What::Arrive(way) };
                self.steps.push(Step { time, pid, tid, what });
            }
        }
    }

    fn begin(&mut self, event: &Event, subject: Option<Subject>) {
        let Event { time, pid, tid, act, .. } = *event;
        if act == Act::Hold {
            let holds = |open: &Open| open.act == Act::Hold && open.subject == subject;
            let has_it = |lane: &Lane| lane.open.values().flatten().any(holds);
            let others = self.lanes.iter().filter(|(other, lane)| **other != pid && has_it(lane));
            let dead: Vec<_> = others.map(|(other, _)| *other).collect();
            dead.into_iter().for_each(|dead| self.die(dead, time, None));
        }
        let open = Open { act, subject, name: self.name(event, subject) };
        self.push(event, open.begin());
        self.lanes.entry(pid).or_default().open.entry(tid).or_default().push(open);
    }

    /// What was begun later and goes on is cut in two.
    fn end(&mut self, event: &Event, subject: Option<Subject>) {
        let Some(lane) = self.lanes.get_mut(&event.pid) else { return };
        let stack = lane.open.entry(event.tid).or_default();
        let is_it = |open: &Open| open.act == event.act && open.subject == subject;
        let Some(place) = stack.iter().rposition(is_it) else { return };
        stack.remove(place);
        let later = stack[place..].to_vec();
        (0..=later.len()).for_each(|_| self.push(event, What::End));
        later.iter().for_each(|open| self.push(event, open.begin()));
    }

    fn instant(&mut self, event: &Event, subject: Option<Subject>) {
        let mut name = self.name(event, subject);
        match event.act {
            Act::Made | Act::Give | Act::Take => return,
            Act::Ended => {
                self.die(event.object as u32, event.time, Some(event.argument));
                name = format!("{name}: exit code {}", event.argument);
            }
            Act::Signal => name = format!("{name}: {}", event.argument),
            _ => {}
        }
        self.push(event, What::Instant(name));
    }

    /// A process is dead, and this may be the first that is known of it.
    fn die(&mut self, pid: u32, time: u64, exit_code: Option<i64>) {
        if self.lanes.get(&pid).is_some_and(|lane| !lane.has_ended) {
            let code = exit_code.map_or(String::new(), |code| format!(": exit code {code}"));
            let what = What::Instant(format!("died{code}"));
            self.steps.push(Step { time, pid, tid: pid, what });
            self.close(pid, time);
        }
    }

    /// Ends all that is open in a lane.
    fn close(&mut self, pid: u32, time: u64) {
        let Some(lane) = self.lanes.get_mut(&pid) else { return };
        lane.has_ended = true;
        for (tid, open) in mem::take(&mut lane.open) {
            let ends = open.iter().map(|_| Step { time, pid, tid, what: What::End });
            self.steps.extend(ends);
        }
    }

    fn name(&self, event: &Event, subject: Option<Subject>) -> String {
        let verb = event.act.verb();
        let process = |pid| self.process_names.get(&pid).cloned().unwrap_or(pid.to_string());
        match (event.act, subject) {
            (Act::Run, _) => event.text.as_str().into(),
            (Act::Start, _) => format!("{verb} {}", event.text.as_str()),
            (Act::Task, _) => format!("{verb} {}", event.argument),
            (_, Some(subject)) => format!("{verb} {}", self.names[subject]),
            (_, None) => format!("{verb} {}", process(event.object as u32)),
        }
    }

    fn push(&mut self, event: &Event, what: What) {
        let Event { time, pid, tid, .. } = *event;
        self.steps.push(Step { time, pid, tid, what });
    }
}

impl Open {
    fn begin(&self) -> What {
        What::Begin { name: self.name.clone(), category: self.act.category() }
    }
}
