//! [`Link`]: a handle's connection to its server, which is made again when it was cut.

use std::cell::{Cell, RefCell, RefMut};
use std::collections::HashSet;
use std::process;
use std::thread;
use std::time::{Duration, Instant};

use redis::{Client, Cmd, RedisResult};

use crate::error::{Error, Result, is_passing, says};
use crate::server::identity::{Identity, check_server};
use crate::server::limits::{LONGEST_BLOCK, SILENCE};
use crate::server::script::Script;
use crate::server::session::Session;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection, and what is bound to its life. It is for one thread at a time.
pub(crate) struct Link {
    client: Client,
    pub(crate) server: String,
    /// The name of the queue, pool or lock in braces: Redis Cluster keeps all its keys on one node.
    pub(crate) base: String,
    adopt: Option<(&'static Script, String)>,
    pub(crate) patience: Cell<Duration>,
    lease: Cell<Option<Duration>>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    identity: Identity,
    connection: Option<redis::Connection>,
    /// Subscribed to the channel of its name, by which others see that it lives.
    is_present: bool,
    /// Ids of items in hand, or the fence of the lock.
    held: HashSet<String>,
}

impl Link {
    /// `adopt` moves what is held to a new connection: the script and its key's last part.
    pub(crate) fn connect(
        url: &str,
        name: &str,
        adopt: Option<(&'static Script, &str)>,
    ) -> Result<Self> {
        if name.is_empty() || name.contains(['{', '}']) {
            return Err(Error::Invalid("a name is not empty and has no braces"));
        }
        let client = Client::open(url).map_err(|e| Error::server("connect", "the server", e))?;
        let server = client.get_connection_info().addr().to_string();
        let base = format!("{{{name}}}");
        let adopt = adopt.map(|(script, part)| (script, format!("{base}:{part}")));
        let (patience, lease, state) = Default::default();
        let link = Link { client, server, base, adopt, patience, lease, state };
        // A server that is not there, or not fit, is told at once.
        check_server(&link.server, &link.ask_server()?)?;
        link.patience.set(Duration::from_secs(10));
        Ok(link)
    }

    /// What the server tells of itself, if it may.
    fn ask_server(&self) -> Result<String> {
        self.call("connect", |session| {
            let mut info = String::new();
            for section in ["memory", "server"] {
                match session.query::<String>(redis::cmd("INFO").arg(section)) {
                    Err(refused) if says(&refused, "NOPERM") => {}
                    told => info += &told?,
                }
            }
            Ok(info)
        })
    }

    pub(crate) fn key(&self, part: &str) -> String {
        format!("{}:{part}", self.base)
    }

    /// Where the number of the last change is kept, so that it is not done twice.
    pub(crate) fn last_key(&self) -> String {
        format!("{}:last:{}", self.base, self.state_here().identity.who)
    }

    /// For what is dropped: it does not wait for a server that is away.
    pub(crate) fn without_patience<R>(&self, call: impl FnOnce() -> R) -> R {
        let patience = self.patience.replace(Duration::ZERO);
        let result = call();
        self.patience.set(patience);
        result
    }

    /// The name shows that there is a lease, so it begins with a new connection.
    pub(crate) fn set_lease(&self, lease: Duration) {
        self.lease.set(Some(lease.max(Duration::from_millis(1))));
        self.state.borrow_mut().connection = None;
    }

    /// A command blocks for no longer than lets the lease be renewed in time.
    pub(crate) fn longest_block(&self) -> Duration {
        self.lease.get().map_or(LONGEST_BLOCK, |lease| LONGEST_BLOCK.min(lease / 3))
    }

    /// Tells the others from now on that this process lives.
    pub(crate) fn be_present(&self) {
        let mut state = self.state_here();
        if !state.is_present {
            state.is_present = true;
            state.connection = None;
        }
    }

    pub(crate) fn who(&self) -> String {
        self.state_here().identity.who.clone()
    }

    /// The number of a change: the server does each at most once.
    pub(crate) fn next_change(&self) -> u64 {
        self.state_here().identity.next_change()
    }

    /// `false` if it was in hand already.
    pub(crate) fn hold(&self, id: &str) -> bool {
        self.state_here().held.insert(id.into())
    }

    pub(crate) fn let_go(&self, id: &str) {
        self.state_here().held.remove(id);
    }

    pub(crate) fn held(&self) -> usize {
        self.state_here().held.len()
    }

    /// Whether this process has the connection of that name; a copy in a forked child has not.
    pub(crate) fn is_of(process: u32) -> bool {
        process == process::id()
    }

    /// The state of this process. A forked child has a copy of its parent's: it closes its copy of
    /// the connection, with which the parent would seem to live on, and is someone else.
    fn state_here(&self) -> RefMut<'_, State> {
        let mut state = self.state.borrow_mut();
        if !Link::is_of(state.identity.process) {
            *state = State { is_present: state.is_present, ..State::default() };
        }
        state
    }

