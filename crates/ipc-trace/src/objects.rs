//! [`Objects`]: what the addresses in events stand for.
//!
//! An object is at its address in the process that made it and in those that are forked from it
//! afterwards; in others, something else may be there, and it is elsewhere if it was sent to them.

use std::collections::HashMap;

use crate::act::Act;
use crate::event::{Event, Phase};

/// The number of an object: one for each that was made, also if they had the same address in turn.
pub(crate) type Subject = usize;

#[derive(Default)]
pub(crate) struct Objects {
    objects: Vec<Object>,
    /// By the processes' ids.
    known: HashMap<u32, Known>,
    /// Those that were sent, by what tells them apart.
    given: HashMap<i64, Subject>,
    main_process: u32,
}

/// What a process has at its addresses.
type Known = HashMap<u64, Subject>;

struct Object {
    kind: String,
    is_used: bool,
}

impl Objects {
    /// What an event is about; `None` if that is no object. Events must be given in their order.
    pub(crate) fn subject_of(&mut self, event: &Event) -> Option<Subject> {
        let Event { pid, phase, act, object, argument, text, .. } = event;
        match (act, phase) {
            (Act::Give, _) => {
                let subject = self.known(*pid).get(object).copied();
                self.given.extend(subject.map(|subject| (*argument, subject)));
            }
            (Act::Take, _) => {
                let subject = self.given.get(argument).copied();
                self.known(*pid).extend(subject.map(|subject| (*object, subject)));
            }
            (Act::Run, Phase::Begin) => self.fork(*pid, *object as u32),
            (Act::Made, _) => return Some(self.make(*pid, *object, text.as_str())),
            (Act::Run | Act::Start | Act::Task, _) => {}
            (act, _) if act.is_about_a_process() => {}
            _ => return Some(self.find(*pid, *object)),
        }
        None
    }

    /// A new process has what its parent has. (What that has made since the fork is too much, and does
    /// no harm: this process has nothing there.)
    fn fork(&mut self, pid: u32, parent: u32) {
        if self.known.is_empty() {
            self.main_process = pid;
        }
        let known = self.known.get(&parent).cloned().unwrap_or_default();
        self.known.insert(pid, known);
    }

    /// What the process has. (One that was forked without the library has what the main process has.)
    fn known(&mut self, pid: u32) -> &mut Known {
        let pid = if self.known.contains_key(&pid) { pid } else { self.main_process };
        self.known.entry(pid).or_default()
    }

    fn make(&mut self, pid: u32, address: u64, kind: &str) -> Subject {
        let known = self.known(pid).get(&address).copied();
        if let Some(subject) = known.filter(|&subject| !self.objects[subject].is_used) {
            self.objects[subject].kind = kind.into();
            return subject;
        }
        self.add(pid, address, kind)
    }

    fn find(&mut self, pid: u32, address: u64) -> Subject {
        let known = self.known(pid).get(&address).copied();
        let subject = known.unwrap_or_else(|| self.add(pid, address, "object"));
        self.objects[subject].is_used = true;
        subject
    }

    fn add(&mut self, pid: u32, address: u64, kind: &str) -> Subject {
        let subject = self.objects.len();
        self.objects.push(Object { kind: kind.into(), is_used: false });
        self.known(pid).insert(address, subject);
        subject
    }

    /// The names of all: `Lock`, or if several are used, `Lock 1`, `Lock 2` and so on.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut counts: HashMap<&str, (usize, usize)> = HashMap::new();
        for Object { kind, .. } in self.objects.iter().filter(|object| object.is_used) {
            counts.entry(kind).or_default().1 += 1;
        }
        let mut names = Vec::new();
        for Object { kind, is_used } in &self.objects {
            let (number, all) = counts.entry(kind).or_default();
            *number += usize::from(*is_used);
            names.push(if *all > 1 { format!("{kind} {number}") } else { kind.clone() });
        }
        names
    }
}
