//! Items to bytes and back: what JSON carries arrives equal, wherever it is sent.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::panic::{self, AssertUnwindSafe};
use std::thread;
use std::time::Duration;

use ipc_codec::{decode, encode};
use ipc_common::{Error, Manager, Message, Pool, Queue, pipe};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde::de::DeserializeOwned;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Serialize, Serializer};
use serde_bytes::ByteBuf;
use serde_json::Value;
use testing::tests;

tests![
    what_json_carries_arrives_equal,
    what_json_carries_arrives_equal_through_pipe_pool_and_manager,
    buffered_types_arrive_equal,
    the_bytes_are_messagepack,
    numbers_take_as_many_bytes_as_in_messagepack,
    fields_come_in_any_order,
    a_wrong_length_is_mended,
    what_fails_after_its_bytes_puts_nothing,
    what_fails_after_its_bytes_lets_others_put,
    nesting_is_limited_where_the_stack_ends,
    deeply_nested_bytes_are_refused,
    bytes_that_are_left_over_are_an_error,
];

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Unit;

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Newtype(Vec<u8>);

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
#[serde(untagged)]
enum Untagged {
    Small(u8),
    Signed(i64),
    Large(u64),
    Float(f64),
    List(Vec<u8>),
    Text(String),
    Point { x: i32, y: Option<bool> },
    Many(Vec<Untagged>),
    Named(BTreeMap<String, Untagged>),
    Nothing(Unit),
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
enum External {
    Nothing,
    One(Option<i8>),
    Two(char, f32),
    Named { address: IpAddr, bytes: ByteBuf },
    Deep(Box<External>),
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
#[serde(tag = "kind")]
enum Internal {
    Nothing,
    Fields { list: Vec<u8>, inner: External },
    Flat(Flat),
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
#[serde(tag = "kind", content = "value")]
enum Adjacent {
    Nothing,
    One(Newtype),
    Two(u64, Unit),
    Named { address: IpAddr, bytes: ByteBuf },
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Flat {
    id: u128,
    list: Vec<u8>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    left_out: Option<u8>,
    #[serde(flatten)]
    adjacent: Adjacent,
    #[serde(flatten)]
    others: BTreeMap<String, Untagged>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Model {
    untagged: Untagged,
    tagged: Vec<Internal>,
    flat: Flat,
    option: Option<Option<External>>,
    numbers: (u64, i64, f64, i128, [u8; 5]),
    keys: BTreeMap<u32, Duration>,
}

fn text(longest: usize) -> impl Strategy<Value = String> + Clone {
    prop::collection::vec(any::<char>(), 0..=longest).prop_map(String::from_iter)
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![any::<[u8; 4]>().prop_map_into(), any::<[u8; 16]>().prop_map_into()]
}

/// Small ones, and those at the ends of their range.
fn untagged() -> impl Strategy<Value = Untagged> {
    let leaf = prop_oneof![
        any::<u8>().prop_map(Untagged::Small),
        prop_oneof![any::<i64>(), Just(i64::MIN), Just(-1)].prop_map(Untagged::Signed),
        prop_oneof![any::<u64>(), Just(u64::MAX)].prop_map(Untagged::Large),
        prop_oneof![any::<f64>(), Just(f64::MAX), Just(f64::MIN_POSITIVE), Just(-0.0)]
            .prop_filter("JSON has no such number", |n| n.is_finite())
            .prop_map(Untagged::Float),
        any::<Vec<u8>>().prop_map(Untagged::List),
        text(40).prop_map(Untagged::Text),
        (any::<i32>(), any::<Option<bool>>()).prop_map(|(x, y)| Untagged::Point { x, y }),
        Just(Untagged::Nothing(Unit)),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Untagged::Many),
            prop::collection::btree_map(text(9), inner, 0..6).prop_map(Untagged::Named),
        ]
    })
}

fn bytes() -> impl Strategy<Value = ByteBuf> {
    any::<Vec<u8>>().prop_map(ByteBuf::from)
}

fn external() -> impl Strategy<Value = External> {
    let leaf = prop_oneof![
        Just(External::Nothing),
        any::<Option<i8>>().prop_map(External::One),
        (any::<char>(), -1e9_f32..1e9).prop_map(|(c, n)| External::Two(c, n)),
        (address(), bytes()).prop_map(|(address, bytes)| External::Named { address, bytes }),
    ];
    leaf.prop_recursive(3, 3, 1, |inner| inner.prop_map(|deep| External::Deep(Box::new(deep))))
}

fn adjacent() -> impl Strategy<Value = Adjacent> {
    prop_oneof![
        Just(Adjacent::Nothing),
        any::<Vec<u8>>().prop_map(|list| Adjacent::One(Newtype(list))),
        any::<u64>().prop_map(|n| Adjacent::Two(n, Unit)),
        (address(), bytes()).prop_map(|(address, bytes)| Adjacent::Named { address, bytes }),
    ]
}

fn flat() -> impl Strategy<Value = Flat> {
    let other = text(5).prop_map(|name| format!("other{name}"));
    let others = prop::collection::btree_map(other, untagged(), 0..5);
    (any::<u64>(), any::<Vec<u8>>(), any::<Option<u8>>(), adjacent(), others).prop_map(
        |(id, list, left_out, adjacent, others)| Flat {
            id: id.into(),
            list,
            left_out,
            adjacent,
            others,
        },
    )
}

fn internal() -> impl Strategy<Value = Internal> {
    prop_oneof![
        Just(Internal::Nothing),
        (any::<Vec<u8>>(), external()).prop_map(|(list, inner)| Internal::Fields { list, inner }),
    ]
}

fn model() -> impl Strategy<Value = Model> {
    let numbers = (any::<u64>(), any::<i64>(), -1e300..1e300, any::<i128>(), any::<[u8; 5]>());
    let durations = (any::<u64>(), 0..1_000_000_000_u32).prop_map(|(s, ns)| Duration::new(s, ns));
    let keys = prop::collection::btree_map(any::<u32>(), durations, 0..4);
    let option = prop::option::of(prop::option::of(external()));
    let tagged = prop::collection::vec(internal(), 0..4);
    (untagged(), tagged, flat(), option, numbers, keys).prop_map(
        |(untagged, tagged, flat, option, numbers, keys)| Model {
            untagged,
            tagged,
            flat,
            option,
            numbers,
            keys,
        },
    )
}

/// What comes back from JSON, unless JSON cannot carry it.
fn through_json<T: Message>(item: &T) -> Option<T> {
    serde_json::from_str(&serde_json::to_string(item).ok()?).ok()
}

/// Checks for generated items that what JSON carries comes through `way`.
fn compare<T: Message + PartialEq + Debug>(
    cases: u32,
    items: impl Strategy<Value = T>,
    way: impl Fn(&T) -> ipc_common::Result<T>,
) {
    let mut runner =
        TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let carried = std::cell::Cell::new(0);
    let ran = runner.run(&items, |item| {
        let Some(json) = through_json(&item) else { return Ok(()) };
        carried.set(carried.get() + 1);
        let ours = way(&item);
        let ours = ours.map_err(|e| TestCaseError::fail(format!("{e}: {item:?}")))?;
        prop_assert_eq!(ours, json, "for {:?}", item);
        Ok(())
    });
    ran.unwrap();
    assert!(carried.get() > cases / 4, "JSON carried only {} of {cases}", carried.get());
}

fn through_queue<T: Message>(queue: &Queue<T>, item: &T) -> ipc_common::Result<T> {
    queue.put(item)?;
    queue.get()
}

fn what_json_carries_arrives_equal() {
    let queue = Queue::new().unwrap();
    compare(200, untagged(), |item| through_queue(&queue, item));
    let queue = Queue::new().unwrap();
    compare(100, model(), |item| through_queue(&queue, item));
}

fn what_json_carries_arrives_equal_through_pipe_pool_and_manager() {
    fn same(model: Model) -> Model {
        model
    }
    let pool = Pool::new(1).unwrap();
    compare(40, model(), |item| pool.apply(same, item.clone()));
    let manager = Manager::new().unwrap();
    let dict = manager.dict().unwrap();
    compare(40, model(), |item| {
        dict.insert(item, item)?;
        Ok(dict.remove(item)?.expect("the key is found again"))
    });
    let (left, right) = pipe::<Model, ()>().unwrap();
    compare(40, model(), |item: &Model| {
        left.send(item)?;
        right.recv()
    });
    drop(manager);
}

/// The cases that were found first, which a generator may miss.
fn buffered_types_arrive_equal() {
    fn comes_out<T: Message + PartialEq + Debug>(item: T) {
        assert_eq!(through_json(&item).as_ref(), Some(&item), "in JSON");
        assert_eq!(through_queue(&Queue::new().unwrap(), &item).unwrap(), item);
    }
    comes_out(Untagged::List(vec![1, 2, 3]));
    comes_out(vec![Untagged::Small(1), Untagged::Signed(1_000)]);
    comes_out(Untagged::Nothing(Unit));
    let address = IpAddr::from([192, 168, 0, 1]);
    comes_out(Adjacent::Named { address, bytes: ByteBuf::from([7; 300]) });
    let adjacent = Adjacent::One(Newtype(vec![200; 70_000]));
    let flat =
        Flat { id: 1, list: vec![255; 9], left_out: None, adjacent, others: BTreeMap::new() };
    comes_out(flat);
    // Bytes for a type that takes any value are a list of numbers.
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(untagged)]
    enum Bytes {
        Written(#[serde(serialize_with = "serde_bytes::serialize")] Vec<u8>),
    }
    comes_out(Bytes::Written(vec![1, 255]));
    comes_out(Bytes::Written(vec![3; 100_000]));
}

/// Another's codec reads what this one writes, and the other way round.
fn the_bytes_are_messagepack() {
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let ran = runner.run(&untagged(), |item| {
        let mut ours = Vec::new();
        encode(&item, &mut ours).unwrap();
        let theirs = rmp_serde::to_vec_named(&item).unwrap();
        for bytes in [ours, theirs] {
            let read: Untagged = rmp_serde::from_slice(&bytes).unwrap();
            prop_assert_eq!(read, decode::<Untagged>(&bytes).unwrap());
        }
        Ok(())
    });
    ran.unwrap();
}

/// At the ends of each of their ranges, alone and as elements.
fn numbers_take_as_many_bytes_as_in_messagepack() {
    fn check<T: Message + PartialEq + Debug>(item: T) {
        let mut ours = Vec::new();
        encode(&item, &mut ours).unwrap();
        assert_eq!(ours, rmp_serde::to_vec(&item).unwrap(), "{item:?}");
        assert_eq!(decode::<T>(&ours).unwrap(), item);
    }
    let ends = (0..64).flat_map(|bit| [1_u64 << bit, (1 << bit) - 1, u64::MAX >> bit]);
    for n in ends {
        check(n);
        check(n.cast_signed());
        check(n.cast_signed().wrapping_neg());
        check(!n.cast_signed());
        check((n as u8, n as i16, n as u32, -(n as i32 as f32), n as f64, n % 2 == 0, ()));
    }
}

/// One of them begins as another does, and one is long. The order in which the type has them is only
/// the likely one.
fn fields_come_in_any_order() {
    #[derive(Serialize, Deserialize, PartialEq, Debug, Default)]
    struct Named {
        id: u8,
        id2: u16,
        a_name_that_is_longer_than_thirty_one: u32,
        #[serde(default)]
        i: i64,
        name: String,
    }
    let field = |name: &str, item: &Named| match name {
        "id" => Value::from(item.id),
        "id2" => Value::from(item.id2),
        "i" => Value::from(item.i),
        "name" => Value::from(item.name.clone()),
        _ => Value::from(item.a_name_that_is_longer_than_thirty_one),
    };
    struct Ordered<'a>(&'a [&'a str], Vec<Value>);
    impl Serialize for Ordered<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().zip(&self.1))
        }
    }
    let item = Named { id: 1, id2: 300, name: "x".into(), ..Named::default() };
    let long = "a_name_that_is_longer_than_thirty_one";
    for names in [
        ["id", "id2", long, "i", "name"],
        ["id2", "id", "name", long, "i"],
        ["name", "i", long, "id2", "id"],
        ["id", "more", long, "id2", "name"],
    ] {
        let mut bytes = Vec::new();
        let fields = names.iter().map(|name| field(name, &item)).collect();
        encode(&Ordered(&names, fields), &mut bytes).unwrap();
        assert_eq!(decode::<Named>(&bytes).unwrap(), item, "{names:?}");
    }
    let mut bytes = Vec::new();
    encode(&BTreeMap::from([("id", 1), ("id2", 2)]), &mut bytes).unwrap();
    let error = decode::<Named>(&bytes).unwrap_err().to_string();
    assert!(error.contains("missing field"), "{error}");
}