    /// Does the step, again with a new connection if it is cut: so it must not matter whether it was
    /// done once or twice.
    pub(crate) fn call<R>(
        &self,
        tried: &'static str,
        mut step: impl FnMut(&mut Session<'_>) -> RedisResult<R>,
    ) -> Result<R> {
        let mut state = self.state_here();
        let mut cut_since = None;
        let mut pause = Duration::ZERO;
        loop {
            let error = match self.attempt(&mut state, &mut step) {
                Ok(result) => return Ok(result),
                Err(error) => error,
            };
            if !is_passing(&error) {
                return Err(Error::server(tried, &self.server, error));
            }
            state.connection = None;
            let since = *cut_since.get_or_insert_with(Instant::now);
            if since.elapsed() >= self.patience.get() {
                return Err(Error::server(tried, &self.server, error));
            }
            thread::sleep(pause);
            pause = (pause * 2).clamp(Duration::from_millis(1), Duration::from_millis(100));
        }
    }

    fn attempt<R>(
        &self,
        state: &mut State,
        step: &mut impl FnMut(&mut Session<'_>) -> RedisResult<R>,
    ) -> RedisResult<R> {
        let is_new = state.connection.is_none();
        if is_new {
            state.connection = Some(self.open(state)?);
        }
        let State { identity, connection: Some(connection), held, .. } = state else {
            return Err(std::io::Error::from(std::io::ErrorKind::NotConnected).into());
        };
        let lease = self.lease.get().map(|lease| {
            (format!("{}:lease:{}", self.base, identity.connection), lease.as_millis() as u64)
        });
        let mut session = Session { connection, name: &identity.connection, lease };
        if let (true, false, Some((script, key))) = (is_new, held.is_empty(), &self.adopt) {
            session.script(script, &[key], |command| {
                command.arg(&identity.connection).arg(&identity.who).arg(&*held);
            })?;
        }
        step(&mut session)
    }

    /// A connection with a name of its own: what the old one has still under way, arriving late, is
    /// done under the name that dies.
    fn open(&self, state: &mut State) -> RedisResult<redis::Connection> {
        state.identity.rename(self.lease.get().is_some());
        let mut info = self.client.get_connection_info().clone();
        if state.is_present {
            // With protocol 3 a connection that is subscribed can do everything else, too.
            let settings = info.redis_settings().clone();
            info = info.set_redis_settings(settings.set_protocol(redis::ProtocolVersion::RESP3));
        }
        let client = Client::open(info)?;
        let mut connection = client.get_connection_with_timeout(CONNECT_TIMEOUT)?;
        connection.set_read_timeout(Some(SILENCE))?;
        connection.set_write_timeout(Some(CONNECT_TIMEOUT))?;
        let name = &state.identity.connection;
        if state.is_present {
            let mut subscribe: Cmd = redis::cmd("SUBSCRIBE");
            subscribe.arg(format!("alive:{name}")).arg(self.key("present"));
            // Its reply is no reply but a message, and if it is refused, the next command's error.
            subscribe.set_no_response(true).exec(&mut connection)?;
        }
        let called = format!("{}:{name}", self.base);
        match redis::cmd("CLIENT").arg("SETNAME").arg(called).exec(&mut connection) {
            Err(refused) if says(&refused, "'client") => Ok(connection), // it is for people
            named => named.map(|()| connection),
        }
    }
}
