//! What the sides share, and where each of them is.

/// Counts wrap around here.
pub(super) const COUNTS: u8 = 4;
/// Numbers of wraps do here.
pub(super) const WRAPS: u8 = 4;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Cursor {
    pub(super) offset: u8,
    pub(super) wraps: u8,
}

/// A side's two copies of its cursor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Cursors {
    /// At which count of the side each is valid.
    pub(super) valid_at: [u8; 2],
    pub(super) copies: [Cursor; 2],
}

impl Cursors {
    /// Which of the two is valid.
    pub(super) fn place(&self, count: u8) -> usize {
        usize::from(self.valid_at[0] != count)
    }
}

/// A record that was put and not yet taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Record {
    /// Where the wrap mark to it is, if it has one.
    pub(super) mark: Option<u8>,
    pub(super) start: u8,
    pub(super) words: u8,
}

impl Record {
    /// Whether it has a word there.
    pub(super) fn is_in(&self, from: u8, to: u8) -> bool {
        let is_mark_in = self.mark.is_some_and(|mark| (from..to).contains(&mark));
        is_mark_in || (self.start < to && from < self.start + self.words)
    }
}

/// Which side has the producers' mutex.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    Producer,
    Consumer,
}

/// `refresh_seen_cursor`, and `give_back` after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Refresh {
    Count,
    Offset { taken: u8 },
    Wraps { taken: u8, offset: u8 },
    Check { taken: u8, cursor: Cursor },
    StoreWraps { taken: u8, cursor: Cursor },
    StoreOffset { taken: u8, cursor: Cursor },
    StoreCount { taken: u8 },
    GiveBack,
    StoreHighWater { from: u8 },
    Done,
}

/// A put under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Put {
    /// How many; several are of one word each.
    pub(super) items: u8,
    pub(super) words: u8,
    pub(super) start: u8,
    /// The cursor before it.
    pub(super) tail: Cursor,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum ProducerAt {
    #[default]
    Idle,
    /// Refreshing before the first look for room.
    First {
        items: u8,
        words: u8,
        refresh: Refresh,
    },
    Room {
        items: u8,
        words: u8,
    },
    /// Refreshing because there was no room.
    Again {
        items: u8,
        words: u8,
        seen_taken: u8,
        refresh: Refresh,
    },
    Wait {
        items: u8,
        words: u8,
        taken: u8,
    },
    Write(Put),
    StoreOffset(Put),
    StoreWraps(Put),
    StoreWrapEnd(Put),
    StoreHighWater {
        put: Put,
        high_water: u8,
    },
    Count(Put),
    Unlock,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum ConsumerAt {
    #[default]
    Idle,
    SeePut {
        was_closed: bool,
    },
    Wait,
    LockProducers,
    LookAgain,
    /// An item is lent out.
    Reading {
        from: Cursor,
        record: Record,
    },
    StoreOffset {
        items: u8,
        from: Cursor,
        record: Record,
    },
    StoreWraps {
        items: u8,
        from: Cursor,
        record: Record,
    },
    Count {
        items: u8,
        from: Cursor,
        record: Record,
    },
    MayGiveBack {
        from: Cursor,
        head: u8,
    },
    GiveBack(Refresh),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) put: u8,
    pub(super) taken: u8,
    pub(super) is_closed: bool,
    /// The producers' mutex, and whether its last owner died.
    pub(super) owner: Option<Owner>,
    pub(super) owner_died: bool,
    pub(super) producer_cursors: Cursors,
    pub(super) consumer_cursors: Cursors,
    pub(super) seen_cursor: Cursor,
    pub(super) seen_taken: u8,
    pub(super) wrap_end: u8,
    pub(super) high_water: u8,
    pub(super) seen_put: u8,
    pub(super) producer: ProducerAt,
    pub(super) consumer: ConsumerAt,
    /// What is in the memory, first to last.
    pub(super) records: Vec<Record>,
    pub(super) has_overwritten: bool,
    pub(super) is_astray: bool,
    pub(super) has_ended: bool,
}

impl State {
    /// How many items there are, as far as has been seen.
    pub(super) fn seen_items(&self) -> u8 {
        (self.put + COUNTS - self.seen_taken) % COUNTS
    }

    /// A process uses these words in a way of its own.
    pub(super) fn overwrite(&mut self, from: u8, to: u8) {
        let is_read = |at: &ConsumerAt| match at {
            ConsumerAt::Reading { record, .. } => record.is_in(from, to),
            _ => false,
        };
        let is_in_use = self.records.iter().any(|record| record.is_in(from, to));
        self.has_overwritten |= is_in_use || is_read(&self.consumer);
    }

    pub(super) fn kill_producer(&mut self) {
        if self.owner == Some(Owner::Producer) {
            (self.owner, self.owner_died) = (None, true);
        }
        self.producer = ProducerAt::Idle;
    }

    pub(super) fn kill_consumer(&mut self) {
        if self.owner == Some(Owner::Consumer) {
            (self.owner, self.owner_died) = (None, true);
        }
        self.consumer = ConsumerAt::Idle;
    }

    /// Takes the producers' mutex; whether its last owner died. `None` if it is held.
    pub(super) fn lock_producers(&mut self, owner: Owner) -> Option<bool> {
        if self.owner.is_some() {
            return None;
        }
        self.owner = Some(owner);
        Some(std::mem::take(&mut self.owner_died))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Begins to put an item of this number of words.
    Put(u8),
    /// Begins to put two items of none, as one step.
    PutTwo,
    Produce,
    PutTimesOut,
    Consume,
    /// Takes the next item, too, as one step.
    ConsumeTwo,
    /// A get that has waited for a while gives memory back.
    WaitLong,
    /// A get gives up, or does not commit.
    GetEnds,
    Close,
    KillProducer,
    KillConsumer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    SeenIsTrustedAfterDeath,
    RefreshLooksOnce,
    ProducerHasOneCursor,
    ConsumerHasOneCursor,
    /// What is right only while each step counts one item.
    CopyByParity,
    ProducerCountsFirst,
    ConsumerCountsFirst,
    NoRoomForMark,
    NoWrapEnd,
    GivesBackBehindWrap,
    EndWithoutLook,
}
