//! A process that makes managers, and kills their servers.

use ipc_common::{Error, Manager, Process};

use crate::shared::world::{Outcome, Part};

pub(crate) fn make_managers(mut part: Part<'_>) -> Outcome {
    loop {
        let manager = Manager::new()?;
        let (dict, list) = (manager.dict::<u64, String>()?, manager.list([0_u64])?);
        let child = Process::new(|| -> ipc_common::Result<()> {
            dict.insert(&1, &"one".to_string())?;
            list.push(&1)
        });
        let code = child.daemon(true).start()?.join()?;
        let (items, numbers) = (dict.items()?, list.to_vec()?);
        if code != 0 || items != [(1, "one".to_string())] || numbers != [0, 1] {
            let what =
                format!("manager: a child that ended with {code} left {items:?}, {numbers:?}");
            return Err(what.into());
        }
        if part.random.below(2) == 0 {
            manager.server().kill()?;
            manager.server().join()?;
            match list.len() {
                Err(Error::ManagerGone) => {}
                other => return Err(format!("manager: after its end it says {other:?}").into()),
            }
        }
        drop(manager);
        part.step(0, 0)?;
        part.pause()?;
    }
}
