//! The end of an item that is in a consumer's hands.

use ipc_codec::Message;
use redis::Value;

use crate::error::{Error, Result};
use crate::queues::joinable::JoinableQueue;
use crate::server::limits::REMEMBERED_SECONDS;
use crate::server::script::{DONE, HAND_BACK};

/// What a pool's worker sends with the end of a task.
pub(crate) struct TaskResult<'a> {
    /// The key where its owner waits for it.
    pub(crate) key: &'a str,
    pub(crate) task: u64,
    pub(crate) bytes: &'a [u8],
    pub(crate) kept_seconds: u64,
}

impl<T: Message> JoinableQueue<T> {
    pub(crate) fn finish(&self, ids: &[&str], result: Option<TaskResult<'_>>) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let change = self.link.next_change();
        let last = self.link.last_key();
        let keys = &self.keys;
        let mut names: Vec<&str> =
            vec![&keys.items, &last, &keys.state, &keys.room, &keys.finished];
        names.extend(result.as_ref().map(|result| result.key));
        let finished: Result<usize> = self.with_group("finish an item", |session| {
            let finished = session.script(&DONE, &names, |command| {
                command.arg(change).arg(REMEMBERED_SECONDS).arg(ids.len()).arg(ids);
                if let Some(TaskResult { task, bytes, kept_seconds, .. }) = &result {
                    command.arg(task).arg(bytes).arg(kept_seconds);
                }
            })?;
            Ok(redis::from_redis_value(finished)?)
        });
        ids.iter().for_each(|id| self.link.let_go(id));
        match ids.len() - finished?.min(ids.len()) {
            0 => Ok(()),
            items => Err(Error::NotYours { items }),
        }
    }

    pub(crate) fn hand_back(&self, id: &str) -> Result<()> {
        // Not adopted by a new connection from here on: its copy is, by whoever gets it.
        self.link.let_go(id);
        self.with_group("hand an item back", |session| {
            session.script(&HAND_BACK, &[&self.keys.items], |command| {
                command.arg(id);
            })
        })?;
        Ok(())
    }

    /// Whether the item is still in this consumer's hands. Asking renews the lease.
    pub(crate) fn is_pending(&self, id: &str) -> Result<bool> {
        let pending: Vec<Value> = self.with_group("renew an item", |session| {
            let mut command = redis::cmd("XPENDING");
            session.query(command.arg(&self.keys.items).arg("consumers").arg(id).arg(id).arg(1))
        })?;
        Ok(!pending.is_empty())
    }
}
