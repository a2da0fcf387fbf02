//! Copies a local state during an apply: terraform truncates the file before it writes it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::decide::StateVersion;
use crate::error::Result;
use crate::operation::runtime::blocking;
use crate::workdir::{remove, replace};

/// Time between two reads of the state, if copying takes no time.
const LOOK: Duration = Duration::from_millis(100);
/// A large state is copied less often: copying takes at most one part in this many of the time.
const SHARE: u32 = 10;

struct StateCopies {
    state: PathBuf,
    copies: [PathBuf; 2],
    next: usize,
    seen: Option<(u64, SystemTime)>,
}

/// Runs `work`, and copies the state after each change when it is complete.
pub(in crate::operation::component) async fn during<T>(
    state: Option<PathBuf>,
    copies: [PathBuf; 2],
    work: impl Future<Output = T>,
) -> T {
    let Some(state) = state else { return work.await };
    let (running, mut over) = oneshot::channel::<()>();
    let work = async {
        let done = work.await;
        drop(running);
        done
    };
    let watch = async {
        let mut copies = StateCopies { state, copies, next: 0, seen: None };
        let mut pause = LOOK;
        loop {
            tokio::select! {
                _ = &mut over => break,
                () = sleep(pause) => {}
            }
            let began = Instant::now();
            copies = blocking(move || {
                copies.look();
                copies
            })
            .await;
            pause = LOOK.max(began.elapsed() * SHARE);
        }
    };
    tokio::join!(work, watch).0
}

pub(super) fn clear(copies: &[PathBuf]) -> Result<()> {
    copies.iter().try_for_each(|copy| remove(copy))
}

impl StateCopies {
    fn look(&mut self) {
        let Some(now) = stamp(&self.state).filter(|now| self.seen.as_ref() != Some(now)) else {
            return;
        };
        // A state that is read during a write has no head. It is read again.
        let Ok(text) = std::fs::read(&self.state) else { return };
        if StateVersion::parse(&text).is_err() {
            return;
        }
        match replace(&self.copies[self.next], &text) {
            Ok(()) => {
                self.next = 1 - self.next;
                self.seen = Some(now);
            }
            // The apply itself will fail on the same disk problem.
            Err(error) => tracing::warn!("no copy of the state could be made: {error}"),
        }
    }
}

fn stamp(path: &Path) -> Option<(u64, SystemTime)> {
    let meta = path.metadata().ok()?;
    Some((meta.len(), meta.modified().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_complete_states_are_copied_and_the_copies_rotate() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let paths = ["0", "1"].map(|name| folder.path().join(name));
        let mut state_copies =
            StateCopies { state: state.clone(), copies: paths.clone(), next: 0, seen: None };
        let serial = |path: &Path| StateVersion::parse(&std::fs::read(path).unwrap()).unwrap().serial;
        let text = |serial: u64, rest: &str| {
            format!(r#"{{"version": 4, "serial": {serial}, "lineage": "l", "rest": "{rest}"}}"#)
        };
        state_copies.look();
        assert!(!paths[0].exists());
        for (serial, rest) in [(1, ""), (2, "x"), (3, "xx")] {
            std::fs::write(&state, text(serial, rest)).unwrap();
            state_copies.look();
            // The state is unchanged: nothing is written, and the next write goes to the same copy.
            state_copies.look();
        }
        assert_eq!((serial(&paths[0]), serial(&paths[1])), (3, 2));
        for broken in ["", &text(4, "xxx")[..20]] {
            std::fs::write(&state, broken).unwrap();
            state_copies.look();
        }
        assert_eq!((serial(&paths[0]), serial(&paths[1])), (3, 2));
        use std::os::unix::fs::PermissionsExt;
        assert!(paths.iter().all(|path| path.metadata().unwrap().permissions().mode() & 0o777 == 0o600));
        clear(&paths).unwrap();
        clear(&paths).unwrap();
    }
}
