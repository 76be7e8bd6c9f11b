//! [`Act`]: what a process does.

/// What is written down. Most acts are done to an object, such as a lock or a queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Act {
    /// A process runs, from its first step to its last; the object is its parent's id.
    Run,
    /// A process starts another.
    Start,
    /// It waits for the end of a child; the object is the child's id.
    Join,
    /// A child was found to have ended; the object is its id, the argument its exit code.
    Ended,
    /// A signal is sent; the object is the process's id, the argument the signal.
    Signal,
    /// An object was made; the text says what it is.
    Made,
    /// It waits for a lock or a permit, or for others at a barrier, an event or a condition.
    Wait,
    /// It holds a lock.
    Hold,
    /// It gives a permit back.
    Release,
    /// It sets an event.
    Set,
    /// It notifies those who wait.
    Notify,
    /// It puts an item in.
    Put,
    /// It takes an item out.
    Get,
    /// It sends a message.
    Send,
    /// It receives a message.
    Receive,
    /// It does a pool's task; the argument is the task's number.
    Task,
    /// It sends an object to a process that is no fork of it; the argument tells which object.
    Give,
    /// It has the object that was sent with the same argument.
    Take,
}

const ALL: [Act; 18] = [
    Act::Run,
    Act::Start,
    Act::Join,
    Act::Ended,
    Act::Signal,
    Act::Made,
    Act::Wait,
    Act::Hold,
    Act::Release,
    Act::Set,
    Act::Notify,
    Act::Put,
    Act::Get,
    Act::Send,
    Act::Receive,
    Act::Task,
    Act::Give,
    Act::Take,
];

impl Act {
    /// The reverse of `as u8`.
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        ALL.into_iter().find(|act| *act as u8 == number)
    }

    /// What it is called in front of the object's name.
    pub(crate) fn verb(self) -> &'static str {
        match self {
            Act::Run => "run",
            Act::Start => "start",
            Act::Join => "join",
            Act::Ended => "reap",
            Act::Signal => "send a signal to",
            Act::Made => "make",
            Act::Wait => "wait for",
            Act::Hold => "hold",
            Act::Release => "release",
            Act::Set => "set",
            Act::Notify => "notify",
            Act::Put => "put into",
            Act::Get => "get from",
            Act::Send => "send into",
            Act::Receive => "receive from",
            Act::Task => "task",
            Act::Give => "give",
            Act::Take => "take",
        }
    }

    /// The kind of slice that it is: `wait` for all that may block.
    pub(crate) fn category(self) -> &'static str {
        match self {
            Act::Run => "process",
            Act::Hold => "hold",
            Act::Task => "task",
            Act::Join | Act::Wait | Act::Put | Act::Get | Act::Send | Act::Receive => "wait",
            _ => "call",
        }
    }

    /// Whether its object is a process's id.
    pub(crate) fn is_about_a_process(self) -> bool {
        matches!(self, Act::Join | Act::Ended | Act::Signal)
    }
}
