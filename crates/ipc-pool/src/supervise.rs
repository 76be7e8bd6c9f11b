//! [`supervise`]: what a pool's supervisor does that a fork server has started.

use std::cell::Cell;
use std::fmt::Display;
use std::marker::PhantomData;
use std::mem;
use std::process::ExitCode;
use std::ptr;

use ipc_error::{Error, Result};
use ipc_forkserver::internal::Image;
use ipc_queue::Message;
use ipc_worker::worker::config::{PoolSettings, WorkerConfig};
use ipc_worker::worker::station::Station;
use ipc_worker::worker::supervisor::Supervisor;
use serde::{Deserialize, Serialize};

/// What the supervisor is sent. The initializer's argument, with the user's code in it, comes last.
#[derive(Serialize, Deserialize)]
#[serde(bound = "I: Message")]
pub(crate) struct Order<I, E> {
    pub(crate) station: Station,
    pub(crate) settings: PoolSettings,
    pub(crate) initializer: Option<Initializer<I, E>>,
}

/// A function, and what each worker calls it with.
#[derive(Serialize, Deserialize)]
#[serde(bound = "I: Message")]
pub(crate) struct Initializer<I, E> {
    /// That of a `fn(I) -> Result<(), E>`.
    address: u64,
    image: Image,
    error: PhantomData<fn() -> E>,
    argument: I,
}

impl<I: Message, E: Display> Initializer<I, E> {
    pub(crate) fn new(f: fn(I) -> Result<(), E>, argument: I) -> Result<Self> {
        let address = (f as *const ()).expose_provenance() as u64;
        let image = Image::of(address).ok_or(Error::Invalid(
            "cannot start a pool whose initializer is in no file that the linker has loaded",
        ))?;
        Ok(Initializer { address, image, error: PhantomData, argument })
    }

    /// # Safety
    ///
    /// It was made by [`new`](Self::new), in the process whose fork server this process comes from.
    unsafe fn closure(self) -> impl Fn() -> Result<(), String> {
        let Initializer { address, image, argument, .. } = self;
        let argument = Cell::new(Some(argument)); // of which each worker has a copy
        move || {
            if !image.is_at(address) {
                return Err(
                    "it is in a library that was loaded after the fork server was made".into()
                );
            }
            let f = ptr::with_exposed_provenance::<()>(address as usize);
            // SAFETY: it is the address of such a function, and the same image is at the same place here.
            let f = unsafe { mem::transmute::<*const (), fn(I) -> Result<(), E>>(f) };
            argument.take().map_or(Ok(()), |argument| f(argument).map_err(|e| e.to_string()))
        }
    }
}

/// The supervisor's process.
pub(crate) fn supervise<I: Message, E: Display>(order: Order<I, E>) -> ExitCode {
    let Order { station, settings, initializer } = order;
    let mut config = WorkerConfig { settings, ..WorkerConfig::default() };
    if let Some(initializer) = initializer {
        // SAFETY: orders of this type are made for this function alone, and `new` has made what is in
        // them. The user's code that encodes and decodes the argument gets at nothing that stands before.
        config.initializer = Some(Box::new(unsafe { initializer.closure() }));
    }
    Supervisor::new(&station, &config).run()
}
