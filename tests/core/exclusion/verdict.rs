//! Checks the steps of all processes.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::losses::{Brought, Loss};
use super::turns::Step;

/// The time from the end of one turn to the start of the next.
pub struct Handover {
    median: Duration,
    most: Duration,
}

impl fmt::Display for Handover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1?} in the median, {:.1?} at most", self.median, self.most)
    }
}

/// Checks that no two turns overlap, that there are `total` turns, and that each has its own number.
pub fn alone(story: &[Step], total: u64) -> Handover {
    assert_eq!(turns(story), total);
    let mut inside: Option<&Step> = None;
    let mut last: Option<&Step> = None;
    let mut gaps = Vec::new();
    for step in story {
        match (step.event.as_str(), inside) {
            ("enter", None) => {
                gaps.extend(last.map(|last| step.at - last.at));
                inside = Some(step);
            }
            ("wrote", Some(one)) if one.pid == step.pid => (inside, last) = (None, Some(step)),
            ("done", _) => {}
            _ => panic!("{step:?} while {inside:?} was inside"),
        }
    }
    assert_eq!(in_turn(story).last, total);
    gaps.sort();
    Handover { median: gaps[gaps.len() / 2], most: gaps[gaps.len() - 1] }
}

pub struct Order {
    pub last: u64,
    /// From an error's code to the number of turns that were repeated because of it.
    pub refusals: BTreeMap<String, u64>,
}

/// The number of turns that all processes together report.
pub fn turns(story: &[Step]) -> u64 {
    story.iter().filter(|step| step.event == "done").map(|step| step.number).sum()
}

/// Checks that only one process wrote each number, and that every process wrote as often as it reports.
pub fn in_turn(story: &[Step]) -> Order {
    let mut numbers: Vec<u64> =
        story.iter().filter(|step| step.event == "wrote").map(|step| step.number).collect();
    assert_eq!(numbers.len() as u64, turns(story), "a turn was lost");
    numbers.sort_unstable();
    let twice: Vec<_> = numbers.windows(2).filter(|two| two[0] == two[1]).collect();
    assert!(twice.is_empty(), "two wrote these on the same ground: {twice:?}");
    let mut refusals: BTreeMap<String, u64> = BTreeMap::new();
    for step in story.iter().filter(|step| step.event == "refused") {
        *refusals.entry(step.code.clone()).or_default() += 1;
    }
    Order { last: *numbers.last().unwrap(), refusals }
}

/// The longest time in which a stopped process noticed, after it continued, that it had lost the lock.
pub fn refused_after(story: &[Step], losses: &[Brought]) -> Duration {
    let stopped = losses.iter().filter(|one| matches!(one.loss, Loss::Ended | Loss::Expired));
    let mut slowest = Duration::ZERO;
    for one in stopped {
        let next = story.iter().find(|step| step.pid == one.pid && step.at >= one.at);
        let next = next.unwrap_or_else(|| panic!("{one:?} was never heard of again"));
        match next.event.as_str() {
            "lost" => assert_eq!(next.code, "lock_lost", "{next:?} after {one:?}"),
            // It wrote before it was stopped, and only logged it afterwards. Otherwise another process would have the
            // same number.
            "wrote" => continue,
            // It was stopped before it knew that it had the lock.
            _ => {}
        }
        slowest = slowest.max(next.at - one.at);
    }
    assert!(slowest < Duration::from_secs(10), "{slowest:?}");
    slowest
}
