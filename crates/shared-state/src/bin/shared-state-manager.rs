//! A dictionary and a list live in a process of their own, which all others ask.
//!
//! From «三、进程通信», 管理器共享进程状态, document 1: the second example of the chapter of Python's
//! manual that it leads to.
//!
//! Shared memory has a fixed size, and an address in it means nothing elsewhere. So what grows is kept
//! by one process, the manager's server, and the others have proxies, whose methods send it a message
//! through a socket and wait for the reply. That takes much longer, but whatever can be sent can be
//! kept. The server does one call after another: only several that belong together need a lock.
//!
//! In Python: `Manager()`, `manager.dict()`, `manager.list(range(10))`, `print(d)`.
//!
//! Run: `cargo run --bin shared-state-manager`. The order never varies. Next: `pool`.

use std::fmt;

use ipc_common::{DictProxy, ListProxy, Manager, Process, Result};
use serde::{Deserialize, Serialize};

/// A key or a value of Python, which may be anything; these are the kinds that are used here.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Object {
    None,
    Int(i64),
    Float(f64),
    Str(String),
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Object::None => write!(f, "None"),
            Object::Int(number) => write!(f, "{number}"),
            Object::Float(number) => write!(f, "{number}"),
            Object::Str(text) => write!(f, "'{text}'"), // as Python shows it
        }
    }
}

fn f(d: &DictProxy<'_, Object, Object>, l: &ListProxy<'_, i32>) -> Result<()> {
    d.insert(&Object::Int(1), &Object::Str("1".into()))?;
    d.insert(&Object::Str("2".into()), &Object::Int(2))?;
    d.insert(&Object::Float(0.25), &Object::None)?;
    l.reverse()
}

fn main() -> Result<()> {
    let manager = Manager::new()?;
    let d = manager.dict()?;
    let l = manager.list(0..10)?;

    let p = Process::new(|| f(&d, &l)).start()?;
    p.join()?;

    let mut items = Vec::new();
    for (key, value) in d.items()? {
        items.push(format!("{key}: {value}")); // in the order in which they were inserted
    }
    println!("{{{}}}", items.join(", ")); // `{{` and `}}` print one brace
    println!("{:?}", l.to_vec()?);
    Ok(())
}
