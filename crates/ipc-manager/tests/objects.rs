//! The manager's objects do what Python's do, for all processes at once.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use indexmap::IndexMap;
use ipc_common::{Error, Manager};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use serde_json::Value;
use testing::processes::{join, start, storm_of_signals};
use testing::tests;

tests![
    objects_agree_with_their_models,
    keys_are_in_the_order_in_which_they_came,
    places_that_are_not_there,
    what_cannot_be_encoded_takes_no_place,
    what_cannot_be_decoded_is_its_readers_alone,
    sizes_around_a_packets,
    thirty_two_mebibytes,
    eight_processes_times_five_hundred_operations,
    what_is_one_step_is_seen_as_one,
    an_object_made_in_a_child_is_like_any_other,
    a_child_has_a_line_of_its_own,
    signal_handlers_do_not_disturb_a_call,
];

/// Three processes at once, each with its own objects.
fn objects_agree_with_their_models() {
    let manager = Manager::new().unwrap();
    let compare = || {
        compare_a_dict(&manager);
        compare_a_list(&manager);
        compare_a_namespace(&manager);
    };
    let children = [start(compare), start(compare)];
    compare();
    assert!(children.iter().all(|child| join(child) == 0));
}

/// A generator of random numbers, and its seed for the report.
fn random() -> (u64, StdRng) {
    let seed = rand::random();
    (seed, StdRng::seed_from_u64(seed))
}

fn random_text(random: &mut StdRng) -> String {
    let most = [10, 10, 10, 20_000][random.random_range(0..4)];
    "x".repeat(random.random_range(0..most))
}

fn compare_a_dict(manager: &Manager) {
    let (dict, mut model) = (manager.dict().unwrap(), IndexMap::<u8, String>::new());
    let (seed, mut random) = random();
    for step in 0..1000 {
        let (key, at) = (random.random_range(0..12), format!("seed {seed}, step {step}"));
        match random.random_range(0..100) {
            0..40 => {
                let value = random_text(&mut random);
                assert_eq!(dict.insert(&key, &value).unwrap(), model.insert(key, value), "{at}");
            }
            40..70 => assert_eq!(dict.remove(&key).unwrap(), model.shift_remove(&key), "{at}"),
            70..80 => assert_eq!(dict.get(&key).unwrap(), model.get(&key).cloned(), "{at}"),
            80..90 => {
                assert_eq!(dict.contains_key(&key).unwrap(), model.contains_key(&key), "{at}")
            }
            90..99 => {
                assert_eq!(dict.len().unwrap(), model.len(), "{at}");
                assert_eq!(dict.is_empty().unwrap(), model.is_empty(), "{at}");
                assert_eq!(dict.keys().unwrap(), model.keys().copied().collect::<Vec<_>>(), "{at}");
                assert!(dict.values().unwrap().iter().eq(model.values()), "{at}");
                assert!(dict.items().unwrap().into_iter().eq(model.clone()), "{at}");
            }
            _ => {
                dict.clear().unwrap();
                model.clear();
            }
        }
    }
}

fn compare_a_list(manager: &Manager) {
    let mut model = vec![String::from("first"), String::from("second")];
    let list = manager.list(model.clone()).unwrap();
    let (seed, mut random) = random();
    for step in 0..1000 {
        let (len, at) = (model.len(), format!("seed {seed}, step {step}"));
        let (index, item) = (random.random_range(0..len + 3), random_text(&mut random));
        let outside = (index, len);
        match random.random_range(0..100) {
            0..15 => {
                let right = (index < len).then(|| model[index] = item.clone()).ok_or(outside);
                assert_eq!(in_range(list.set(index, &item)), right, "{at}");
            }
            15..30 => {
                let right = (index <= len).then(|| model.insert(index, item.clone()));
                assert_eq!(in_range(list.insert(index, &item)), right.ok_or(outside), "{at}");
            }
            30..45 => {
                let right = (index < len).then(|| model.remove(index)).ok_or(outside);
                assert_eq!(in_range(list.remove(index)), right, "{at}");
            }
            45..60 => assert_eq!(list.get(index).unwrap(), model.get(index).cloned(), "{at}"),
            60..65 => {
                list.push(&item).unwrap();
                model.push(item);
            }
            65..70 => {
                let items = vec![item; index % 4];
                list.extend(items.clone()).unwrap();
                model.extend(items);
            }
            70..80 => assert_eq!(list.pop().unwrap(), model.pop(), "{at}"),
            80..90 => {
                list.reverse().unwrap();
                model.reverse();
            }
            90..99 => {
                assert_eq!(list.len().unwrap(), len, "{at}");
                assert_eq!(list.is_empty().unwrap(), model.is_empty(), "{at}");
                assert_eq!(list.to_vec().unwrap(), model, "{at}");
            }
            _ => {
                list.clear().unwrap();
                model.clear();
            }
        }
    }
}

