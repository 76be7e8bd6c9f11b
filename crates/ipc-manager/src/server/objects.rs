//! [`Objects`]: what the server holds.
//!
//! A request is dealt with in two steps. [`Objects::prepare`] makes the reply and gets the memory
//! that the change needs, and may fail; [`Objects::commit`] makes the change, and cannot. So a
//! request that is refused, or whose reply cannot be sent, has changed nothing.

use indexmap::IndexMap;
use serde::{Serialize, Serializer};

use crate::blob::{Blob, serialize_all};
use crate::memory::reserve_to_store;
use crate::protocol::{Operation, Reply, Request};
use ipc_error::{Error, Result};

/// In the order in which keys were first put in, as Python's.
type Dict = IndexMap<Blob, Blob>;

#[derive(Default)]
pub(crate) struct Objects(Vec<Object>);

enum Object {
    Dict(Dict),
    List(Vec<Blob>),
}

/// Items of a reply, where they are stored.
pub(crate) enum Stored<'a> {
    Item(Option<&'a Blob>),
    List(&'a [Blob]),
    Pair(Option<(&'a Blob, &'a Blob)>),
    /// Key and value by turns.
    Dict(&'a Dict),
}

impl Objects {
    /// What the server is to reply.
    pub(crate) fn prepare(&mut self, request: &Request) -> Result<Reply<Stored<'_>>> {
        let Request::Do(number, operation) = request else {
            reserve_to_store(|| self.0.try_reserve(1))?;
            return Ok(Reply::Number(self.0.len()));
        };
        match self.0.get_mut(*number) {
            Some(Object::Dict(dict)) => prepare_dict(dict, operation),
            Some(Object::List(list)) => prepare_list(list, operation),
            None => Err(nonsense()),
        }
    }

    /// Makes the change that was prepared.
    pub(crate) fn commit(&mut self, request: Request) {
        match request {
            Request::NewDict => self.0.push(Object::Dict(Dict::new())),
            Request::NewList => self.0.push(Object::List(Vec::new())),
            Request::Do(number, operation) => match &mut self.0[number] {
                Object::Dict(dict) => commit_dict(dict, operation),
                Object::List(list) => commit_list(list, operation),
            },
        }
    }
}

fn nonsense() -> Error {
    Error::Invalid("cannot do that with that object")
}

fn prepare_dict<'a>(dict: &'a mut Dict, operation: &Operation) -> Result<Reply<Stored<'a>>> {
    let items = match operation {
        Operation::Len => return Ok(Reply::Number(dict.len())),
        Operation::All => Stored::Dict(dict),
        Operation::Clear => Stored::Item(None),
        Operation::Get(key) | Operation::Delete(key) => Stored::Item(dict.get(key)),
        Operation::Set(key, _) | Operation::SetNew(key, _) => {
            let more = usize::from(!dict.contains_key(key));
            reserve_to_store(|| dict.try_reserve(more))?;
            Stored::Item(dict.get(key))
        }
        Operation::PopPair => Stored::Pair(dict.last()),
        Operation::Extend(pairs) if pairs.0.len().is_multiple_of(2) => {
            reserve_to_store(|| dict.try_reserve(pairs.0.len() / 2))?;
            Stored::Item(None)
        }
        Operation::Change(key, before, _) if dict.get(key) == before.as_ref() => {
            reserve_to_store(|| dict.try_reserve(usize::from(before.is_none())))?;
            return Ok(Reply::Number(1));
        }
        Operation::Change(key, ..) => Stored::Item(dict.get(key)),
        _ => return Err(nonsense()),
    };
    Ok(Reply::Items(items))
}

fn commit_dict(dict: &mut Dict, operation: Operation) {
    match operation {
        Operation::Clear => *dict = Dict::new(), // which gives its memory back
        Operation::Set(key, value) => set(dict, key, value),
        Operation::SetNew(key, value) if !dict.contains_key(&key) => set(dict, key, value),
        Operation::PopPair => drop(dict.pop()),
        Operation::Extend(pairs) => {
            let mut pairs = pairs.0.into_iter();
            while let (Some(key), Some(value)) = (pairs.next(), pairs.next()) {
                set(dict, key, value);
            }
        }
        Operation::Change(key, before, after) if dict.get(&key) == before.as_ref() => match after {
            Some(value) => set(dict, key, value),
            None => drop(dict.shift_remove(&key)),
        },
        Operation::Delete(key) => drop(dict.shift_remove(&key)),
        _ => {}
    }
}

