//! Entries of streams, out of the server's replies.

use redis::{ErrorKind, RedisError, RedisResult, Value};

/// An entry: its id, and its fields as name, value, name, value …
pub(crate) struct Entry {
    pub(crate) id: String,
    fields: Vec<Value>,
}

impl Entry {
    /// Takes a field out of it.
    pub(crate) fn take(&mut self, name: &str) -> Option<Vec<u8>> {
        let (pairs, _) = self.fields.as_chunks_mut::<2>();
        let [_, value] = pairs.iter_mut().find(|[field, _]| is_text(field, name))?;
        match std::mem::replace(value, Value::Nil) {
            Value::BulkString(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// A number in a field, or `otherwise` if it is not there.
    pub(crate) fn number(&mut self, name: &str, otherwise: u64) -> u64 {
        let text = self.take(name).and_then(|bytes| String::from_utf8(bytes).ok());
        text.and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    }
}

/// The entries of the one stream that was read; none if there are none.
pub(crate) fn entries(reply: Value) -> RedisResult<Vec<Entry>> {
    let stream = match reply {
        Value::Nil => return Ok(Vec::new()),
        Value::Map(mut streams) => streams.pop().map(|(_, entries)| entries), // protocol 3
        Value::Array(mut streams) => match streams.pop() {
            Some(Value::Array(mut pair)) => pair.pop(),
            _ => None,
        },
        _ => None,
    };
    let Some(Value::Array(list)) = stream else { return Err(unexpected()) };
    list.into_iter().map(entry).collect()
}

fn entry(value: Value) -> RedisResult<Entry> {
    let Value::Array(pair) = value else { return Err(unexpected()) };
    let [Value::BulkString(id), fields] = <[Value; 2]>::try_from(pair).map_err(|_| unexpected())?
    else {
        return Err(unexpected());
    };
    let id = String::from_utf8(id).map_err(|_| unexpected())?;
    let fields = match fields {
        Value::Array(fields) => fields,
        _ => Vec::new(), // it was deleted meanwhile
    };
    Ok(Entry { id, fields })
}

fn is_text(value: &Value, text: &str) -> bool {
    matches!(value, Value::BulkString(bytes) if bytes == text.as_bytes())
}

fn unexpected() -> RedisError {
    (ErrorKind::UnexpectedReturnType, "the reply is no list of entries").into()
}