/// The place and length that an error names.
fn in_range<T>(result: ipc_common::Result<T>) -> Result<T, (usize, usize)> {
    result.map_err(|error| match error {
        Error::OutOfRange { index, len } => (index, len),
        other => panic!("{other}"),
    })
}

fn compare_a_namespace(manager: &Manager) {
    let (namespace, mut model) = (manager.namespace().unwrap(), IndexMap::new());
    let (seed, mut random) = random();
    for step in 0..300 {
        let name = ["x", "y", "", "名"][random.random_range(0..4)];
        let at = format!("seed {seed}, step {step}");
        match random.random_range(0..4) {
            0 => {
                namespace.set(name, &step).unwrap();
                model.insert(name, Value::from(step));
            }
            1 => {
                let text = random_text(&mut random);
                namespace.set(name, &text).unwrap();
                model.insert(name, Value::from(text));
            }
            2 => assert_eq!(namespace.get(name).unwrap(), model.get(name).cloned(), "{at}"),
            _ => assert_eq!(namespace.remove(name).unwrap(), model.swap_remove(name), "{at}"),
        }
    }
}

fn keys_are_in_the_order_in_which_they_came() {
    let manager = Manager::new().unwrap();
    let dict = manager.dict::<String, u32>().unwrap();
    for (n, key) in ["z", "a", "m", "b"].iter().enumerate() {
        dict.insert(&key.to_string(), &(n as u32)).unwrap();
    }
    dict.insert(&"a".into(), &9).unwrap(); // stays where it is
    assert_eq!(dict.remove(&"z".into()).unwrap(), Some(0)); // the others keep their order
    dict.insert(&"z".into(), &7).unwrap(); // comes last
    assert_eq!(dict.keys().unwrap(), ["a", "m", "b", "z"]);
    assert_eq!(dict.values().unwrap(), [9, 2, 3, 7]);
}

fn places_that_are_not_there() {
    let manager = Manager::new().unwrap();
    let list = manager.list([1, 2]).unwrap();
    assert_eq!(in_range(list.set(2, &0)), Err((2, 2)));
    assert_eq!(in_range(list.insert(3, &0)), Err((3, 2)));
    assert_eq!(in_range(list.remove(usize::MAX)), Err((usize::MAX, 2)));
    assert_eq!(list.get(usize::MAX).unwrap(), None);
    let error = list.set(2, &0).unwrap_err().to_string();
    assert_eq!(error, "cannot use place 2 of the list: it has 2 item(s)");
    list.insert(2, &3).unwrap();
    assert_eq!(list.to_vec().unwrap(), [1, 2, 3]);
    let empty = manager.list::<u8>([]).unwrap();
    assert_eq!(empty.pop().unwrap(), None);
    assert_eq!(in_range(empty.remove(0)), Err((0, 0)));
}

