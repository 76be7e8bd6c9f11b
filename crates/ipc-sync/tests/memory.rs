//! What is dropped leaves no memory mapped.

use std::process;

use ipc_common::{Array, Barrier, Condition, Event, Lock, Semaphore, Value};
use testing::memory::kibibytes;
use testing::tests;

tests![what_is_dropped_is_unmapped];

fn what_is_dropped_is_unmapped() {
    let use_all = || {
        for _ in 0..200 {
            drop(Lock::new().unwrap().lock().unwrap());
            drop(Value::new(1_u8).unwrap().lock().unwrap());
            drop(Array::new(&[1_u64; 1000]).unwrap().lock().unwrap());
            drop(Condition::new().unwrap().lock().unwrap());
            Semaphore::new(1).unwrap().acquire();
            Event::new().unwrap().set();
            Barrier::new(1).unwrap().wait().unwrap();
        }
    };
    let mapped = || kibibytes(process::id(), "VmSize");
    use_all();
    let before = mapped();
    use_all();
    assert_eq!(mapped(), before);
}
