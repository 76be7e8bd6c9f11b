//! [`Session`]: a connection while a step is done with it.

use std::time::Duration;

use redis::{Cmd, ConnectionLike, FromRedisValue, RedisError, RedisResult, Value};

use crate::server::limits::{LATE, SILENCE};
use crate::server::script::Script;

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

    /// Sends a command that waits, and does not wait for it longer than `patience`: then `None`, and its
    /// reply, which may say that something was taken, is thrown away.
    pub(crate) fn wait<T: FromRedisValue>(
        &mut self,
        command: &Cmd,
        patience: Duration,
    ) -> RedisResult<Option<T>> {
        self.connection.set_read_timeout(Some(patience))?;
        let mut reply = self.query(command).map(Some);
        // A wait that is over ends when anything arrives. What arrived before it was over did not.
        let mut pause = LATE;
        while reply.as_ref().is_err_and(RedisError::is_timeout) && pause < SILENCE {
            self.connection.set_read_timeout(Some(pause))?;
            reply = redis::cmd("PING").query::<Value>(self.connection).map(|_| None);
            pause *= 2;
        }
        self.connection.set_read_timeout(Some(SILENCE))?;
        reply
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
