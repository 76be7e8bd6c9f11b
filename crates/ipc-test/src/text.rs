//! Where a function is, relative to where its image has been loaded: the same in each process of one
//! binary, although the kernel loads it to another place each time.

use std::ffi::c_void;
use std::mem::MaybeUninit;

/// Where the image has been loaded that the function at this address is in; `None` if it is in none.
fn base(address: *const ()) -> Option<usize> {
    let mut info = MaybeUninit::<libc::Dl_info>::uninit();
    // SAFETY: any address may be asked for; the answer has a place, and is there if it is not 0.
    let info = unsafe {
        if libc::dladdr(address.cast::<c_void>(), info.as_mut_ptr()) == 0 {
            return None;
        }
        info.assume_init()
    };
    Some(info.dli_fbase.addr())
}

/// How far behind the beginning of its image a function is, if that is the same image as this one.
pub(crate) fn offset(address: *const ()) -> Option<usize> {
    let start = base(address)?;
    (start == base(offset as *const ())?).then(|| address.addr() - start)
}

/// The function that is so far behind the beginning of this image.
pub(crate) fn at(offset_in_image: usize) -> Option<*const ()> {
    let start = base(offset as *const ())?;
    Some(std::ptr::with_exposed_provenance(start + offset_in_image))
}
