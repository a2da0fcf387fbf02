//! Closes descriptors by their numbers. Makes system calls only.
#![allow(unsafe_code, reason = "who owns a descriptor is not known by its number")]

use std::ffi::c_uint;

/// Closes all descriptors from the first number to the last.
///
/// # Safety
/// Nothing of this process uses them afterwards.
pub unsafe fn close_range(first: c_uint, last: c_uint) {
    // SAFETY: as the caller promises.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    if closed != 0 {
        // Linux before 5.9.
        for fd in first..=last.min(u16::MAX.into()) {
            // SAFETY: as the caller promises.
            unsafe { libc::close(fd.cast_signed()) };
        }
    }
}
