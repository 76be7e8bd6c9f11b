//! What a child changes stays in the child.
//!
//! From «进程间相互隔离», document 2.
//!
//! After the fork parent and child have the same variable at the same address, but in different
//! memory: the kernel copies a page as soon as one of them writes to it. The child borrows `name`
//! mutably and changes it, as any closure could, and still the parent's is what it was.
//!
//! In Python: `global name` in the target of a `Process`.
//!
//! Run: `cargo run -p isolation`. The order never varies.
//! Next: `isolation-pop`.

use ipc_common::Process;

fn func(name: &mut &str) {
    *name = "lin";
    println!("func {name}");
}

fn main() -> ipc_common::Result<()> {
    let mut name = "jon";
    let p = Process::new(|| func(&mut name)).start()?;
    p.join()?;
    println!("main {name}");
    Ok(())
}
