//! Ten objects of one type become ten processes, each with the arguments it was made with.
//!
//! From «一、多进程基础», 方式二, document 1.
//!
//! What a Python class keeps in `self._args` is a field here. A fork copies the object with the
//! rest of the memory, so `run` finds its fields as they were. A tuple with one element is printed
//! `(0,)` in Rust as in Python.
//!
//! In Python: `class ProcessChild(multiprocessing.Process)`, `ProcessChild(args=(i,))`.
//!
//! Run: `cargo run --bin process-subclass-ten`. The ten lines come in any order, `进程结束` at
//! the end. Next: `process-attributes`.

use std::process;

use ipc_common::{Process, Run};

struct ProcessChild {
    args: (u32,),
}

impl Run for ProcessChild {
    fn run(self) {
        println!("当前获取数字： {:?} 当前获取进程ID:  {}", self.args, process::id());
    }
}

fn main() -> ipc_common::Result<()> {
    let mut tasks = Vec::new();
    for i in 0..10 {
        tasks.push(Process::new(ProcessChild { args: (i,) }).start()?);
    }

    for task in tasks {
        task.join()?;
    }

    println!("进程结束");
    Ok(())
}
