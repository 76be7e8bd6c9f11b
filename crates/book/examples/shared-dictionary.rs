//! Two processes count words in one dictionary.

use ipc_common::{DictProxy, Lock, Manager, Process, Result};

fn count(words: &[&str], counts: &DictProxy<'_, String, u32>, lock: &Lock) -> Result<()> {
    for word in words {
        let _guard = lock.lock()?; // no other process between `get` and `insert`
        let before = counts.get(&word.to_string())?.unwrap_or(0);
        counts.insert(&word.to_string(), &(before + 1))?;
    }
    Ok(())
}

fn main() -> Result<()> {
    let manager = Manager::new()?;
    let counts = manager.dict()?;
    let lock = Lock::new()?;

    let first = Process::new(|| count(&["fork", "join"], &counts, &lock)).start()?;
    let second = Process::new(|| count(&["fork", "kill"], &counts, &lock)).start()?;
    first.join()?;
    second.join()?;

    let mut items = counts.items()?;
    items.sort();
    println!("{items:?}");
    Ok(())
}