fn what_cannot_be_encoded_takes_no_place() {
    fn refused<T>(result: ipc_common::Result<T>) {
        assert!(matches!(result, Err(Error::Encode(_))));
    }
    let manager = Manager::new().unwrap();
    let (good, bad) = (PathBuf::from("good"), PathBuf::from(OsString::from_vec(vec![255])));
    let dict = manager.dict::<PathBuf, PathBuf>().unwrap();
    refused(dict.insert(&good, &bad));
    refused(dict.insert(&bad, &good));
    refused(dict.get(&bad));
    refused(dict.remove(&bad));
    refused(dict.contains_key(&bad));
    assert!(dict.is_empty().unwrap());
    refused(manager.list([good.clone(), bad.clone()]));
    let list = manager.list([good.clone()]).unwrap();
    refused(list.set(0, &bad));
    refused(list.insert(0, &bad));
    refused(list.push(&bad));
    refused(list.extend([good.clone(), bad.clone()]));
    assert_eq!(list.to_vec().unwrap(), [good]);
    let namespace = manager.namespace().unwrap();
    refused(namespace.set("path", &bad));
    assert_eq!(namespace.get::<PathBuf>("path").unwrap(), None);
}

fn what_cannot_be_decoded_is_its_readers_alone() {
    #[derive(Serialize, Deserialize, Debug)]
    struct Misnamed {
        #[serde(rename(serialize = "written", deserialize = "read"))]
        _number: u32,
    }
    fn refused<T>(result: ipc_common::Result<T>) {
        assert!(matches!(result, Err(Error::Decode(_))));
    }
    let manager = Manager::new().unwrap();
    let (dict, misnamed) = (manager.dict().unwrap(), Misnamed { _number: 1 });
    assert!(dict.insert(&'a', &misnamed).unwrap().is_none());
    refused(dict.get(&'a'));
    refused(dict.insert(&'a', &misnamed)); // the one before
    refused(dict.items());
    refused(dict.values());
    assert_eq!((dict.keys().unwrap(), dict.len().unwrap()), (vec!['a'], 1));
    assert!(dict.contains_key(&'a').unwrap());
    refused(dict.remove(&'a'));
    assert!(dict.is_empty().unwrap());
    let list = manager.list([misnamed]).unwrap();
    refused(list.get(0));
    refused(list.to_vec());
    list.set(0, &Misnamed { _number: 2 }).unwrap();
    refused(list.pop());
    assert!(list.is_empty().unwrap());
    let namespace = manager.namespace().unwrap();
    namespace.set("name", &"text".to_string()).unwrap();
    refused(namespace.get::<u32>("name"));
    assert_eq!(namespace.get::<String>("name").unwrap().unwrap(), "text");
}

/// What is larger than a packet is sent as a file.
fn sizes_around_a_packets() {
    let manager = Manager::new().unwrap();
    let list = manager.list::<String>([]).unwrap();
    for size in (16 << 10) - 40..=(16 << 10) + 10 {
        let text: String = ('a'..='z').cycle().take(size).collect();
        list.push(&text).unwrap();
        assert!(list.pop().unwrap().unwrap() == text, "a text of {size} bytes");
    }
}

fn thirty_two_mebibytes() {
    let manager = Manager::new().unwrap();
    let bytes = |from: u32| {
        ByteBuf::from((from..from + (32 << 20)).map(|n| (n % 251) as u8).collect::<Vec<_>>())
    };
    let (dict, namespace) = (manager.dict().unwrap(), manager.namespace().unwrap());
    dict.insert(&"large".to_string(), &bytes(0)).unwrap();
    let child = start(|| {
        assert!(dict.get(&"large".into()).unwrap().unwrap() == bytes(0));
        namespace.set("large", &bytes(1)).unwrap();
    });
    assert_eq!(join(&child), 0);
    assert!(namespace.get::<ByteBuf>("large").unwrap().unwrap() == bytes(1));
    // Around the size from which messages go another way.
    let list = manager.list([]).unwrap();
    for (place, size) in (16_300..16_400).enumerate() {
        list.push(&"x".repeat(size)).unwrap();
        assert_eq!(list.get(place).unwrap().unwrap().len(), size);
    }
    assert!(list.to_vec().unwrap().iter().map(String::len).eq(16_300..16_400));
}

