//! What can be asked of a process and done to it: a walk through the document's table.
//!
//! From «（2）常用属性和方法», document 3.
//!
//! The kernel keeps how a process ended, an exit code or the number of a signal, until its parent
//! asks; Python and this library say -n for signal n. A sentinel is a file descriptor, a pidfd on
//! Linux, that turns readable when the process has ended, so it can be watched beside others.
//!
//! In Python: `pid`, `exitcode`, `authkey`, `sentinel`, `terminate()`, `kill()`, `close()`.
//!
//! Run: `cargo run -p process-attributes`. The order never varies.
//! Next: `join-timing`.

use std::error::Error;
use std::process;
use std::thread::sleep;
use std::time::Duration;

use ipc_common::{Child, Process, StillRunning, current_process, wait};

/// Whether the sentinel is ready, without waiting for it.
fn is_ready(child: &Child) -> ipc_common::Result<bool> {
    let ready = wait(&[&child.sentinel()], Some(Duration::ZERO))?;
    Ok(!ready.is_empty())
}

fn main() -> Result<(), Box<dyn Error>> {
    let p = Process::new(|| println!("pid：子进程里为 {}", process::id()));
    println!("pid：start() 之前没有"); // `p.pid` is None in Python; `p.pid()` does not compile here
    let p = p.start()?;
    p.join()?;
    println!("pid：start() 之后为 {}", p.pid());

    let p = Process::new(|| ()).start()?;
    println!("exitcode：正常返回为 {}", p.join()?);
    let p = Process::new(|| process::exit(7)).start()?;
    println!("exitcode：exit(7) 终止为 {}", p.join()?);
    let p = Process::new(|| panic!("未捕获异常")).start()?;
    println!("exitcode：panic 终止为 {}", p.join()?);
    let p = Process::new(|| Err::<(), _>("出错了")).start()?;
    println!("exitcode：返回 Err 为 {}", p.join()?);

    let authkey = current_process().authkey();
    let compare = || println!("authkey：父子相同为 {}", current_process().authkey() == authkey);
    println!("authkey：{} 个随机字节", authkey.len());
    Process::new(compare).start()?.join()?;

    let p = Process::new(|| sleep(Duration::from_secs(10))).start()?;
    println!("exitcode：尚未终止为 {:?}", p.exit_code()?);
    println!("sentinel：尚未终止，ready 为 {}", is_ready(&p)?);
    let Err(StillRunning(p)) = p.close() else { return Err("closed while it ran".into()) };
    println!("close()：仍在运行，被拒绝");
    p.terminate()?; // SIGTERM is signal 15
    println!("exitcode：terminate() 终止为 {}", p.join()?);
    println!("sentinel：已经终止，ready 为 {}", is_ready(&p)?);
    p.close()?; // any use of `p` after this is a ValueError in Python, and does not compile here
    println!("close()：已经终止，成功释放");

    let p = Process::new(|| sleep(Duration::from_secs(10))).start()?;
    p.kill()?; // SIGKILL is signal 9
    println!("exitcode：kill() 终止为 {}", p.join()?);
    Ok(())
}