/// JSON does not mind what a type says of its length.
fn a_wrong_length_is_mended() {
    struct Numbers(Option<usize>);
    impl Serialize for Numbers {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(self.0)?;
            map.serialize_entry("numbers", &Inner(self.0))?;
            map.end()
        }
    }
    struct Inner(Option<usize>);
    impl Serialize for Inner {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut seq = serializer.serialize_seq(self.0)?;
            (0..20_u8).try_for_each(|n| seq.serialize_element(&n))?;
            seq.end()
        }
    }
    for said in [None, Some(0), Some(1), Some(20), Some(70_000)] {
        let mut bytes = Vec::new();
        encode(&Numbers(said), &mut bytes).unwrap();
        let read: BTreeMap<String, Vec<u8>> = decode(&bytes).unwrap();
        assert_eq!(read["numbers"], Vec::from_iter(0..20), "{said:?}");
    }
}

/// Hands over its bytes, and then fails.
#[derive(Deserialize)]
struct Failing(bool);

impl Serialize for Failing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = serializer.serialize_bytes(&[1; 70_000])?;
        assert!(self.0, "it panics");
        drop(written);
        Err(serde::ser::Error::custom("it fails"))
    }
}

fn what_fails_after_its_bytes_puts_nothing() {
    let queue = Queue::new().unwrap();
    assert!(matches!(queue.put(&Failing(true)), Err(Error::Encode(_))));
    assert!(queue.is_empty());
    panic::set_hook(Box::new(|_| {}));
    let put = panic::catch_unwind(AssertUnwindSafe(|| queue.put(&Failing(false))));
    assert!(put.is_err() && queue.is_empty());
}

