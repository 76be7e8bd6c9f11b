//! Barriers: all pass or none, and a party that dies, gives up or is reset leaves nobody waiting.

use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use ipc_common::{Array, Barrier, Child, Error, Result, Value};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::unistd::Pid;
use testing::processes::{
    LONG, go_on, join, kill_and_join, sleeper, start, stop, storm_of_signals, takes, until,
};
use testing::tests;

tests![
    five_in_lockstep_with_one_leader_each_round,
    threads_and_processes_pass_together,
    one_party_is_alone,
    parties_are_1_to_1024,
    abort_breaks_it_for_all,
    reset_ends_the_wait_of_all_and_makes_it_new,
    reset_mends_what_was_aborted,
    who_gives_up_breaks_it_for_all,
    who_gives_up_at_the_last_moment_may_have_passed,
    any_two_of_four_pass,
    time_enough_is_time_enough,
    those_who_wait_are_counted,
    a_killed_waiter_breaks_it,
    a_killed_waiter_can_be_reset_or_aborted,
    who_was_killed_after_the_round_is_no_matter,
    a_stopped_waiter_has_come,
    signal_handlers_do_not_disturb_a_wait,
    a_signal_handler_may_wait_where_its_thread_does,
    a_storm_of_kills,
];

pub(crate) const SHORT: Duration = Duration::from_millis(60);

pub(crate) fn is_broken(result: Result<bool>) -> bool {
    match result {
        Err(Error::BrokenBarrier) => true,
        Ok(_) => false,
        Err(error) => panic!("{error}"),
    }
}

/// A process that waits until it is told that the barrier is broken.
pub(crate) fn disappointed(barrier: &Barrier) -> Child {
    sleeper(|| assert!(is_broken(barrier.wait_timeout(LONG))))
}

/// All parties come and pass.
fn works(barrier: &Barrier) {
    assert!(!barrier.is_broken());
    let wait = || assert!(!barrier.wait_timeout(LONG).unwrap(), "one leads");
    let others: Vec<Child> = (1..barrier.parties()).map(|_| sleeper(wait)).collect();
    assert!(barrier.wait_timeout(LONG).unwrap(), "the last leads");
    assert!(others.iter().all(|other| join(other) == 0));
}

fn breaks_for_all_who_come(barrier: &Barrier) {
    assert!(barrier.is_broken());
    assert!(is_broken(barrier.wait()) && is_broken(barrier.wait_timeout(Duration::ZERO)));
    assert_eq!(join(&start(|| assert!(is_broken(barrier.wait())))), 0);
}

fn five_in_lockstep_with_one_leader_each_round() {
    let (barrier, at) = (Barrier::new(5).unwrap(), Array::new(&[[0_u32; 2]; 2]).unwrap());
    let party = || {
        for round in 0..1_000 {
            let (this, last) = (round % 2, (round + 1) % 2);
            at.lock().unwrap()[this][0] += 1;
            let leads = barrier.wait_timeout(LONG).unwrap();
            let mut at = at.lock().unwrap();
            at[this][1] += u32::from(leads);
            // Nobody is one round ahead or behind, and whoever led the last one has said so.
            assert_eq!(at[this][0] as usize, 5 * (round / 2 + 1));
            assert_eq!(at[last][1] as usize, round.div_ceil(2));
        }
    };
    let parties: Vec<Child> = (0..5).map(|_| start(party)).collect();
    assert!(parties.iter().all(|party| join(party) == 0));
    assert_eq!(*at.lock().unwrap(), [[2_500, 500]; 2]);
}

fn threads_and_processes_pass_together() {
    let (barrier, leaders) = (Barrier::new(4).unwrap(), Value::new(0).unwrap());
    let party = || {
        for _ in 0..500 {
            leaders.fetch_add(u32::from(barrier.wait_timeout(LONG).unwrap())).unwrap();
        }
    };
    let children = [start(party), start(party)];
    thread::scope(|scope| (0..2).for_each(|_| drop(scope.spawn(party))));
    assert!(children.iter().all(|child| join(child) == 0));
    assert_eq!(*leaders.lock().unwrap(), 500);
}

fn one_party_is_alone() {
    let barrier = Barrier::new(1).unwrap();
    for _ in 0..3 {
        assert!(barrier.wait().unwrap() && barrier.wait_timeout(Duration::ZERO).unwrap());
    }
    assert!(!barrier.is_broken());
}

