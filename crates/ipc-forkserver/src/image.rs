//! [`Image`]: the file that a function comes from, and where that is in memory.

use std::ffi::{CStr, c_void};
use std::mem::MaybeUninit;
use std::ptr;

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// Two processes have a function at the same address if they have the same image at the same place.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
pub struct Image {
    path: ByteBuf,
    base: u64,
}

impl Image {
    /// Where the function at this address comes from; `None` if from nowhere.
    pub fn of(address: u64) -> Option<Self> {
        let address = ptr::without_provenance::<c_void>(address as usize);
        let mut info = MaybeUninit::<libc::Dl_info>::uninit();
        // SAFETY: any address may be asked for; the answer has a place.
        if unsafe { libc::dladdr(address, info.as_mut_ptr()) } == 0 {
            return None;
        }
        // SAFETY: the linker has filled it, and its path stays as long as the image.
        let (info, path) = unsafe {
            let info = info.assume_init();
            (info, CStr::from_ptr(info.dli_fname))
        };
        Some(Image { path: ByteBuf::from(path.to_bytes()), base: info.dli_fbase.addr() as u64 })
    }

    /// Whether what is at this address here comes from it.
    pub fn is_at(&self, address: u64) -> bool {
        Self::of(address).as_ref() == Some(self)
    }
}
