//! Four processes count to 4,000 together.

use ipc_common::{Process, Result, Value};

fn main() -> Result<()> {
    let counter = Value::new(0_u32)?;
    let mut children = Vec::new();
    for _ in 0..4 {
        let count = || -> Result<()> {
            for _ in 0..1000 {
                counter.fetch_add(1)?;
            }
            Ok(())
        };
        children.push(Process::new(count).start()?);
    }
    for child in children {
        child.join()?;
    }
    println!("{}", *counter.lock()?);
    Ok(())
}
