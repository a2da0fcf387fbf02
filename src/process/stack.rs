//! The stack of a child until its exec. Below it is a guard page: an overflow ends the child, and changes no memory of
//! this process.
#![allow(unsafe_code, reason = "memory mappings")]

use std::ffi::c_void;
use std::io;
use std::ptr::null_mut;

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
use rustix::param::page_size;

/// A multiple of every page size, so that the top of the stack is aligned.
const USABLE: usize = 64 * 1024;

/// A mapping: the guard page, then the stack, which grows down towards the page.
pub struct Stack {
    base: *mut c_void,
    length: usize,
}

impl Stack {
    pub fn new() -> io::Result<Self> {
        let length = page_size() + USABLE;
        let (access, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE | MapFlags::STACK);
        // SAFETY: the kernel chooses the address, so no other mapping is replaced.
        let base = unsafe { mmap_anonymous(null_mut(), length, access, flags) }?;
        let stack = Self { base, length };
        // SAFETY: the page is the first one of this new mapping, and nobody has a reference into it.
        unsafe { mprotect(base, page_size(), MprotectFlags::empty()) }?;
        Ok(stack)
    }

    /// The highest address, where a stack begins.
    pub fn top(&mut self) -> *mut c_void {
        self.base.wrapping_byte_add(self.length)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: this object owns the mapping. Nothing runs on it: the child, which borrowed it, has left this memory.
        let _ = unsafe { munmap(self.base, self.length) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The access that `/proc/self/maps` shows for an address: `rw-p`, `---p`.
    fn access(address: usize) -> Option<String> {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        maps.lines().find_map(|line| {
            let (range, rest) = line.split_once(' ')?;
            let (from, to) = range.split_once('-')?;
            let hex = |text| usize::from_str_radix(text, 16).unwrap();
            (hex(from)..hex(to)).contains(&address).then(|| rest[..4].to_owned())
        })
    }

    #[test]
    fn a_stack_can_be_written_to_its_end_and_the_page_below_cannot_be_touched() {
        let mut stack = Stack::new().unwrap();
        let top = stack.top().addr();
        assert_eq!(top % 16, 0);
        for (below, expected) in [(1, "rw-p"), (USABLE, "rw-p"), (USABLE + 1, "---p"), (stack.length, "---p")]
        {
            assert_eq!(access(top - below).as_deref(), Some(expected), "{below} bytes below the top");
        }
    }
}
