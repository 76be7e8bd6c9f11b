//! Changes of what is there already: none is lost, and each is there whole or not at all.

use std::collections::HashMap;

use ipc_common::{Child, DictProxy, Error, Manager};
use testing::processes::{join, kill_and_join, start, until};
use testing::tests;

tests![
    no_change_is_lost,
    a_change_may_take_out_and_put_in,
    a_change_is_made_to_what_another_has_made,
    what_is_encoded_in_another_order_is_the_same,
    an_item_that_is_gone_is_not_changed,
    all_pairs_come_in_one_step,
    one_default_is_for_all,
    each_last_pair_is_taken_once,
    slices_are_cut_where_the_list_ends,
    names_are_listed,
    a_killed_client_keeps_nobody_from_a_change,
];

fn no_change_is_lost() {
    const TIMES: u64 = 250;
    let manager = Manager::new().unwrap();
    let (dict, list) = (manager.dict().unwrap(), manager.list([0, 0]).unwrap());
    let names = manager.namespace().unwrap();
    let add = || {
        for _ in 0..TIMES {
            dict.modify(&'n', |n| Some(n.unwrap_or(0) + 1)).unwrap();
            list.modify(1, |n| n + 1).unwrap();
            names.modify("n", |n: Option<u64>| Some(n.unwrap_or(0) + 1)).unwrap();
        }
    };
    let children: Vec<Child> = (0..4).map(|_| start(add)).collect();
    assert!(children.iter().all(|child| join(child) == 0));
    assert_eq!(dict.items().unwrap(), [('n', 4 * TIMES)]);
    assert_eq!(list.to_vec().unwrap(), [0, 4 * TIMES]);
    assert_eq!(names.get("n").unwrap(), Some(4 * TIMES));
}

fn a_change_may_take_out_and_put_in() {
    let manager = Manager::new().unwrap();
    let dict: DictProxy<'_, u8, String> = manager.dict().unwrap();
    let unchanged = dict.modify(&1, |none| none).unwrap();
    assert_eq!((unchanged, dict.len().unwrap()), (None, 0));
    let put_in = dict.modify(&1, |none| none.or(Some("one".into()))).unwrap();
    assert_eq!((put_in.as_deref(), dict.len().unwrap()), (Some("one"), 1));
    let taken_out = dict.modify(&1, |one| one.filter(|one| one != "one")).unwrap();
    assert_eq!((taken_out, dict.len().unwrap()), (None, 0));
}

/// A change comes between the look and the exchange, once.
fn a_change_is_made_to_what_another_has_made() {
    let manager = Manager::new().unwrap();
    let dict = manager.dict().unwrap();
    dict.insert(&'n', &1).unwrap();
    let mut seen = vec![];
    let now = dict.modify(&'n', |n| {
        seen.push(n);
        if seen.len() == 1 {
            assert_eq!(join(&start(|| assert!(dict.insert(&'n', &10).unwrap().is_some()))), 0);
        }
        n.map(|n| n + 1)
    });
    assert_eq!(now.unwrap(), Some(11));
    assert_eq!(seen, [Some(1), Some(10)]);

    let list = manager.list(['a', 'b']).unwrap();
    let mut seen = vec![];
    let now = list.modify(0, |item| {
        seen.push(item);
        if seen.len() == 1 {
            assert_eq!(join(&start(|| assert_eq!(list.remove(0).unwrap(), 'a'))), 0);
        }
        'x'
    });
    assert_eq!((now.unwrap(), seen), ('x', vec!['a', 'b']));
    assert_eq!(list.to_vec().unwrap(), ['x']);
}

/// A map is encoded in an order that differs each time.
fn what_is_encoded_in_another_order_is_the_same() {
    let manager = Manager::new().unwrap();
    let dict = manager.dict().unwrap();
    let map: HashMap<u32, u32> = (0..100).map(|n| (n, n)).collect();
    dict.insert(&'m', &map).unwrap();
    let mut calls = 0;
    let change = |map: Option<HashMap<u32, u32>>| {
        calls += 1;
        map.map(|map| map.into_iter().map(|(k, v)| (k, v + 1)).collect())
    };
    let now = dict.modify(&'m', change).unwrap().unwrap();
    assert_eq!((now[&0], now[&99], calls), (1, 100, 1));
}

