//! Items of all types through queues. (They are compiled once for each type: here without optimising,
//! which takes a fifth of the time.)

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::marker::PhantomData;

use ipc_common::{Error, JoinableQueue, Message, Queue, one_way_pipe};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_bytes::ByteBuf;
use serde_json::{Value, json};
use testing::memory::pattern;
use testing::tests;

tests![
    every_type_comes_out_as_it_went_in,
    many_bytes_come_out_as_they_went_in,
    many_bytes_for_another_type_are_an_error,
    short_items_of_all_kinds,
    numbers_are_read_like_all_items,
];

fn every_type_comes_out_as_it_went_in() {
    fn comes_out<T>(item: T)
    where
        T: Serialize + for<'a> Deserialize<'a> + PartialEq + Debug,
    {
        let queue = Queue::new().unwrap();
        queue.put(&item).unwrap();
        assert_eq!(queue.get().unwrap(), item);
    }
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(untagged)]
    enum Untagged {
        Number(u32),
        Text(String),
        Point { x: i64, y: Option<String> },
        Many(Vec<Untagged>),
    }
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(tag = "kind")]
    enum Tagged {
        One {
            n: u8,
        },
        Two {
            #[serde(skip_serializing_if = "Option::is_none", default)]
            left_out: Option<u8>,
            there: u8,
        },
        Nothing,
    }
    comes_out(());
    comes_out((u64::MAX, i64::MIN, u128::MAX, f64::MIN_POSITIVE, 'é', true));
    comes_out(String::new());
    comes_out(vec![Some(3), None]);
    comes_out(vec![0_u8, 255, 128]);
    comes_out(vec![Ok(1), Err(String::from("no"))]);
    comes_out(
        BTreeMap::from([((1, 2), "key")])
            .into_iter()
            .map(|(k, v)| (k, v.to_string()))
            .collect::<BTreeMap<_, _>>(),
    );
    comes_out(HashMap::from([(String::from("k"), vec![1.5_f32])]));
    comes_out(json!({"a": [1, 2.5, null, "x", {"b": true}], "n": -3, "big": u64::MAX}));
    comes_out(Value::Null);
    comes_out(vec![
        Untagged::Number(3),
        Untagged::Text("x".into()),
        Untagged::Point { x: -1, y: None },
        Untagged::Many(vec![Untagged::Number(0)]),
    ]);
    comes_out(vec![
        Tagged::One { n: 1 },
        Tagged::Two { left_out: None, there: 2 },
        Tagged::Nothing,
    ]);
}

/// From 64 KiB on they are not copied more often than they must be, if they are all of the item.
fn many_bytes_come_out_as_they_went_in() {
    fn comes_out<T: Serialize + DeserializeOwned + PartialEq>(item: T) {
        let queue = JoinableQueue::bounded(1).unwrap();
        queue.put(&item).unwrap();
        assert!(matches!(queue.try_put(&item), Err(Error::Full)));
        assert!(queue.get().unwrap() == item);
        queue.task_done().unwrap();
        queue.close();
        assert!(matches!(queue.put(&item), Err(Error::Closed)));
        assert!(matches!(queue.get(), Err(Error::Closed)));
    }
    #[derive(Serialize, Deserialize, PartialEq)]
    struct Image(ByteBuf);
    #[derive(Serialize, Deserialize, PartialEq)]
    struct Named {
        bytes: ByteBuf,
    }
    #[derive(Serialize, Deserialize, PartialEq)]
    #[serde(untagged)]
    enum Untagged {
        Number(u32),
        Bytes(ByteBuf),
    }
    for len in [65_535, 65_536, 65_537, 300_000] {
        let bytes = pattern(0, len as usize);
        let buf = || ByteBuf::from(bytes.clone());
        comes_out(buf());
        comes_out(bytes.clone());
        comes_out(Some(buf()));
        comes_out(Image(buf()));
        comes_out(Some(Image(buf())));
        comes_out(Named { bytes: buf() });
        comes_out(Untagged::Number(len));
        comes_out(Untagged::Bytes(buf()));
        comes_out((buf(), buf()));
        comes_out(vec![buf()]);
        comes_out("x".repeat(len as usize));
    }
}