fn what_fails_after_its_bytes_lets_others_put() {
    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Either {
        Failing(#[serde(skip_deserializing)] Option<Failing>),
        Number(u32),
    }
    let queue = Queue::bounded(1).unwrap();
    for n in 0..10 {
        assert!(queue.put(&Either::Failing(Some(Failing(true)))).is_err());
        queue.try_put(&Either::Number(n)).unwrap();
        assert!(matches!(queue.get().unwrap(), Either::Number(m) if m == n));
    }
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Chain {
    #[serde(flatten)]
    name: BTreeMap<String, String>,
    next: Option<Box<Chain>>,
}

/// Nested to this many levels, it comes out; one level more is an error.
fn is_limited<T: Message + PartialEq + Debug + Send + 'static>(
    levels: usize,
    nest: fn(usize) -> T,
) {
    let limited = move || {
        let queue = Queue::new().unwrap();
        assert!(through_queue(&queue, &nest(levels)).unwrap() == nest(levels));
        let error = queue.put(&nest(levels + 1)).unwrap_err();
        assert!(matches!(error, Error::Encode(_)), "{error}");
        assert!(error.to_string().contains("nested deeper than 128 levels"), "{error}");
        assert!(queue.is_empty());
        let error = queue.put(&nest(1_000)).unwrap_err();
        assert!(matches!(error, Error::Encode(_)), "{error}");
    };
    thread::Builder::new().stack_size(2 << 20).spawn(limited).unwrap().join().unwrap();
}

fn nesting_is_limited_where_the_stack_ends() {
    is_limited(128, |n| (0..n).fold(serde_json::Value::Null, |value, _| vec![value].into()));
    is_limited(128, |n| {
        (0..n).fold(Untagged::Nothing(Unit), |inner, _| Untagged::Many(vec![inner]))
    });
    is_limited(128, |n| (0..n).fold(External::Nothing, |inner, _| External::Deep(inner.into())));
    is_limited(127, |n| {
        let chain = |next| Chain { name: BTreeMap::from([("a".into(), "b".into())]), next };
        (0..n).fold(chain(None), |next, _| chain(Some(next.into())))
    });
}

fn deeply_nested_bytes_are_refused() {
    fn is_refused<T: DeserializeOwned>(level: &[u8], _: PhantomData<T>) {
        let error = decode::<T>(&level.repeat(100_000)).err().unwrap();
        assert!(error.to_string().contains("nested deeper than 128 levels"), "{error}");
    }
    let refused = || {
        is_refused(&[0x91], PhantomData::<serde_json::Value>);
        is_refused(&[0x91], PhantomData::<Untagged>);
        is_refused(b"\x81\xa4Deep", PhantomData::<External>);
        is_refused(b"\x81\xa4next", PhantomData::<Chain>);
        is_refused(b"\x81\xa4skip", PhantomData::<Chain>);
    };
    thread::Builder::new().stack_size(2 << 20).spawn(refused).unwrap().join().unwrap();
}

fn bytes_that_are_left_over_are_an_error() {
    assert!(decode::<u8>(&[1]).is_ok());
    for bytes in [&[1, 1][..], &[], &[0xcc], &[0xc1], &[0xd9, 5, b'a'], &[0xa1, 0xff]] {
        assert!(matches!(decode::<u8>(bytes), Err(Error::Decode(_))), "{bytes:?}");
    }
    assert!(matches!(decode::<(u8, u8)>(&[0x93, 1, 2, 3]), Err(Error::Decode(_))));
    assert!(matches!(decode::<Vec<u8>>(&[0xdd, 255, 255, 255, 255, 1]), Err(Error::Decode(_))));
}
