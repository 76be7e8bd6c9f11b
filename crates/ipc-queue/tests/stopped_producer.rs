//! Beside a producer that is stopped in the middle of `put`, the others' deadlines are kept.

use std::time::{Duration, Instant};

use ipc_common::{Error, Queue};
use serde_bytes::ByteBuf;
use testing::tests;
use testing::victim::Victim;

tests![puts_of_many_bytes_return_in_time];

/// A call that is not to wait waits for an operation in progress, but not longer than this, and once.
const IN_PROGRESS: Duration = Duration::from_millis(100);

fn puts_of_many_bytes_return_in_time() {
    let queue = Queue::new().unwrap();
    let item = ByteBuf::from(vec![1; 100_000]);
    let victim = (100..).step_by(20).find_map(|steps| {
        let victim = Victim::new(|| queue.put(&ByteBuf::from([1])).unwrap());
        assert!(victim.steps(steps), "nothing keeps the others from putting");
        match queue.put_timeout(&item, Duration::from_millis(1)) {
            Err(Error::Full) => return Some(victim),
            put => put.unwrap(),
        }
        victim.kill();
        None
    });
    // As many waits of 100 ms would take longer.
    let take_less = |waits: u32, put: &dyn Fn() -> ipc_common::Result<()>| {
        let begin = Instant::now();
        (0..20).for_each(|_| assert!(matches!(put(), Err(Error::Full))));
        let took = begin.elapsed();
        assert!(took < IN_PROGRESS * waits, "{took:?}");
    };
    take_less(20, &|| queue.put_timeout(&item, Duration::from_millis(1)));
    take_less(38, &|| queue.try_put(&item));
    victim.unwrap().kill();
    queue.try_put(&item).unwrap();
}
