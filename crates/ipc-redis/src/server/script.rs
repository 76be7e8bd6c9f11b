//! [`Script`]: several commands that the server executes in one atomic step.

use std::sync::OnceLock;

use redis::{Cmd, ErrorKind, RedisResult, ServerErrorKind};

/// A program in Lua, which the server keeps under its hash.
pub(crate) struct Script {
    text: &'static str,
    hash: OnceLock<String>,
}

macro_rules! scripts {
    ($($name:ident $file:literal)*) => {
        // Version 6 replicates what a script did, not the script, only if it is asked to.
        $(pub(crate) static $name: Script = Script::new(concat!(
            "if redis.replicate_commands then redis.replicate_commands() end\n",
            include_str!(concat!("lua/", $file)),
        ));)*
    };
}

scripts! {
    PUT "put.lua"
    LOOK "look.lua"
    DONE "done.lua"
    HAND_BACK "hand_back.lua"
    ADOPT "adopt.lua"
    STATUS "status.lua"
    PUSH "push.lua"
    LOCK "lock.lua"
    UNLOCK "unlock.lua"
    ADOPT_LOCK "adopt_lock.lua"
}

impl Script {
    const fn new(text: &'static str) -> Self {
        Script { text, hash: OnceLock::new() }
    }

    /// Executes it. A server that does not know it, because it was started since, is told.
    pub(crate) fn run(
        &'static self,
        keys: &[&str],
        arguments: impl FnOnce(&mut Cmd),
        mut send: impl FnMut(&Cmd) -> RedisResult<redis::Value>,
    ) -> RedisResult<redis::Value> {
        if self.hash.get().is_none() {
            let hash = send(redis::cmd("SCRIPT").arg("LOAD").arg(self.text))?;
            let _ = self.hash.set(redis::from_redis_value(hash)?);
        }
        let hash = self.hash.get().map_or("", String::as_str);
        let mut command = redis::cmd("EVALSHA");
        command.arg(hash).arg(keys.len()).arg(keys);
        arguments(&mut command);
        match send(&command) {
            Err(e) if e.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                send(redis::cmd("SCRIPT").arg("LOAD").arg(self.text))?;
                send(&command)
            }
            reply => reply,
        }
    }
}
