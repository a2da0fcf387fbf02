//! Closes descriptors by their numbers. Makes system calls only.
#![allow(unsafe_code, reason = "the number of a descriptor does not say who owns it")]

use std::ffi::c_uint;

/// Closes all descriptors from the first number to the last.
///
/// # Safety
/// No code of this process uses these descriptors afterwards.
pub unsafe fn close_range(first: c_uint, last: c_uint) {
    // SAFETY: the caller promises that these descriptors are not used afterwards.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    if closed != 0 {
        // Linux before 5.9.
        for fd in first..=last.min(u16::MAX.into()) {
            // SAFETY: the caller promises that these descriptors are not used afterwards.
            unsafe { libc::close(fd.cast_signed()) };
        }
    }
}