/// Is put as bytes, and got as a `T`.
struct Posing<T>(ByteBuf, PhantomData<T>);

impl<T> Serialize for Posing<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Posing<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(|_| Posing(ByteBuf::new(), PhantomData))
    }
}

fn many_bytes_for_another_type_are_an_error() {
    fn is_error<T: DeserializeOwned>(len: usize) {
        let queue = Queue::new().unwrap();
        queue.put(&Posing::<T>(ByteBuf::from(vec![200; len]), PhantomData)).unwrap();
        assert!(matches!(queue.get(), Err(Error::Decode(_))));
        assert!(queue.is_empty());
    }
    for len in [10, 100_000] {
        is_error::<u64>(len);
        is_error::<i128>(len);
        is_error::<bool>(len);
        is_error::<()>(len);
        is_error::<char>(len);
        is_error::<String>(len);
        is_error::<Option<f64>>(len);
        is_error::<HashMap<String, u8>>(len);
        is_error::<Result<u8, u8>>(len);
    }
}

/// They are handed over in registers; behind them are others that are not.
fn short_items_of_all_kinds() {
    fn check<T: Message + PartialEq + Debug>(items: Vec<T>) {
        let queue = Queue::new().unwrap();
        queue.put_many(&items).unwrap();
        items.iter().for_each(|item| queue.put(item).unwrap());
        items.iter().for_each(|item| assert_eq!(&queue.get().unwrap(), item));
        let mut rest = Vec::new();
        assert_eq!(queue.try_get_many(&mut rest, usize::MAX).unwrap(), items.len());
        assert_eq!(rest, items);
    }
    let powers = (0..63).map(|bit| 1_i64 << bit);
    check(powers.clone().flat_map(|n| [n, -n, n - 1, 1 - n]).collect());
    check(powers.clone().map(|n| n as f64 / 3.0).collect());
    check(powers.clone().map(|n| (n % 3 == 0).then_some(n as f32)).collect());
    check(powers.clone().map(|n| n % 2 == 0).collect());
    check(vec![(); 20]);
    check(powers.map(|n| if n % 3 == 0 { Ok(n) } else { Err(n.to_string()) }).collect());
    let runs = [3, 9, 1, 4, 5, 2].into_iter().enumerate();
    check(runs.flat_map(|(n, times)| vec![1_u64 << (n * 12); times]).collect());
}

/// It is written as a number, and read as a `T`.
struct Number<T>(u64, Option<T>);

impl<T> Serialize for Number<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Number<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(|read| Number(0, Some(read)))
    }
}

/// Short ones have a way of their own out of a queue, but not out of a pipe.
fn numbers_are_read_like_all_items() {
    #[derive(Deserialize, Debug)]
    struct Id(#[expect(dead_code, reason = "it is shown")] u16);
    #[derive(Deserialize, Debug)]
    enum Order {
        Tea,
    }
    fn check<T: DeserializeOwned + Debug>() {
        let (queue, (rx, tx)) = (Queue::<Number<T>>::new().unwrap(), one_way_pipe().unwrap());
        for bit in 0..64 {
            for number in [(1 << bit) - 1, 1 << bit] {
                let item = || Number::<T>(number, None);
                let shown = |read: ipc_common::Result<Number<T>>| {
                    read.map(|read| format!("{:?}", read.1)).map_err(|e| e.to_string())
                };
                tx.send(&item()).unwrap();
                let expected = shown(rx.recv());
                queue.put(&item()).unwrap();
                assert_eq!(shown(queue.get()), expected);
                queue.put_many([item()]).unwrap();
                let mut got = Vec::new();
                let read = queue.get_many(&mut got, 9);
                assert_eq!(shown(read.map(|_| got.pop().unwrap())), expected);
            }
        }
    }
    check::<u8>();
    check::<u64>();
    check::<i16>();
    check::<i128>();
    check::<f64>();
    check::<Option<u32>>();
    check::<Id>();
    check::<Order>();
    check::<bool>();
    check::<char>();
    check::<String>();
    check::<()>();
    check::<Vec<u8>>();
    check::<ByteBuf>();
    check::<Value>();
}
