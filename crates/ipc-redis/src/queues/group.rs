//! A stream and its group of consumers: made when they are not there.

use ipc_codec::Message;
use redis::RedisResult;

use crate::error::{Result, says};
use crate::queues::joinable::JoinableQueue;
use crate::server::session::Session;

impl<T: Message> JoinableQueue<T> {
    /// Makes the stream and its group of consumers, if they are not there.
    pub(crate) fn make(&self) -> Result<()> {
        self.link.call("make the queue", |session| self.make_group(session))
    }

    fn make_group(&self, session: &mut Session<'_>) -> RedisResult<()> {
        let mut command = redis::cmd("XGROUP");
        command.arg("CREATE").arg(&self.keys.items).arg("consumers").arg("0").arg("MKSTREAM");
        match session.query(&command) {
            Err(there) if says(&there, "BUSYGROUP") => Ok(()),
            made => made,
        }
    }

    /// Does the step; if the queue has gone, because the server lost or dropped its data, makes it.
    pub(crate) fn with_group<R>(
        &self,
        tried: &'static str,
        mut step: impl FnMut(&mut Session<'_>) -> RedisResult<R>,
    ) -> Result<R> {
        self.link.call(tried, |session| match step(session) {
            Err(gone) if says(&gone, "NOGROUP") => {
                self.make_group(session)?;
                step(session)
            }
            done => done,
        })
    }
}
