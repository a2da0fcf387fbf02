//! A child whose parent has died: one SIGINT, patience, and then force. Makes system calls only.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::command::SWEEP;
use super::group;
use super::identity::lives;

pub struct Ward {
    pid: Pid,
    /// It tells this child from a later process of its number.
    start_time: u64,
    grace: Duration,
    phase: Phase,
    /// Open as long as this is here: nobody else takes it.
    _lock: Option<OwnedFd>,
}

#[derive(Clone, Copy)]
enum Phase {
    Runs,
    /// Until when it has time.
    Asked(Instant),
    /// It has ended. Until when its process group has time.
    Swept(Instant),
    /// With its group. Until when their end is waited for.
    Killed(Instant),
}

impl Ward {
    pub fn new((pid, start_time): (Pid, u64), grace: Duration, lock: Option<OwnedFd>) -> Self {
        Self { pid, start_time, grace, phase: Phase::Runs, _lock: lock }
    }

    pub fn is(&self, pid: i32) -> bool {
        self.pid.as_raw_nonzero().get() == pid
    }

    /// The next step to its end; false where there is none left.
    pub fn stop(&mut self) -> bool {
        let now = Instant::now();
        match self.phase {
            // Its parent may have died while it swept the group.
            Phase::Runs | Phase::Asked(_) if !lives(self.pid, self.start_time) => {
                self.phase = Phase::Swept(now + SWEEP);
                kill_process_group(self.pid, Signal::TERM).is_ok()
            }
            Phase::Runs => {
                let _ = kill_process(self.pid, Signal::INT);
                self.phase = Phase::Asked(now + self.grace);
                true
            }
            Phase::Swept(_) | Phase::Killed(_) if !group::lives(self.pid) => false,
            Phase::Asked(deadline) | Phase::Swept(deadline) if now > deadline => {
                self.phase = Phase::Killed(now + SWEEP);
                kill_process_group(self.pid, Signal::KILL).is_ok()
            }
            Phase::Killed(deadline) => now <= deadline,
            Phase::Asked(_) | Phase::Swept(_) => true,
        }
    }
}
