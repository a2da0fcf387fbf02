//! Signal masks and dispositions. Makes system calls only.
#![allow(unsafe_code, reason = "rustix leaves signal dispositions to the C library")]

use std::marker::PhantomData;
use std::mem::{MaybeUninit, zeroed};
use std::ptr::null_mut;

use libc::{SIG_DFL, SIG_IGN, SIG_SETMASK, sigaction, sighandler_t, sigset_t};

/// Blocks every signal on this thread until it is dropped.
pub struct BlockedSignals {
    before: sigset_t,
    _of_this_thread: PhantomData<*const ()>,
}

impl BlockedSignals {
    pub fn all() -> Self {
        let mut all = MaybeUninit::uninit();
        // SAFETY: `sigfillset` writes the whole set, and nothing else.
        unsafe { libc::sigfillset(all.as_mut_ptr()) };
        // SAFETY: `sigfillset` has written it.
        let all = unsafe { all.assume_init() };
        Self { before: set_mask(&all), _of_this_thread: PhantomData }
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        set_mask(&self.before);
    }
}

/// Unblocks every signal on this thread.
pub fn unblock_all() {
    let mut none = MaybeUninit::uninit();
    // SAFETY: `sigemptyset` writes the whole set, and nothing else.
    unsafe { libc::sigemptyset(none.as_mut_ptr()) };
    // SAFETY: `sigemptyset` has written it.
    set_mask(&unsafe { none.assume_init() });
}

fn set_mask(mask: &sigset_t) -> sigset_t {
    let mut before = MaybeUninit::uninit();
    // SAFETY: `pthread_sigmask` reads one set and writes the other.
    unsafe { libc::pthread_sigmask(SIG_SETMASK, mask, before.as_mut_ptr()) };
    // SAFETY: `pthread_sigmask` has written it, because it fails only for an unknown first argument.
    unsafe { before.assume_init() }
}

/// Gives every signal of this process its default action.
pub fn default_all() {
    set_all(SIG_DFL);
}

/// Makes this process ignore every signal that can be ignored.
pub fn ignore_all() {
    set_all(SIG_IGN);
}

fn set_all(disposition: sighandler_t) {
    // SAFETY: a `sigaction` of zeros is valid: it has no flags and an empty mask.
    let mut action: sigaction = unsafe { zeroed() };
    action.sa_sigaction = disposition;
    for number in 1..32 {
        // SAFETY: `sigaction` only reads `action`. It sets no handler function, so a signal never calls code of Eos.
        unsafe { sigaction(number, &raw const action, null_mut()) };
    }
}