fn an_item_that_is_gone_is_not_changed() {
    let manager = Manager::new().unwrap();
    let list = manager.list([1]).unwrap();
    let error = list.modify(1, |_| panic!("there is none")).unwrap_err();
    assert!(matches!(error, Error::OutOfRange { index: 1, len: 1 }));
    let error = list.modify(0, |item| {
        list.clear().unwrap();
        item
    });
    assert!(matches!(error, Err(Error::OutOfRange { index: 0, len: 0 })));
    assert!(list.is_empty().unwrap());
}

fn all_pairs_come_in_one_step() {
    let manager = Manager::new().unwrap();
    let dict = manager.dict().unwrap();
    let writer = start(|| {
        for round in 0..300 {
            dict.extend((0..50).map(|key| (key, round))).unwrap();
        }
    });
    while writer.is_alive().unwrap() {
        let values = dict.values().unwrap();
        assert!(values.is_empty() || values.len() == 50 && values.iter().all(|v| *v == values[0]));
    }
    assert_eq!(join(&writer), 0);
    dict.extend([(7, 1), (99, 2), (7, 3)]).unwrap();
    assert_eq!((dict.get(&7).unwrap(), dict.len().unwrap()), (Some(3), 51));
    dict.extend([]).unwrap();
}

fn one_default_is_for_all() {
    let manager = Manager::new().unwrap();
    let (dict, seen) = (manager.dict().unwrap(), manager.list([]).unwrap());
    let ask = |n: u32| seen.push(&dict.get_or_insert(&'k', &n).unwrap()).unwrap();
    let children: Vec<Child> = (0..4)
        .map(|n| {
            let ask = &ask;
            start(move || ask(n))
        })
        .collect();
    assert!(children.iter().all(|child| join(child) == 0));
    let seen = seen.to_vec().unwrap();
    assert_eq!(seen, [seen[0]; 4]);
    assert_eq!(dict.get(&'k').unwrap(), Some(seen[0]));
}

fn each_last_pair_is_taken_once() {
    let manager = Manager::new().unwrap();
    let (dict, taken) = (manager.dict().unwrap(), manager.list([]).unwrap());
    dict.extend((0..200).map(|n| (n, 2 * n))).unwrap();
    let take = || {
        while let Some((key, value)) = dict.pop_last().unwrap() {
            assert_eq!(value, 2 * key);
            taken.push(&key).unwrap();
        }
    };
    let children = [start(take), start(take), start(take)];
    assert!(children.iter().all(|child| join(child) == 0));
    let mut taken = taken.to_vec().unwrap();
    taken.sort_unstable();
    assert!(taken.into_iter().eq(0..200));
}

fn slices_are_cut_where_the_list_ends() {
    let manager = Manager::new().unwrap();
    let list = manager.list(0..10).unwrap();
    assert_eq!(list.slice(2..5).unwrap(), [2, 3, 4]);
    assert_eq!(list.slice(8..).unwrap(), [8, 9]);
    assert_eq!(list.slice(..=1).unwrap(), [0, 1]);
    assert_eq!(list.slice(..).unwrap().len(), 10);
    assert_eq!(list.slice(9..usize::MAX).unwrap(), [9]);
    assert_eq!(list.slice(0..=usize::MAX).unwrap().len(), 10);
    for (from, to) in [(10, 11), (5, 5), (7, 3), (usize::MAX, usize::MAX)] {
        assert!(list.slice(from..to).unwrap().is_empty());
    }
}

fn names_are_listed() {
    let manager = Manager::new().unwrap();
    let names = manager.namespace().unwrap();
    assert!(names.names().unwrap().is_empty());
    names.set("b", &1).unwrap();
    names.set("a", &"text".to_string()).unwrap();
    assert_eq!(names.names().unwrap(), ["b", "a"]);
    names.remove::<u8>("b").unwrap();
    assert_eq!(names.names().unwrap(), ["a"]);
}

fn a_killed_client_keeps_nobody_from_a_change() {
    let manager = Manager::new().unwrap();
    let dict = manager.dict().unwrap();
    let add = || dict.modify(&'n', |n| Some(n.unwrap_or(0_u64) + 1)).unwrap();
    for _ in 0..20 {
        let before = dict.get(&'n').unwrap();
        let child = start(|| {
            loop {
                add();
            }
        });
        until("a change", || dict.get(&'n').unwrap() != before);
        kill_and_join(&child);
        let now = dict.get(&'n').unwrap().unwrap();
        assert_eq!(add(), Some(now + 1));
    }
}
