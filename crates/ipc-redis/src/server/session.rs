//! [`Session`]: a connection while a step is done with it.

use std::time::Duration;

use redis::{Cmd, ConnectionLike, FromRedisValue, RedisResult, Value};

use crate::server::script::Script;

/// For how long a connection may be silent: a second's wait, and as long as it takes to connect.
pub(crate) const SILENCE: Duration = Duration::from_secs(6);

/// A connection that works, the name that others know it by, and its lease: key and milliseconds.
pub(crate) struct Session<'a> {
    pub(crate) connection: &'a mut redis::Connection,
    pub(crate) name: &'a str,
    pub(crate) lease: Option<(String, u64)>,
}

impl Session<'_> {
    /// Sends a command, with the renewal of the lease before it in the same round trip.
    pub(crate) fn query<T: FromRedisValue>(&mut self, command: &Cmd) -> RedisResult<T> {
        let Some((key, milliseconds)) = &self.lease else {
            return command.query(self.connection);
        };
        let mut renewal = redis::cmd("SET");
        renewal.arg(key).arg("held").arg("PX").arg(milliseconds);
        self.query_after(&renewal, command)
    }

    /// Sends two commands in one round trip, and returns the second one's reply.
    pub(crate) fn query_after<T: FromRedisValue>(
        &mut self,
        first: &Cmd,
        second: &Cmd,
    ) -> RedisResult<T> {
        let mut packed = first.get_packed_command();
        packed.extend(second.get_packed_command());
        let replies = self.connection.req_packed_commands(&packed, 0, 2)?;
        let reply = replies.into_iter().nth(1).unwrap_or(Value::Nil);
        Ok(redis::from_redis_value(reply.extract_error()?)?)
    }

    /// Sends a command that waits, and does not wait for it longer than `patience`: then `None`. The
    /// next command ends it, and its reply, which may say that something was taken, is thrown away.
    pub(crate) fn wait<T: FromRedisValue>(
        &mut self,
        command: &Cmd,
        patience: Duration,
    ) -> RedisResult<Option<T>> {
        self.connection.set_read_timeout(Some(patience))?;
        let reply = self.query(command);
        self.connection.set_read_timeout(Some(SILENCE))?;
        match reply {
            Err(late) if late.is_timeout() => Ok(None),
            reply => reply.map(Some),
        }
    }

    /// Executes a script.
    pub(crate) fn script(
        &mut self,
        script: &'static Script,
        keys: &[&str],
        arguments: impl FnOnce(&mut Cmd),
    ) -> RedisResult<Value> {
        script.run(keys, arguments, |command| self.query(command))
    }
}
