//! A child whose parent has died: one SIGINT, patience, and then force. Makes system calls only.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid, PidfdFlags, Signal, kill_process, kill_process_group, pidfd_open, test_kill_process,
    test_kill_process_group,
};

use super::run::SWEEP;

pub struct Ward {
    pid: Pid,
    /// It alone stays this child's when the number is another's; none on Linux before 5.3.
    pidfd: Option<OwnedFd>,
    grace: Duration,
    phase: Phase,
}

#[derive(Clone, Copy)]
enum Phase {
    Runs,
    /// Until when it has time.
    Asked(Instant),
    /// It has ended. Until when what it left has time.
    Swept(Instant),
}

impl Ward {
    /// A child that is not reaped.
    pub fn new(pid: Pid, grace: Duration) -> Self {
        Self { pid, pidfd: pidfd_open(pid, PidfdFlags::empty()).ok(), grace, phase: Phase::Runs }
    }

    pub fn is(&self, pid: i32) -> bool {
        self.pid.as_raw_nonzero().get() == pid
    }

    /// The next step to its end; false where there is none left.
    pub fn stop(&mut self) -> bool {
        let now = Instant::now();
        match self.phase {
            Phase::Runs => {
                let _ = kill_process(self.pid, Signal::INT);
                self.phase = Phase::Asked(now + self.grace);
                true
            }
            Phase::Asked(_) if self.has_ended() => {
                self.phase = Phase::Swept(now + SWEEP);
                kill_process_group(self.pid, Signal::TERM).is_ok()
            }
            Phase::Swept(_) if test_kill_process_group(self.pid).is_err() => false,
            Phase::Asked(deadline) | Phase::Swept(deadline) if now > deadline => {
                let _ = kill_process_group(self.pid, Signal::KILL);
                false
            }
            Phase::Asked(_) | Phase::Swept(_) => true,
        }
    }

    fn has_ended(&self) -> bool {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        match &self.pidfd {
            Some(pidfd) => matches!(poll(&mut [PollFd::new(pidfd, PollFlags::IN)], Some(&now)), Ok(1..)),
            None => test_kill_process(self.pid).is_err(),
        }
    }
}