/// Whatever the order of the operations, each value that goes in comes out once.
fn eight_processes_times_five_hundred_operations() {
    let manager = Manager::new().unwrap();
    let (dict, taken) = (manager.dict::<u8, u32>().unwrap(), manager.list([]).unwrap());
    let work = |values: std::ops::Range<u32>| {
        let mut took = Vec::new();
        for value in values {
            took.extend(dict.insert(&rand::random_range(0..5), &value).unwrap());
            if rand::random_ratio(1, 3) {
                took.extend(dict.remove(&rand::random_range(0..5)).unwrap());
            }
        }
        taken.extend(took).unwrap();
    };
    let children = (0..8).map(|n| {
        let from = n * 500;
        start(move || {
            let grandchild = start(move || work(from..from + 200));
            thread::scope(|scope| {
                scope.spawn(move || work(from + 200..from + 350));
                scope.spawn(move || work(from + 350..from + 500));
            });
            assert_eq!(join(&grandchild), 0);
        })
    });
    let children: Vec<_> = children.collect();
    while children.iter().any(|child| child.is_alive().unwrap()) {
        let keys = dict.keys().unwrap();
        assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len(), "a key twice");
    }
    assert!(children.iter().all(|child| join(child) == 0));
    let mut all = [taken.to_vec().unwrap(), dict.values().unwrap()].concat();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..4000));
}

fn what_is_one_step_is_seen_as_one() {
    let manager = Manager::new().unwrap();
    let list = manager.list([]).unwrap();
    let extend = |n: u32| (0..200).for_each(|_| list.extend([n; 3]).unwrap());
    let children = [start(|| extend(0)), start(|| extend(1))];
    while children.iter().any(|child| child.is_alive().unwrap()) {
        let items = list.to_vec().unwrap();
        assert!(items.chunks(3).all(|three| three == [three[0]; 3]), "{items:?}");
    }
    assert!(children.iter().all(|child| join(child) == 0));
    assert_eq!(list.len().unwrap(), 1200);
}

fn an_object_made_in_a_child_is_like_any_other() {
    let manager = Manager::new().unwrap();
    let mine = manager.list([0]).unwrap();
    let child = start(|| {
        let (dict, list) = (manager.dict().unwrap(), manager.list(["a".to_string()]).unwrap());
        let grandchild = start(|| {
            dict.insert(&1, &2).unwrap();
            list.push(&"b".into()).unwrap();
            let namespace = manager.namespace().unwrap();
            namespace.set("n", &mine.get(0).unwrap().unwrap()).unwrap();
            mine.push(&namespace.get("n").unwrap().unwrap()).unwrap();
        });
        assert_eq!(join(&grandchild), 0);
        assert_eq!(dict.items().unwrap(), [(1, 2)]);
        assert_eq!(list.to_vec().unwrap(), ["a", "b"]);
    });
    assert_eq!(join(&child), 0);
    assert_eq!(mine.to_vec().unwrap(), [0, 0]);
}

/// On a line that two use, one gets the other's replies.
fn a_child_has_a_line_of_its_own() {
    let manager = Manager::new().unwrap();
    let dict = manager.dict().unwrap();
    (0..3).for_each(|n| assert_eq!(dict.insert(&n, &n).unwrap(), None)); // so that there is a line
    let ask = |n| (0..3000).for_each(|_| assert_eq!(dict.get(&n).unwrap(), Some(n)));
    let child = start(|| {
        assert_eq!(dict.len().unwrap(), 3);
        let grandchild = start(|| ask(2));
        ask(1);
        assert_eq!(join(&grandchild), 0);
    });
    ask(0);
    assert_eq!(join(&child), 0);
}

/// Neither in the process that calls nor in the server.
fn signal_handlers_do_not_disturb_a_call() {
    let _storm = storm_of_signals();
    let manager = Manager::new().unwrap();
    let server = Pid::from_raw(manager.server().pid() as i32);
    let _another = start(|| {
        loop {
            kill(server, Signal::SIGUSR1).unwrap();
            thread::sleep(Duration::from_micros(100));
        }
    });
    let dict = manager.dict().unwrap();
    for n in 0..1000 {
        let value = ByteBuf::from(vec![n as u8; n * 40]);
        assert!(dict.insert(&n, &value).unwrap().is_none());
        assert!(dict.get(&n).unwrap().unwrap() == value);
    }
}
