//! What processes share is among the arguments, whether it was made before the server or after.

use std::mem;
use std::sync::Mutex;

use ipc_common::{
    Array, Barrier, Condition, Connection, Error, Event, ForkServer, JoinableQueue, Lock, Nothing,
    Process, Queue, Result, Semaphore, Value, active_children, one_way_pipe, pipe,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_bytes::ByteBuf;
use testing::processes::{DEADLINE, join, open_descriptors};
use testing::tests;

tests![
    all_kinds_made_before,
    all_kinds_made_after,
    clones_reach_a_server_that_was_replaced,
    conditions_keep_the_lock_that_they_share,
    what_a_killed_child_holds_is_free,
    large_arguments_arrive,
    a_queue_grows_in_both,
    arguments_cannot_be_taken_for_what_they_are_not,
    what_is_dropped_while_arguments_are_decoded_stays_until_they_are,
    what_was_not_decoded_is_gone_afterwards,
    outside_of_arguments_it_is_refused,
    too_many_are_refused,
    nothing_is_left_open,
];

/// One of each, with two that are in nothing else.
#[derive(Serialize, Deserialize)]
struct All {
    lock: Lock,
    event: Event,
    semaphore: Semaphore,
    barrier: Barrier,
    condition: Condition,
    value: Value<u64>,
    array: Array<i32>,
    queue: Queue<String>,
    jobs: JoinableQueue<u32>,
    end: Connection<u32, String>,
    text: String,
}

impl All {
    /// With the other end of its pipe.
    fn new() -> Result<(Self, Connection<String, u32>)> {
        let (end, other) = pipe()?;
        let all = All {
            lock: Lock::new()?,
            event: Event::new()?,
            semaphore: Semaphore::new(2)?,
            barrier: Barrier::new(2)?,
            condition: Condition::new()?,
            value: Value::new(41)?,
            array: Array::new(&[1, 2, 3])?,
            queue: Queue::bounded(3)?,
            jobs: JoinableQueue::new()?,
            end,
            text: "text".into(),
        };
        Ok((all, other))
    }

    fn try_clone(&self) -> Result<Self> {
        Ok(All {
            lock: self.lock.try_clone()?,
            event: self.event.try_clone()?,
            semaphore: self.semaphore.try_clone()?,
            barrier: self.barrier.try_clone()?,
            condition: self.condition.try_clone()?,
            value: self.value.try_clone()?,
            array: self.array.try_clone()?,
            queue: self.queue.try_clone()?,
            jobs: self.jobs.try_clone()?,
            end: self.end.try_clone()?,
            text: self.text.clone(),
        })
    }
}

fn use_all(all: All) -> Result<()> {
    assert_eq!(all.text, "text");
    assert!(all.lock.try_lock()?.is_none(), "the parent has it");
    all.semaphore.acquire();
    all.barrier.wait()?;
    assert_eq!(all.value.fetch_add(1)?, 41);
    all.array.lock()?.iter_mut().for_each(|n| *n = -*n);
    assert!(all.event.wait_timeout(DEADLINE));
    all.queue.put_borrowed("from the child")?;
    assert_eq!(all.jobs.get()?, 5);
    all.jobs.task_done()?;
    let guard = all.condition.lock()?;
    assert_eq!(guard.notify(1), 1);
    drop(guard);
    all.end.send(&6)?;
    assert_eq!(all.end.recv()?, "back");
    Ok(())
}

fn play(all: &All, other: &Connection<String, u32>, server: &ForkServer) {
    let guard = all.lock.lock().unwrap();
    let mut waits = all.condition.lock().unwrap();
    let child = server.process(use_all, all.try_clone().unwrap()).start().unwrap();
    all.barrier.wait().unwrap();
    all.jobs.put(&5).unwrap();
    all.event.set();
    assert!(waits.wait_timeout(DEADLINE).unwrap());
    drop(waits);
    assert_eq!(all.queue.get_timeout(DEADLINE).unwrap(), "from the child");
    all.jobs.join_timeout(DEADLINE).unwrap();
    assert_eq!(other.recv().unwrap(), 6);
    other.send(&"back".into()).unwrap();
    assert_eq!(join(&child), 0);
    assert_eq!(*all.value.lock().unwrap(), 42);
    assert_eq!(*all.array.lock().unwrap(), [-1, -2, -3]);
    drop(guard);
}

fn all_kinds_made_before() {
    let (all, other) = All::new().unwrap();
    let server = ForkServer::new().unwrap();
    play(&all, &other, &server);
}

fn all_kinds_made_after() {
    let server = ForkServer::new().unwrap();
    let (all, other) = All::new().unwrap();
    play(&all, &other, &server);
}

/// A clone of what was made before the first server is known to the second at another place.
fn clones_reach_a_server_that_was_replaced() {
    let value = Value::new(1_u64).unwrap();
    let server = ForkServer::new().unwrap();
    let clone = value.try_clone().unwrap();
    drop(value);
    for child in active_children() {
        child.kill().unwrap();
        child.join().unwrap();
    }
    let others: Vec<_> = (0..100).map(|n| Value::new(n + 50).unwrap()).collect();
    let add = |value: Value<u64>| value.fetch_add(1).map(drop);
    for _ in 0..3 {
        let child = server.process(add, clone.try_clone().unwrap()).start().unwrap();
        assert_eq!(join(&child), 0);
    }
    assert_eq!(*clone.lock().unwrap(), 4);
    assert!((0..).zip(&others).all(|(n, other)| *other.lock().unwrap() == n + 50));
}

fn conditions_keep_the_lock_that_they_share() {
    let lock = Lock::new().unwrap();
    let before = Condition::with_lock(&lock).unwrap();
    let server = ForkServer::new().unwrap();
    let after = Condition::with_lock(&lock).unwrap();
    let notify = |(before, after): (Condition, Condition)| -> Result<()> {
        let held = after.lock()?.on(&before)?;
        assert_eq!(held.notify(1), 1);
        assert_eq!(held.on(&after)?.notify(1), 0);
        Ok(())
    };
    let arguments = (before.try_clone().unwrap(), after.try_clone().unwrap());
    let mut held = before.lock().unwrap();
    let child = server.process(notify, arguments).start().unwrap();
    assert!(held.wait_timeout(DEADLINE).unwrap());
    drop(held);
    assert_eq!(join(&child), 0);
}

fn what_a_killed_child_holds_is_free() {
    let server = ForkServer::new().unwrap();
    let (lock, held) = (Lock::new().unwrap(), Event::new().unwrap());
    let hold = |(lock, held): (Lock, Event)| {
        let _guard = lock.lock().unwrap();
        held.set();
        std::thread::park();
    };
    let arguments = (lock.try_clone().unwrap(), held.try_clone().unwrap());
    let child = server.process(hold, arguments).start().unwrap();
    assert!(held.wait_timeout(DEADLINE));
    assert!(lock.try_lock().unwrap().is_none());
    child.kill().unwrap();
    assert_eq!(join(&child), -9);
    assert!(lock.lock_timeout(DEADLINE).unwrap().unwrap().owner_died());
}

fn large_arguments_arrive() {
    let server = ForkServer::new().unwrap();
    for len in [0, 1, 30_000, 32 << 10, 40_000, 5 << 20] {
        let check = |bytes: ByteBuf| assert!(bytes.iter().all(|&byte| byte == 7));
        let child = server.process(check, ByteBuf::from(vec![7; len])).start().unwrap();
        assert_eq!(join(&child), 0, "{len} bytes");
    }
}

fn a_queue_grows_in_both() {
    let server = ForkServer::new().unwrap();
    let queue = Queue::<ByteBuf>::new().unwrap();
    let fill = |queue: Queue<ByteBuf>| -> Result<()> {
        (0..100_u8).try_for_each(|n| queue.put(&ByteBuf::from(vec![n; 100_000])))
    };
    let child = server.process(fill, queue.try_clone().unwrap()).start().unwrap();
    for n in 0..100 {
        assert!(*queue.get_timeout(DEADLINE).unwrap() == vec![n; 100_000]);
    }
    assert_eq!(join(&child), 0);
}

/// Says that a lock is a value, which from safe code must not come true.
#[derive(Serialize, Deserialize)]
#[serde(try_from = "Value<[u64; 6]>")]
struct Forged(#[serde(skip_deserializing)] Option<Lock>);

impl TryFrom<Value<[u64; 6]>> for Forged {
    type Error = Error;
    fn try_from(_: Value<[u64; 6]>) -> Result<Self> {
        Ok(Forged(None))
    }
}

fn arguments_cannot_be_taken_for_what_they_are_not() {
    let server = ForkServer::new().unwrap();
    let arguments = Forged(Some(Lock::new().unwrap()));
    let child = server.process(|_: Forged| panic!("forged"), arguments).start().unwrap();
    assert_eq!(join(&child), 1);
    // Another length of its values is no other type, but another size is.
    #[derive(Serialize, Deserialize)]
    #[serde(into = "u64", from = "Array<u64>")]
    struct Number;
    impl From<Number> for u64 {
        fn from(_: Number) -> u64 {
            0
        }
    }
    impl From<Array<u64>> for Number {
        fn from(_: Array<u64>) -> Self {
            Number
        }
    }
    impl Clone for Number {
        fn clone(&self) -> Self {
            Number
        }
    }
    let child = server.process(|_: Number| (), Number).start().unwrap();
    assert_eq!(join(&child), 1, "a number is no array");
}

type Numbers = Value<[u64; 4]>;

static KEPT: Mutex<Option<Numbers>> = Mutex::new(None);

/// Drops a static object, and puts others in its place, while it is decoded.
#[derive(Serialize)]
struct Drops;

impl<'de> Deserialize<'de> for Drops {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        drop(KEPT.lock().unwrap().take().unwrap());
        (0..10).for_each(|_| mem::forget(Value::new([9_u64; 4]).unwrap()));
        <()>::deserialize(from).map(|()| Drops)
    }
}

fn what_is_dropped_while_arguments_are_decoded_stays_until_they_are() {
    *KEPT.lock().unwrap() = Some(Value::new([1, 2, 3, 4]).unwrap());
    let server = ForkServer::new().unwrap();
    let clone = KEPT.lock().unwrap().as_ref().unwrap().try_clone().unwrap();
    let check = |(_, numbers): (Drops, Numbers)| -> Result<()> {
        assert_eq!(*numbers.lock()?, [1, 2, 3, 4]);
        numbers.lock()?[0] = 5;
        Ok(())
    };
    assert_eq!(join(&server.process(check, (Drops, clone)).start().unwrap()), 0);
    assert_eq!(*KEPT.lock().unwrap().as_ref().unwrap().lock().unwrap(), [5, 2, 3, 4]);
}

/// A lock that is sent, but taken for a number there.
struct Undecoded(Lock);

impl Serialize for Undecoded {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Undecoded {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        assert_eq!(u64::deserialize(from)?, 0);
        Ok(Undecoded(Lock::new().unwrap()))
    }
}

/// A number that is taken for a lock where it arrives.
struct Late;

impl Serialize for Late {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        to.serialize_u64(0)
    }
}

