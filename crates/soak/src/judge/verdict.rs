//! [`Check`]: what must be so at the end, and whether it is.

use std::error::Error;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::judge::books::Books;
use crate::judge::memory::Usage;
use crate::judge::stream_book::StreamBook;
use crate::roles::barrier;
use crate::roles::cast::Role;
use crate::shared::world::{PARTIES, World};

/// One sentence about what was seen.
pub(crate) struct Check {
    pub(crate) is_right: bool,
    pub(crate) what: String,
}

/// Memory that comes and goes: the allocator's, and what queues keep for the next items, in KiB.
const PRIVATE_SLACK: u64 = 4 << 10;
const SHARED_SLACK: u64 = 16 << 10;
/// The allocator maps and unmaps.
const MAPPINGS_SLACK: u64 = 16;

const PATIENCE: Duration = Duration::from_secs(10);
const BLOCKED: &str = "a value's lock is not free, though all its users have ended";

/// About the streams of items.
pub(crate) fn of_streams(books: &mut Books, world: &World<'_>) -> Vec<Check> {
    let mut checks: Vec<Check> = books.streams.iter_mut().flat_map(of_stream).collect();
    for stream in &world.streams {
        let left = stream.channel.len();
        checks.push(Check::equal(
            format!("{}: items left at the end", stream.name),
            left as u64,
            0,
        ));
    }
    for book in &books.streams {
        let (said, possible) = book.losses_of_joins();
        if book.is_joined() {
            let what = format!("{}: items of which join said that they are lost", book.name);
            checks.push(Check::within(what, said, 0..=possible));
        }
    }
    checks
}

fn of_stream(book: &mut StreamBook) -> [Check; 2] {
    let put = book.check_all_were_put();
    let (lost, possible) = book.losses();
    let StreamBook { name, producers_killed, consumers_killed, got, .. } = book;
    let was_put = format!("{name}: each of {} items that were got had been put", grouped(*got));
    let what = format!(
        "{name}: items lost with {producers_killed} producers and {consumers_killed} consumers"
    );
    [
        Check { is_right: put.is_ok(), what: put.err().unwrap_or(was_put) },
        Check::within(what, lost, 0..=possible),
    ]
}

/// About locks, values and what wakes processes. All processes have ended.
pub(crate) fn of_state(books: &Books, world: &World<'_>) -> Result<Vec<Check>, Box<dyn Error>> {
    let kills = |role: Role| books.killed(role);
    let [first, second] = *world.ledger.lock_timeout(PATIENCE)?.ok_or(BLOCKED)?;
    let booked = books.steps(Role::Ledger, 0);
    let most = booked + kills(Role::Ledger) * Role::Ledger.batch(world);
    let turns = books.steps(Role::Condition, 0);
    let (released, acquired) = (books.steps(Role::Releaser, 0), books.steps(Role::Acquirer, 0));
    let permits = released.saturating_sub(acquired + kills(Role::Acquirer))
        ..=(released + kills(Role::Releaser)).saturating_sub(acquired);
    let (last, other) =
        (books.steps(Role::Barrier, barrier::LAST), books.steps(Role::Barrier, barrier::OTHER));
    let (others, killed) = (u64::from(PARTIES) - 1, kills(Role::Barrier));
    let met = (last * others).saturating_sub(killed)..=(last + killed) * others;
    Ok(vec![
        Check::within("ledger: additions".into(), first.max(second), booked..=most),
        Check::within("ledger: how far its words are apart".into(), first.abs_diff(second), 0..=1),
        Check::within(
            "condition: turns".into(),
            *world.turn.lock_timeout(PATIENCE)?.ok_or(BLOCKED)?,
            turns..=turns + kills(Role::Condition),
        ),
        Check::within("semaphore: permits left".into(), world.permits.value().into(), permits),
        Check::within(format!("barrier: others beside {} last ones", grouped(last)), other, met),
    ])
}

/// About the main process, after the first rounds and after the last.
pub(crate) fn of_usage(before: Usage, after: Usage) -> [Check; 4] {
    let grown = |what: &str, before: u64, after: u64, slack: u64| {
        let what = format!("{what}, {} after warming up", grouped(before));
        Check::within(what, after, 0..=before + slack)
    };
    [
        grown("open descriptors", before.descriptors, after.descriptors, 0),
        grown("mappings", before.mappings, after.mappings, MAPPINGS_SLACK),
        grown("KiB of private memory", before.private, after.private, PRIVATE_SLACK),
        grown("KiB of shared memory", before.shared, after.shared, SHARED_SLACK),
    ]
}

impl Check {
    fn within(what: String, is: u64, right: RangeInclusive<u64>) -> Self {
        let is_right = right.contains(&is);
        let [is, least, most] = [is, *right.start(), *right.end()].map(grouped);
        let right = match least == most {
            true => least,
            false => format!("{least} to {most}"),
        };
        Check { is_right, what: format!("{what}: {is} (right: {right})") }
    }

    fn equal(what: String, is: u64, right: u64) -> Self {
        Check::within(what, is, right..=right)
    }
}

/// With a space between thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}
