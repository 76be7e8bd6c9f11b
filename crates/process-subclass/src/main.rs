//! An object with a `run` method becomes a process.
//!
//! From «创建进程方法二», document 2.
//!
//! Where Python inherits from a class, Rust implements a trait: `Run` asks for the one method
//! that makes the difference, and the closures of the other programs implement it, too. The
//! kernel sees no difference: it forks, and the child calls `run`.
//!
//! In Python: `class MyProcess(Process)` with a method `run`, `MyProcess().start()`.
//!
//! Run: `cargo run -p process-subclass`. Only `main` and `hkw` may change places.
//! Next: `process-subclass-ten`.

use std::thread::sleep;
use std::time::Duration;

use ipc_common::{Process, Run};

struct MyProcess;

impl Run for MyProcess {
    fn run(self) {
        println!("hkw");
        sleep(Duration::from_secs(1));
        println!("1");
        sleep(Duration::from_secs(1));
        println!("2");
    }
}

fn main() -> ipc_common::Result<()> {
    Process::new(MyProcess).start()?;
    println!("main");
    Ok(())
} // then the program waits for its child