impl<'de> Deserialize<'de> for Late {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        Lock::deserialize(from).map(|_| Late)
    }
}

fn what_was_not_decoded_is_gone_afterwards() {
    let server = ForkServer::new().unwrap();
    let late = |_: Undecoded| {
        let queue = Queue::new().unwrap();
        queue.put(&Late).unwrap();
        assert!(matches!(queue.get(), Err(Error::Decode(_))));
    };
    let undecoded = Undecoded(Lock::new().unwrap());
    assert_eq!(join(&server.process(late, undecoded).start().unwrap()), 0);
}

fn outside_of_arguments_it_is_refused() {
    let server = ForkServer::new().unwrap();
    let (queue, locks) = (Queue::new().unwrap(), Queue::<Lock>::new().unwrap());
    queue.put(&1).unwrap();
    let refused = locks.put(&Lock::new().unwrap()).unwrap_err().to_string();
    assert!(refused.contains("a Lock is shared and cannot be copied"), "{refused}");
    assert!(locks.is_empty());
    drop(server);
}

fn too_many_are_refused() {
    let server = ForkServer::new().unwrap();
    let many: Vec<Lock> = (0..260).map(|_| Lock::new().unwrap()).collect();
    let refused = server.process(|_: Vec<Lock>| (), many).start().unwrap_err();
    assert!(matches!(refused, Error::Invalid(_)), "{refused}");
    let some: Vec<Lock> = (0..200).map(|_| Lock::new().unwrap()).collect();
    assert_eq!(join(&server.process(|_: Vec<Lock>| (), some).start().unwrap()), 0);
}

fn nothing_is_left_open() {
    let server = ForkServer::new().unwrap();
    let (receiver, sender) = one_way_pipe::<u32>().unwrap();
    let before = open_descriptors();
    for n in 0..20 {
        let put = |(n, sender): (u32, Connection<u32, Nothing>)| sender.send(&n);
        let child = server.process(put, (n, sender.try_clone().unwrap())).start().unwrap();
        assert_eq!(receiver.recv().unwrap(), n);
        assert_eq!(join(&child), 0);
    }
    assert_eq!(open_descriptors(), before);
    drop(sender);
    // No process has the other end: not the server, either.
    assert!(matches!(receiver.recv(), Err(Error::Hangup)));
    // A forked process inherits all, and its server, too.
    let lock = Lock::new().unwrap();
    let other = Process::new(|| {
        let own = ForkServer::new().unwrap();
        let take = |lock: Lock| lock.lock().map(drop);
        assert_eq!(join(&own.process(take, lock.try_clone().unwrap()).start().unwrap()), 0);
    });
    assert_eq!(join(&other.start().unwrap()), 0);
}
