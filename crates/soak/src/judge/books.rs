//! [`Books`]: all that was reported, by stream and by role.

use std::collections::BTreeMap;

use crate::judge::stream_book::{Objection, StreamBook};
use crate::roles::cast::Role;
use crate::shared::report::Record;
use crate::shared::world::World;

pub(crate) struct Books {
    /// In the order of the world's streams, and then the manager's list.
    pub(crate) streams: Vec<StreamBook>,
    /// How many steps were reported, by role and kind.
    steps: BTreeMap<(Role, u8), u64>,
    killed: BTreeMap<Role, u64>,
}

impl Books {
    pub(crate) fn new(world: &World<'_>) -> Self {
        let streams = world.streams.iter();
        let streams = streams.map(|stream| StreamBook::new(stream.name, stream.batch, true));
        let list = StreamBook::new("manager's list", 1, false);
        let streams = streams.chain([list]).collect();
        Books { streams, steps: BTreeMap::new(), killed: BTreeMap::new() }
    }

    pub(crate) fn enter(&mut self, role: Role, index: u8, record: Record) -> Objection {
        if let Record::Step { kind, .. } = record {
            *self.steps.entry((role, kind)).or_default() += 1;
            return Ok(());
        }
        let Some(book) = self.stream_of(role) else {
            return Err(format!("{role:?} {index} reports {record:?}"));
        };
        match record {
            Record::Put(number) => return book.put(index, number),
            Record::Got { producer, number } => return book.got(index, producer, number),
            Record::Finished => book.finished(index),
            Record::Lost(items) => book.said_to_be_lost(items),
            Record::Step { .. } => {}
        }
        Ok(())
    }

    /// A process was killed, and all that it reported has been entered.
    pub(crate) fn enter_kill(&mut self, role: Role, index: u8) {
        *self.killed.entry(role).or_default() += 1;
        let Some(book) = self.stream_of(role) else { return };
        if matches!(role, Role::Producer(_) | Role::ManagerClient) {
            book.producer_was_killed(index);
        }
        if matches!(role, Role::Consumer(_) | Role::ManagerClient) {
            book.consumer_was_killed(index);
        }
    }

    /// The number of the first item of a process that is started.
    pub(crate) fn first_number(&mut self, role: Role, index: u8) -> u64 {
        match role {
            Role::Producer(_) | Role::ManagerClient => {
                self.stream_of(role).map_or(1, |book| book.next_number(index))
            }
            _ => 1,
        }
    }

    /// The book of the list's items that are left at the end.
    pub(crate) fn list(&mut self) -> Option<&mut StreamBook> {
        self.streams.last_mut()
    }

    pub(crate) fn steps(&self, role: Role, kind: u8) -> u64 {
        self.steps.get(&(role, kind)).copied().unwrap_or(0)
    }

    pub(crate) fn killed(&self, role: Role) -> u64 {
        self.killed.get(&role).copied().unwrap_or(0)
    }

    pub(crate) fn items(&self) -> u64 {
        self.streams.iter().map(|book| book.got).sum()
    }

    pub(crate) fn all_steps(&self) -> u64 {
        self.steps.values().sum()
    }

    fn stream_of(&mut self, role: Role) -> Option<&mut StreamBook> {
        match role {
            Role::Producer(n) | Role::Consumer(n) => self.streams.get_mut(n),
            Role::ManagerClient => self.streams.last_mut(),
            _ => None,
        }
    }
}