fn parties_are_1_to_1024() {
    assert!(matches!(Barrier::new(0), Err(Error::Invalid(_))));
    assert!(matches!(Barrier::new(1025), Err(Error::Invalid(_))));
    let barrier = Barrier::new(1024).unwrap();
    assert_eq!(barrier.parties(), 1024);
    assert_eq!(format!("{barrier:?}"), "Barrier { parties: 1024, broken: false }");
    let crowd = start(|| {
        thread::scope(|scope| {
            for _ in 0..1023 {
                let small = thread::Builder::new().stack_size(64 << 10);
                let party = || (0..3).for_each(|_| assert!(!is_broken(barrier.wait_timeout(LONG))));
                small.spawn_scoped(scope, party).unwrap();
            }
        });
    });
    for _ in 0..3 {
        barrier.wait_timeout(LONG).unwrap();
    }
    assert_eq!(join(&crowd), 0);
}

fn abort_breaks_it_for_all() {
    let barrier = Barrier::new(4).unwrap();
    let waiting = [disappointed(&barrier), disappointed(&barrier)];
    barrier.abort().unwrap();
    assert!(waiting.iter().all(|party| join(party) == 0));
    breaks_for_all_who_come(&barrier);
}

fn reset_ends_the_wait_of_all_and_makes_it_new() {
    let barrier = Barrier::new(3).unwrap();
    barrier.reset().unwrap(); // nobody minds
    for _ in 0..3 {
        let waiting = [disappointed(&barrier), disappointed(&barrier)];
        barrier.reset().unwrap();
        works(&barrier); // even if those are not awake yet
        assert!(waiting.iter().all(|party| join(party) == 0));
        works(&barrier);
    }
}

fn reset_mends_what_was_aborted() {
    let barrier = Barrier::new(2).unwrap();
    let waiting = disappointed(&barrier);
    barrier.abort().unwrap();
    barrier.reset().unwrap();
    works(&barrier);
    assert_eq!(join(&waiting), 0, "it was aborted all the same");
    barrier.abort().unwrap();
    breaks_for_all_who_come(&barrier);
}

fn who_gives_up_breaks_it_for_all() {
    let barrier = Barrier::new(4).unwrap();
    for timeout in [Duration::ZERO, Duration::from_millis(1), SHORT] {
        let waiting = [disappointed(&barrier), disappointed(&barrier)];
        assert!(is_broken(takes(timeout, || barrier.wait_timeout(timeout))));
        assert!(waiting.iter().all(|party| join(party) == 0));
        breaks_for_all_who_come(&barrier);
        barrier.reset().unwrap();
    }
    works(&barrier);
}

/// It gives up in the very moment in which the last one comes: both pass, or it is broken for both.
fn who_gives_up_at_the_last_moment_may_have_passed() {
    let [barrier, meet] = [Barrier::new(2).unwrap(), Barrier::new(2).unwrap()];
    let gave_up = Value::new(0_u8).unwrap();
    let play = |timeout: &dyn Fn() -> Duration| {
        meet.wait_timeout(LONG).unwrap();
        is_broken(barrier.wait_timeout(timeout()))
    };
    let other = start(|| {
        for n in 0..3_000 {
            let result = play(&|| Duration::from_micros(n % 50 + 1));
            *gave_up.lock().unwrap() = result.into();
            meet.wait_timeout(LONG).unwrap();
        }
    });
    for _ in 0..3_000 {
        let broken = play(&|| {
            let end = Instant::now() + Duration::from_micros(rand::random_range(0..60));
            while Instant::now() < end {}
            LONG
        });
        meet.wait_timeout(LONG).unwrap();
        assert_eq!(*gave_up.lock().unwrap() != 0, broken);
        assert_eq!(barrier.is_broken(), broken);
        barrier.reset().unwrap();
    }
    assert_eq!(join(&other), 0);
}

/// More come than there are parties, and some one round late.
fn any_two_of_four_pass() {
    let (barrier, passed) = (Barrier::new(2).unwrap(), Array::new(&[0_u32; 2]).unwrap());
    let party = || {
        while let Ok(leads) = barrier.wait_timeout(LONG) {
            passed.lock().unwrap()[usize::from(leads)] += 1;
        }
    };
    let parties: Vec<Child> = (0..4).map(|_| start(party)).collect();
    until("rounds", || passed.lock().unwrap()[0] > 5_000);
    barrier.abort().unwrap();
    assert!(parties.iter().all(|party| join(party) == 0));
    let passed = passed.lock().unwrap();
    assert_eq!(passed[0], passed[1], "one leads in each round");
}

fn time_enough_is_time_enough() {
    let barrier = Barrier::new(3).unwrap();
    let parties = [Duration::MAX, LONG, LONG]
        .map(|timeout| start(|| assert!(!is_broken(barrier.wait_timeout(timeout)))));
    assert!(parties.iter().all(|party| join(party) == 0));
}

