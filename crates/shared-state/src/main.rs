//! A number and an array that two processes share: what the child changes, the parent sees.
//!
//! From «三、进程通信», 管理器共享进程状态, document 1: the first example of the chapter of Python's
//! manual that it leads to.
//!
//! A fork copies memory, and so what a child changes stays in the child, as `isolation` shows. These
//! two are in memory that the kernel maps into both processes instead of copying it. Each has a lock,
//! and its guard is the only way to what is inside, so that no two of them change it at the same time.
//!
//! In Python: `Value('d', 0.0)`, `Array('i', range(10))`, `num.value`, `arr[:]`.
//!
//! Run: `cargo run -p shared-state`. The order never varies. Next: `shared-state-manager`.

use ipc_common::{Array, Process, Result, Value};

#[expect(clippy::approx_constant, reason = "π has more digits, but this is the original's number")]
fn f(n: &Value<f64>, a: &Array<i32>) -> Result<()> {
    *n.lock()? = 3.1415927; // `*` is what is inside; the guard is dropped at the end of the line
    for number in a.lock()?.iter_mut() {
        *number = -*number;
    }
    Ok(())
}

fn main() -> Result<()> {
    let num = Value::new(0.0)?;
    let arr = Array::new(&Vec::from_iter(0..10))?;

    let p = Process::new(|| f(&num, &arr)).start()?;
    p.join()?;

    println!("{}", *num.lock()?);
    println!("{:?}", arr.lock()?);
    Ok(())
}
