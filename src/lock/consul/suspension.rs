//! Notices that this process did not run for a while: it was stopped, its host was suspended, or the host is overloaded.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::time::sleep;

/// Time between two looks at the clock.
const LOOK: Duration = Duration::from_secs(1);

/// The longest time in which this process did not run.
#[derive(Default)]
pub struct Suspension {
    milliseconds: AtomicU64,
}

impl Suspension {
    pub fn longest(&self) -> Duration {
        Duration::from_millis(self.milliseconds.load(Ordering::Relaxed))
    }

    /// Looks at the clock again and again.
    pub async fn watch(&self) -> Infallible {
        loop {
            let before = clock();
            sleep(LOOK).await;
            self.note(clock().saturating_sub(before + LOOK));
        }
    }

    fn note(&self, gap: Duration) {
        let gap = u64::try_from(gap.as_millis()).unwrap_or(u64::MAX);
        self.milliseconds.fetch_max(gap, Ordering::Relaxed);
    }
}

/// This clock also counts while the host is suspended.
fn clock() -> Duration {
    let now = clock_gettime(ClockId::Boottime);
    Duration::new(
        u64::try_from(now.tv_sec).unwrap_or_default(),
        u32::try_from(now.tv_nsec).unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_does_not_run_notices_for_how_long() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let suspension = Suspension::default();
        runtime.block_on(async {
            let blocked = async {
                tokio::task::yield_now().await;
                std::thread::sleep(Duration::from_millis(1500));
                sleep(Duration::from_millis(1)).await;
            };
            tokio::select! {
                biased;
                never = suspension.watch() => match never {},
                () = blocked => {}
            }
        });
        assert!(suspension.longest() >= Duration::from_millis(400), "{:?}", suspension.longest());
    }
}
