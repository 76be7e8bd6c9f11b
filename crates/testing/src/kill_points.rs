//! Scenes that are played again and again, with a victim that is killed at another instruction each
//! time.
//!
//! A scene is a function of a number `n`: it leads a victim to instruction `n` of an operation, kills
//! it there, looks whether the others can go on, and tells whether there was such an instruction.
//!
//! It is played first for a number past the end, to find out how long the way is, and then for some
//! 60 numbers all along it; which ones differs from run to run. With `IPC_KILL_POINTS=all` it is
//! played for all of them, with `IPC_KILL_POINTS=123` for that one. The last number that a scene
//! prints before it fails is the one to repeat.

use std::env;
use std::io::{self, Write};
use std::time::SystemTime;

use crate::way::{WAY, Way};

/// Unless more are asked for, a victim is killed at so many instructions.
const SAMPLE: usize = 60;
/// The same for scenes that take long.
const SMALL_SAMPLE: usize = 20;

/// The numbers that a scene is played for.
#[derive(Clone, Copy)]
enum Choice {
    Only(usize),
    Every { stride: usize, first: usize },
}

impl Choice {
    fn of(kill_points: usize, sample: usize) -> Self {
        match env::var("IPC_KILL_POINTS").as_deref() {
            Err(_) => {}
            Ok("all") => return Choice::Every { stride: 1, first: 0 },
            Ok(n) => return Choice::Only(n.parse().expect("IPC_KILL_POINTS is `all` or a number")),
        }
        // Some scenes vary with `n % 3`: no variant may be left out.
        let stride = (kill_points / sample..).find(|stride| stride % 3 > 0).unwrap();
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap();
        Choice::Every { stride, first: now.subsec_micros() as usize % stride }
    }

    fn contains(self, n: usize) -> bool {
        match self {
            Choice::Only(only) => n == only,
            Choice::Every { stride, first } => n % stride == first,
        }
    }
}

/// Kills a victim at every instruction of a way, or at a sample of them.
pub fn at_every_instruction(name: &str, mut scene: impl FnMut(usize) -> bool) {
    play_all(name, SAMPLE, &mut scene, none_is_like_others);
}

/// The same for a scene that takes long.
pub fn at_every_instruction_slowly(name: &str, mut scene: impl FnMut(usize) -> bool) {
    play_all(name, SMALL_SAMPLE, &mut scene, none_is_like_others);
}

/// The same for an operation that polls before it sleeps: of such a loop, which changes nothing, the
/// first rounds and the last stand for all.
pub fn at_every_place(name: &str, mut scene: impl FnMut(usize) -> bool) {
    play_all(name, SAMPLE, &mut scene, is_one_of_many_rounds);
}

fn none_is_like_others(_: &[u64], _: usize) -> bool {
    false
}

fn is_one_of_many_rounds(way: &[u64], n: usize) -> bool {
    let visits = |way: &[u64], address| way.iter().filter(|&&a| a == address).count();
    way.get(n).is_some_and(|&address| {
        let (before, after) = (visits(&way[..n], address), visits(&way[n..], address));
        address != 0 && before > 3 && after > 3 && before + after > 16
    })
}

fn play_all(
    name: &str,
    sample: usize,
    scene: &mut dyn FnMut(usize) -> bool,
    is_like_others: fn(&[u64], usize) -> bool, // (a closure here would be compiled for each scene)
) {
    WAY.take();
    assert!(!scene(usize::MAX), "the way has no end");
    let way = WAY.with_borrow(|way| way.addresses.clone());
    let differs = |n: &usize| !is_like_others(&way, *n);
    let kill_points = (0..way.len()).filter(differs).count();
    let choice = Choice::of(kill_points, sample);
    let mut kills = 0;
    print!("{name}, killed at");
    for n in (0..).filter(differs).filter(|&n| choice.contains(n)) {
        print!(" {n}");
        io::stdout().flush().unwrap();
        // The way may be a little shorter or longer than the first time.
        let is_reached = play(n, scene);
        kills += usize::from(is_reached);
        if matches!(choice, Choice::Only(_)) {
            return;
        }
        if !is_reached && n >= way.len() {
            break;
        }
    }
    println!(": {kills} of {} instructions", way.len().max(kills));
    assert!(kill_points.max(kills) > 50, "nothing was watched");
}

/// Whether instruction `n` was reached.
fn play(n: usize, scene: &mut dyn FnMut(usize) -> bool) -> bool {
    let reached = scene(n);
    if !WAY.with_borrow(|way| way.missed) {
        return reached;
    }
    WAY.replace(Way { slowly: true, ..Way::default() });
    let reached = scene(n);
    WAY.with_borrow_mut(|way| way.slowly = false);
    reached
}