/// `insert` alone would make room for another key even if it has this one.
fn set(dict: &mut Dict, key: Blob, value: Blob) {
    match dict.get_mut(&key) {
        Some(stored) => *stored = value,
        None => drop(dict.insert(key, value)),
    }
}

fn prepare_list<'a>(list: &'a mut Vec<Blob>, operation: &Operation) -> Result<Reply<Stored<'a>>> {
    let len = list.len();
    let items = match *operation {
        Operation::Len => return Ok(Reply::Number(len)),
        Operation::InsertAt(index, _) if index > len => {
            return Ok(Reply::OutOfRange { index, len });
        }
        Operation::SetAt(index, _)
        | Operation::DeleteAt(index)
        | Operation::ChangeAt(index, ..)
            if index >= len =>
        {
            return Ok(Reply::OutOfRange { index, len });
        }
        Operation::ChangeAt(index, ref before, _) if list[index] == *before => {
            return Ok(Reply::Number(1));
        }
        Operation::Slice(from, to) => {
            let to = to.min(len);
            Stored::List(&list[from.min(to)..to])
        }
        Operation::All => Stored::List(list),
        Operation::GetAt(index) | Operation::DeleteAt(index) | Operation::ChangeAt(index, ..) => {
            Stored::Item(list.get(index))
        }
        Operation::Pop => Stored::Item(list.last()),
        Operation::InsertAt(..) | Operation::SetAt(..) => {
            reserve_to_store(|| list.try_reserve(1))?;
            Stored::Item(None)
        }
        Operation::Extend(ref items) => {
            reserve_to_store(|| list.try_reserve(items.0.len()))?;
            Stored::Item(None)
        }
        Operation::Clear | Operation::Reverse => Stored::Item(None),
        _ => return Err(nonsense()),
    };
    Ok(Reply::Items(items))
}

fn commit_list(list: &mut Vec<Blob>, operation: Operation) {
    match operation {
        Operation::InsertAt(index, item) => list.insert(index, item),
        Operation::SetAt(index, item) => list[index] = item,
        Operation::DeleteAt(index) => drop(list.remove(index)),
        Operation::ChangeAt(index, before, after) if list[index] == before => list[index] = after,
        Operation::Pop => drop(list.pop()),
        Operation::Extend(items) => list.extend(items.0),
        Operation::Clear => *list = Vec::new(), // which gives its memory back
        Operation::Reverse => list.reverse(),
        _ => {}
    }
}

impl<'a> Stored<'a> {
    fn iter(&self) -> impl Iterator<Item = &'a Blob> {
        let (item, list, pair, dict) = match *self {
            Stored::Item(item) => (item, &[][..], None, None),
            Stored::List(items) => (None, items, None, None),
            Stored::Pair(pair) => (None, &[][..], pair, None),
            Stored::Dict(pairs) => (None, &[][..], None, Some(pairs)),
        };
        let pairs = dict.into_iter().flatten().chain(pair);
        item.into_iter().chain(list).chain(pairs.flat_map(|(key, value)| [key, value]))
    }

    fn len(&self) -> usize {
        match self {
            Stored::Item(item) => item.iter().len(),
            Stored::List(items) => items.len(),
            Stored::Pair(pair) => 2 * pair.iter().len(),
            Stored::Dict(pairs) => 2 * pairs.len(),
        }
    }
}

impl Serialize for Stored<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_all(self.iter(), self.len(), serializer)
    }
}

impl Reply<Stored<'_>> {
    /// It takes at most this many bytes when it is encoded.
    pub(crate) fn encoded_size(&self) -> usize {
        const HEAD: usize = 128;
        const HEAD_OF_BLOB: usize = 5;
        let size = |item: &Blob| HEAD_OF_BLOB + item.len();
        match self {
            Reply::Items(items) => HEAD + items.iter().map(size).sum::<usize>(),
            _ => HEAD,
        }
    }
}
