//! ipc-channel's channels.

use ipc_channel::ipc::{self, IpcBytesReceiver, IpcBytesSender, IpcReceiver, IpcSender};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_bytes::ByteBuf;

use crate::outcome::Outcome;
use crate::peers::channel::Channel;

/// Its channel for anything that serde can serialise.
pub(crate) struct Typed<T> {
    sender: IpcSender<T>,
    receiver: IpcReceiver<T>,
}

impl<T: Serialize + DeserializeOwned> Typed<T> {
    pub(crate) fn new() -> Outcome<Self> {
        let (sender, receiver) = ipc::channel()?;
        Ok(Typed { sender, receiver })
    }
}

impl<T: Serialize + DeserializeOwned + Clone> Channel<T> for Typed<T> {
    fn put(&self, item: &T) -> Outcome<()> {
        Ok(self.sender.send(item.clone())?)
    }

    fn get(&self) -> Outcome<T> {
        Ok(self.receiver.recv()?)
    }
}

/// Its channel for bytes.
pub(crate) struct Bytes {
    sender: IpcBytesSender,
    receiver: IpcBytesReceiver,
}

impl Bytes {
    pub(crate) fn new() -> Outcome<Self> {
        let (sender, receiver) = ipc::bytes_channel()?;
        Ok(Bytes { sender, receiver })
    }
}

impl Channel<ByteBuf> for Bytes {
    fn put(&self, item: &ByteBuf) -> Outcome<()> {
        Ok(self.sender.send(item)?)
    }

    fn get(&self) -> Outcome<ByteBuf> {
        Ok(ByteBuf::from(self.receiver.recv()?))
    }
}