fn those_who_wait_are_counted() {
    let barrier = Barrier::new(3).unwrap();
    assert_eq!(barrier.waiting().unwrap(), 0);
    let mut waiting = vec![];
    for n in 1..=2 {
        waiting.push(sleeper(|| assert!(!is_broken(barrier.wait()))));
        assert_eq!(barrier.waiting().unwrap(), n);
    }
    barrier.wait().unwrap();
    assert_eq!(barrier.waiting().unwrap(), 0, "even if they are not awake yet");
    assert!(waiting.iter().all(|party| join(party) == 0));
}

/// As soon as the next one comes, be it the last or not.
fn a_killed_waiter_breaks_it() {
    for parties in [3, 4] {
        for dead in 0..2 {
            let barrier = Barrier::new(parties).unwrap();
            let mut waiting = vec![disappointed(&barrier), disappointed(&barrier)];
            kill_and_join(&waiting.remove(dead));
            assert_eq!(barrier.waiting().unwrap(), 1);
            assert!(is_broken(barrier.wait_timeout(LONG)));
            assert_eq!(join(&waiting[0]), 0);
            breaks_for_all_who_come(&barrier);
            barrier.reset().unwrap();
            works(&barrier);
        }
    }
}

fn a_killed_waiter_can_be_reset_or_aborted() {
    for end in [Barrier::reset, Barrier::abort] {
        let barrier = Barrier::new(3).unwrap();
        let waiting = [disappointed(&barrier), disappointed(&barrier)];
        kill_and_join(&waiting[0]);
        end(&barrier).unwrap();
        assert_eq!(join(&waiting[1]), 0);
        barrier.reset().unwrap();
        works(&barrier);
    }
}

/// It was stopped when the round ended, and is killed before it knows.
fn who_was_killed_after_the_round_is_no_matter() {
    let barrier = Barrier::new(2).unwrap();
    let party = sleeper(|| drop(barrier.wait()));
    stop(&party);
    assert!(barrier.wait_timeout(LONG).unwrap());
    kill_and_join(&party);
    works(&barrier);
}

fn a_stopped_waiter_has_come() {
    let barrier = Barrier::new(3).unwrap();
    let [stopped, other] = [(); 2].map(|()| sleeper(|| assert!(!barrier.wait().unwrap())));
    stop(&stopped);
    let last = start(|| assert!(barrier.wait().unwrap()));
    assert_eq!((join(&last), join(&other)), (0, 0));
    let ended = start(|| barrier.abort().unwrap());
    assert_eq!(join(&ended), 0);
    go_on(&stopped);
    assert_eq!(join(&stopped), 0, "it has passed before that");
}

fn signal_handlers_do_not_disturb_a_wait() {
    let barrier = Barrier::new(2).unwrap();
    let storm = storm_of_signals();
    assert!(is_broken(takes(SHORT, || barrier.wait_timeout(SHORT))));
    barrier.reset().unwrap();
    let other = start(|| {
        thread::sleep(SHORT);
        (0..1_000).for_each(|_| assert!(!is_broken(barrier.wait_timeout(LONG))));
    });
    (0..1_000).for_each(|_| assert!(!is_broken(barrier.wait_timeout(LONG))));
    drop(storm);
    assert_eq!(join(&other), 0);
}

fn a_signal_handler_may_wait_where_its_thread_does() {
    static BARRIER: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(3).unwrap());
    extern "C" fn come(_: i32) {
        assert!(!BARRIER.wait_timeout(LONG).unwrap());
    }
    LazyLock::force(&BARRIER);
    let waiter = sleeper(|| {
        let action = SigAction::new(SigHandler::Handler(come), SaFlags::empty(), SigSet::empty());
        // SAFETY: the thread is asleep when the handler is called.
        unsafe { sigaction(Signal::SIGUSR1, &action) }.unwrap();
        assert!(!BARRIER.wait_timeout(LONG).unwrap());
    });
    kill(Pid::from_raw(waiter.pid() as i32), Signal::SIGUSR1).unwrap();
    until("the handler", || BARRIER.waiting().unwrap() == 2);
    assert!(BARRIER.wait_timeout(LONG).unwrap(), "the last leads");
    assert_eq!(join(&waiter), 0);
}

/// Parties are killed at any time: the others end, and a reset makes it as new.
fn a_storm_of_kills() {
    let barrier = Barrier::new(3).unwrap();
    for _ in 0..150 {
        let party = || while !is_broken(barrier.wait_timeout(LONG)) {};
        let mut parties: Vec<Child> = (0..3).map(|_| start(party)).collect();
        thread::sleep(Duration::from_micros(rand::random_range(0..2_000)));
        kill_and_join(&parties.remove(0));
        barrier.abort().unwrap();
        assert!(parties.iter().all(|party| join(party) == 0));
        barrier.reset().unwrap();
        works(&barrier);
    }
}
