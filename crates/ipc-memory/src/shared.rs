//! [`Shared`]: a value in memory that forked processes share.

use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::ops::Deref;

use bytemuck::Zeroable;
use ipc_error::Result;

use crate::mapping::Mapping;
use crate::passing::{Part, Received};

/// A `T` in a mapping of its own, zeroed.
///
/// Other processes may use it at any time, as other threads may: so it is `Sync`, and all changes go
/// through atomics or a mutex in it.
#[derive(Debug)]
pub struct Shared<T: Zeroable + Sync>(Mapping, PhantomData<T>);

impl<T: Zeroable + Sync> Shared<T> {
    /// A new one.
    pub fn zeroed() -> Result<Self> {
        const { assert!(size_of::<T>() > 0 && align_of::<T>() <= 4096) }
        let size = NonZeroUsize::new(size_of::<T>()).expect("it has a size");
        Ok(Shared(Mapping::new(size)?, PhantomData))
    }

    /// Its part of what it belongs to.
    pub fn pack(&self) -> Result<Part> {
        self.0.pack()
    }

    /// What another process has [packed](Self::pack). [`Passed`](crate::Passed) vouches that it is of
    /// the same type.
    pub fn unpack(parts: &mut Received) -> Result<Self> {
        Ok(Shared(Mapping::unpack(parts.part()?)?, PhantomData))
    }

    /// From now on dropping it does not unmap it: something in it is still used.
    pub fn stay_mapped(&mut self) {
        self.0.stay_mapped();
    }
}

impl<T: Zeroable + Sync> Deref for Shared<T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the mapping is large enough, aligned to a page, zeroed by the kernel, which
        // `Zeroable` makes a valid T, and unmapped only when this is dropped.
        unsafe { self.0.start().cast().as_ref() }
    }
}
