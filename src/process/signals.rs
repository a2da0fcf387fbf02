//! Signal masks and dispositions. Makes system calls only.
#![allow(unsafe_code, reason = "rustix leaves signal dispositions to the C library")]

use std::marker::PhantomData;
use std::mem::{MaybeUninit, zeroed};
use std::ptr::null_mut;

use libc::{SIG_DFL, SIG_IGN, SIG_SETMASK, sigaction, sighandler_t, sigset_t};

/// Every signal is blocked on this thread until this is dropped.
pub struct Blocked {
    before: sigset_t,
    _of_this_thread: PhantomData<*const ()>,
}

impl Blocked {
    pub fn all() -> Self {
        let mut all = MaybeUninit::uninit();
        // SAFETY: it writes the whole set, and nothing else.
        unsafe { libc::sigfillset(all.as_mut_ptr()) };
        // SAFETY: `sigfillset` has written it.
        let all = unsafe { all.assume_init() };
        Self { before: set_mask(&all), _of_this_thread: PhantomData }
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        set_mask(&self.before);
    }
}

/// No signal is blocked on this thread.
pub fn unblock_all() {
    let mut none = MaybeUninit::uninit();
    // SAFETY: it writes the whole set, and nothing else.
    unsafe { libc::sigemptyset(none.as_mut_ptr()) };
    // SAFETY: `sigemptyset` has written it.
    set_mask(&unsafe { none.assume_init() });
}

fn set_mask(mask: &sigset_t) -> sigset_t {
    let mut before = MaybeUninit::uninit();
    // SAFETY: it reads one set and writes the other.
    unsafe { libc::pthread_sigmask(SIG_SETMASK, mask, before.as_mut_ptr()) };
    // SAFETY: `pthread_sigmask` has written it: it fails for an unknown first argument only.
    unsafe { before.assume_init() }
}

/// Every signal does in this process what it does by default.
pub fn default_all() {
    set_all(SIG_DFL);
}

/// This process ignores every signal that can be ignored.
pub fn ignore_all() {
    set_all(SIG_IGN);
}

fn set_all(disposition: sighandler_t) {
    // SAFETY: of all zeros it is an action without flags and with an empty mask.
    let mut action: sigaction = unsafe { zeroed() };
    action.sa_sigaction = disposition;
    for number in 1..32 {
        // SAFETY: it reads one action, which names no handler: none of our code runs by it.
        unsafe { sigaction(number, &raw const action, null_mut()) };
    }
}
