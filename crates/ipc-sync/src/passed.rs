//! Locks and values among the arguments of a process that a fork server starts.

use std::marker::PhantomData;

use ipc_error::{Error, Result};
use ipc_memory::{Mapping, Part, Passed, Received, Shared, travel};

use crate::barrier::Barrier;
use crate::condition::Condition;
use crate::event::Event;
use crate::lock::Lock;
use crate::semaphore::Semaphore;
use crate::value::array::Array;
use crate::value::{Plain, Value};

// SAFETY: one lock, made of one; no other type is of this kind.
unsafe impl Passed for Lock {
    const KIND: &'static str = "a Lock";
    fn pack(&self) -> Result<Vec<Part>> {
        Ok(vec![self.raw.pack()?])
    }
    fn unpack(parts: &mut Received) -> Result<Self> {
        Ok(Lock { raw: Shared::unpack(parts)? })
    }
}

// SAFETY: one futex word, made of one; no other type is of this kind.
unsafe impl Passed for Event {
    const KIND: &'static str = "an Event";
    fn pack(&self) -> Result<Vec<Part>> {
        Ok(vec![self.0.pack()?])
    }
    fn unpack(parts: &mut Received) -> Result<Self> {
        Ok(Event(Shared::unpack(parts)?))
    }
}

// SAFETY: a state and a number, made of these; no other type is of this kind.
unsafe impl Passed for Semaphore {
    const KIND: &'static str = "a Semaphore";
    fn pack(&self) -> Result<Vec<Part>> {
        Ok(vec![self.state.pack()?, Part::Number(self.limit.into())])
    }
    fn unpack(parts: &mut Received) -> Result<Self> {
        Ok(Semaphore { state: Shared::unpack(parts)?, limit: parts.number()? as u32 })
    }
}

// SAFETY: a state and a number, made of these; no other type is of this kind.
unsafe impl Passed for Barrier {
    const KIND: &'static str = "a Barrier";
    fn pack(&self) -> Result<Vec<Part>> {
        Ok(vec![self.state.pack()?, Part::Number(self.parties as u64)])
    }
    fn unpack(parts: &mut Received) -> Result<Self> {
        Ok(Barrier { state: Shared::unpack(parts)?, parties: parts.number()? as usize })
    }
}

// SAFETY: a lock and slots, made of these; no other type is of this kind.
unsafe impl Passed for Condition {
    const KIND: &'static str = "a Condition";
    fn pack(&self) -> Result<Vec<Part>> {
        Ok(vec![self.lock.raw.pack()?, self.slots.pack()?])
    }
    fn unpack(parts: &mut Received) -> Result<Self> {
        Ok(Condition { lock: Lock::unpack(parts)?, slots: Shared::unpack(parts)? })
    }
}

// SAFETY: a header and values of the size and alignment that are compared; their bytes may be any.
unsafe impl<T: Plain> Passed for Array<T> {
    const KIND: &'static str = "an Array";
    fn pack(&self) -> Result<Vec<Part>> {
        let numbers = [self.len, size_of::<T>(), align_of::<T>()];
        let mut parts = vec![self.memory.pack()?];
        parts.extend(numbers.map(|number| Part::Number(number as u64)));
        Ok(parts)
    }
    fn unpack(parts: &mut Received) -> Result<Self> {
        let (memory, len) = (Mapping::unpack(parts.part()?)?, parts.number()? as usize);
        let layout = (parts.number()? as usize, parts.number()? as usize);
        if layout != (size_of::<T>(), align_of::<T>()) {
            return Err(Error::Invalid("cannot take in an Array: its values are of another type"));
        }
        Ok(Array { memory, len, items: PhantomData })
    }
}

// SAFETY: an array of one, made of such; no other type is of this kind.
unsafe impl<T: Plain> Passed for Value<T> {
    const KIND: &'static str = "a Value";
    fn pack(&self) -> Result<Vec<Part>> {
        self.0.pack()
    }
    fn unpack(parts: &mut Received) -> Result<Self> {
        Array::unpack(parts).map(Value)
    }
}

travel!(Lock, Event, Semaphore, Barrier, Condition, Array<T: Plain>, Value<T: Plain>);
