//! [`Role`]: the kinds of processes, and [`CAST`]: how many there are of each.

use crate::roles::{
    barrier, condition, event, ledger, lock, manager_client, manager_owner, pool_owner, semaphore,
    starter, stream,
};
use crate::shared::world::{Outcome, PARTIES, Part, World};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Role {
    /// Puts into the stream of this number.
    Producer(usize),
    /// Gets from it.
    Consumer(usize),
    Ledger,
    Lock,
    Releaser,
    Acquirer,
    Ping,
    Pong,
    Condition,
    Barrier,
    ManagerClient,
    ManagerOwner,
    PoolOwner,
    Starter,
}

pub(crate) const CAST: [(Role, u8); 20] = [
    (Role::Producer(0), 2),
    (Role::Consumer(0), 2),
    (Role::Producer(1), 2),
    (Role::Consumer(1), 2),
    (Role::Producer(2), 2),
    (Role::Consumer(2), 2),
    (Role::Producer(3), 1),
    (Role::Consumer(3), 2),
    (Role::Ledger, 2),
    (Role::Lock, 2),
    (Role::Releaser, 1),
    (Role::Acquirer, 1),
    (Role::Ping, 1),
    (Role::Pong, 1),
    (Role::Condition, PARTIES),
    (Role::Barrier, PARTIES),
    (Role::ManagerClient, 2),
    (Role::ManagerOwner, 1),
    (Role::PoolOwner, 1),
    (Role::Starter, 1),
];

impl Role {
    /// Plays it in this process.
    pub(crate) fn play(self, world: &World<'_>, part: Part<'_>) -> Outcome {
        match self {
            Role::Producer(n) => stream::produce(world, &world.streams[n], part),
            Role::Consumer(n) => stream::consume(&world.streams[n], part),
            Role::Ledger => ledger::book(world, part),
            Role::Lock => lock::hold(world, part),
            Role::Releaser => semaphore::release(world, part),
            Role::Acquirer => semaphore::acquire(world, part),
            Role::Ping => event::serve(&world.ping, &world.pong, part),
            Role::Pong => event::serve(&world.pong, &world.ping, part),
            Role::Condition => condition::take_turns(world, part),
            Role::Barrier => barrier::meet(world, part),
            Role::ManagerClient => manager_client::use_manager(world, part),
            Role::ManagerOwner => manager_owner::make_managers(part),
            Role::PoolOwner => pool_owner::make_pools(part),
            Role::Starter => starter::start_children(part),
        }
    }

    /// How many records a process gathers before it reports them.
    pub(crate) fn batch(self, world: &World<'_>) -> u64 {
        match self {
            Role::Producer(n) | Role::Consumer(n) => world.streams[n].batch,
            Role::Ledger | Role::Lock => 32,
            _ => 1,
        }
    }
}
