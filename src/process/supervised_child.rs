//! Stops a child whose parent has died: sends one SIGINT, waits, and then kills it. Makes system calls only.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::command::SWEEP;
use super::group;
use super::identity::lives;

pub struct SupervisedChild {
    pid: Pid,
    /// Distinguishes this child from a later process with the same pid.
    start_time: u64,
    grace: Duration,
    phase: ChildPhase,
    /// Open as long as this object exists, so nobody else takes the lock.
    _lock: Option<OwnedFd>,
}

#[derive(Clone, Copy)]
enum ChildPhase {
    Runs,
    /// SIGINT was sent; the child has until this instant.
    Asked(Instant),
    /// The child exited; its process group has until this instant.
    Swept(Instant),
    /// The group was killed; the guardian waits for its end until this instant.
    Killed(Instant),
}

impl SupervisedChild {
    pub fn new((pid, start_time): (Pid, u64), grace: Duration, lock: Option<OwnedFd>) -> Self {
        Self { pid, start_time, grace, phase: ChildPhase::Runs, _lock: lock }
    }

    pub fn is(&self, pid: i32) -> bool {
        self.pid.as_raw_nonzero().get() == pid
    }

    /// Takes the next step to end the child; false if nothing remains to end.
    pub fn stop(&mut self) -> bool {
        let now = Instant::now();
        match self.phase {
            // The child may already be gone: its parent may have died while it swept the group.
            ChildPhase::Runs | ChildPhase::Asked(_) if !lives(self.pid, self.start_time) => {
                self.phase = ChildPhase::Swept(now + SWEEP);
                kill_process_group(self.pid, Signal::TERM).is_ok()
            }
            ChildPhase::Runs => {
                let _ = kill_process(self.pid, Signal::INT);
                self.phase = ChildPhase::Asked(now + self.grace);
                true
            }
            ChildPhase::Swept(_) | ChildPhase::Killed(_) if !group::lives(self.pid) => false,
            ChildPhase::Asked(deadline) | ChildPhase::Swept(deadline) if now > deadline => {
                self.phase = ChildPhase::Killed(now + SWEEP);
                kill_process_group(self.pid, Signal::KILL).is_ok()
            }
            ChildPhase::Killed(deadline) => now <= deadline,
            ChildPhase::Asked(_) | ChildPhase::Swept(_) => true,
        }
    }
}
