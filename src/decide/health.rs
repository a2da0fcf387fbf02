//! Decides whether gates have held long enough, or have missed their deadline.

use std::time::Duration;

/// When a gate counts as holding. Times are measured from the start of the watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateRequirement {
    /// The gate must pass for at least this long without interruption.
    pub least: Duration,
    pub deadline: Duration,
}

/// The measurements of one gate that count: when it began to pass, and when it last passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PassingWindow {
    window: Option<(Duration, Duration)>,
    never: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthVerdict {
    /// All gates hold.
    Healthy,
    /// The index of the first gate that will never hold, or that does not hold after its deadline.
    Unhealthy(usize),
    /// Measure again no later than at this time.
    Wait(Duration),
}

impl PassingWindow {
    /// Adds a completed measurement. A failed one resets the window.
    pub fn add(&mut self, at: Duration, passed: bool) {
        self.window = passed.then(|| (self.window.map_or(at, |(since, _)| since), at));
    }

    /// Records that the gate will never pass, however long one waits.
    pub fn give_up(&mut self) {
        *self = Self { window: None, never: true };
    }

    /// Time between the first and the last measurement of the window. None if the last measurement failed.
    pub fn lasted(&self) -> Option<Duration> {
        self.window.map(|(since, last)| last.saturating_sub(since))
    }

    fn holds(&self, hold: &GateRequirement) -> bool {
        self.lasted().is_some_and(|lasted| lasted >= hold.least)
    }
}

/// Judges the gates together: all of them must hold at the same moment.
pub fn health_verdict(gates: &[(GateRequirement, PassingWindow)], now: Duration) -> HealthVerdict {
    if gates.iter().all(|(hold, passing)| passing.holds(hold)) {
        return HealthVerdict::Healthy;
    }
    if let Some(never) = gates.iter().position(|(_, passing)| passing.never) {
        return HealthVerdict::Unhealthy(never);
    }
    if let Some(late) = gates.iter().position(|(hold, passing)| hold.deadline <= now && !passing.holds(hold))
    {
        return HealthVerdict::Unhealthy(late);
    }
    // A gate does not hold, and its deadline has not passed yet.
    let next = gates.iter().map(|(hold, _)| hold.deadline).filter(|deadline| *deadline > now).min();
    HealthVerdict::Wait(next.unwrap_or(now))
}

#[cfg(test)]
mod tests {
    use super::HealthVerdict::{Healthy, Unhealthy, Wait};
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// `+3 -5 +7 !9`: passed after 3 s, failed after 5 s, passed after 7 s, given up after 9 s.
    fn measured(text: &str) -> PassingWindow {
        let mut passing = PassingWindow::default();
        for one in text.split_whitespace() {
            match one.starts_with('!') {
                true => passing.give_up(),
                false => passing.add(at(one[1..].parse().unwrap()), one.starts_with('+')),
            }
        }
        passing
    }

    #[test]
    fn the_table_decides_whether_gates_hold() {
        // Measurements, least and deadline of each gate; the time now; the verdict.
        type Row<'a> = (&'a [(&'a str, u64, u64)], u64, HealthVerdict);
        let table: &[Row<'_>] = &[
            (&[], 0, Healthy),
            (&[("", 0, 60)], 0, Wait(at(60))),
            (&[("+1", 0, 60)], 1, Healthy),
            (&[("-1", 0, 60)], 1, Wait(at(60))),
            (&[("+1", 10, 60)], 59, Wait(at(60))),
            (&[("+1 +6 +10", 10, 60)], 10, Wait(at(60))),
            (&[("+1 +6 +11", 10, 60)], 11, Healthy),
            // A failure resets the window, however much of it has passed.
            (&[("+1 +10 -11 +12 +21", 10, 60)], 21, Wait(at(60))),
            (&[("+1 +10 -11 +12 +22", 10, 60)], 22, Healthy),
            (&[("+1 +11 -12", 10, 60)], 12, Wait(at(60))),
            // The deadline includes the window.
            (&[("+55 +60", 10, 60)], 60, Unhealthy(0)),
            (&[("-55", 0, 60)], 60, Unhealthy(0)),
            (&[("", 0, 60)], 61, Unhealthy(0)),
            // A gate that holds at its deadline passes, unless it fails again later.
            (&[("+1 +11", 10, 20), ("-11", 10, 60)], 30, Wait(at(60))),
            (&[("+1 +11 -31", 10, 20), ("-11", 10, 60)], 31, Unhealthy(0)),
            (&[("+1 +11", 10, 20), ("-11", 10, 60)], 60, Unhealthy(1)),
            // All gates must hold at the same moment, not one after another.
            (&[("+1 +11 -12", 10, 60), ("+2 +12", 10, 60)], 12, Wait(at(60))),
            (&[("+1 +11", 10, 60), ("+2 +12", 10, 60)], 12, Healthy),
            // Eos does not wait for a gate that will never hold.
            (&[("!1", 10, 60)], 1, Unhealthy(0)),
            (&[("+1 +11", 10, 60), ("+1 !2", 10, 60)], 11, Unhealthy(1)),
            (&[("-1", 10, 2), ("!1", 10, 60)], 3, Unhealthy(1)),
        ];
        for (gates, now, expected) in table {
            let gates: Vec<_> = gates
                .iter()
                .map(|(text, least, deadline)| {
                    (GateRequirement { least: at(*least), deadline: at(*deadline) }, measured(text))
                })
                .collect();
            assert_eq!(health_verdict(&gates, at(*now)), *expected, "{gates:?} at {now}");
        }
    }
}
