//! Finds running members of a process group by the pid of its leader. Makes system calls only.

use std::mem::MaybeUninit;

use rustix::fs::{Mode, OFlags, RawDir, open};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process_group};

use super::identity::stat;

/// Whether any process of the group runs. A zombie does not count, because some init processes reap zombies late.
pub fn lives(leader: Pid) -> bool {
    test_kill_process_group(leader) != Err(Errno::SRCH) && has_a_member_that_runs(leader).unwrap_or(true)
}

fn has_a_member_that_runs(leader: Pid) -> Result<bool, Errno> {
    let processes = open(c"/proc", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let mut room = [MaybeUninit::uninit(); 8192];
    let mut entries = RawDir::new(processes, &mut room);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let number = entry.file_name().to_str().ok().and_then(|name| name.parse().ok());
        if let Some(pid) = number.and_then(Pid::from_raw)
            && let Ok(stat) = stat(pid)
            && stat.group == leader.as_raw_nonzero().get()
            && !stat.ended
        {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::CommandExt;

    #[test]
    fn a_group_lives_while_a_member_runs_and_a_zombie_does_not_count() {
        let mut leader = std::process::Command::new("sleep").arg("300").process_group(0).spawn().unwrap();
        let group = Pid::from_child(&leader);
        assert!(lives(group));
        leader.kill().unwrap();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while lives(group) {
            assert!(std::time::Instant::now() < deadline);
            std::thread::yield_now();
        }
        assert!(test_kill_process_group(group).is_ok(), "it waits to be reaped");
        leader.wait().unwrap();
        assert!(!lives(group));
    }
}
