//! Decides which snapshots are deleted when a new one is stored.

use std::time::Duration;

/// Maximum number of snapshots, except protected ones.
const MOST: usize = 20;
/// This many are always kept, even if they are old.
const ALWAYS: usize = 5;
const OLDEST: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// The properties of a snapshot that decide.
#[derive(Clone, Copy, Debug)]
pub struct Aged<'a> {
    pub age: Duration,
    /// The configuration with which its state had been applied.
    pub configuration: Option<&'a str>,
}

/// Returns the positions of the snapshots to delete. `snapshots` begins with the newest.
///
/// For each protected configuration, one snapshot is kept: the first one after its last apply. It holds the state that
/// the apply left. Later snapshots of the same configuration are treated like all others. They are made, for example,
/// by applies that fail again and again.
pub fn surplus(snapshots: &[Aged<'_>], protected: &[&str]) -> Vec<usize> {
    let left_by = |configuration: &&str| {
        let is = |snapshot: &Aged<'_>| snapshot.configuration == Some(configuration);
        let newest = snapshots.iter().position(is)?;
        Some(newest + snapshots[newest..].iter().take_while(|one| is(one)).count() - 1)
    };
    let stay: Vec<_> = protected.iter().filter_map(left_by).collect();
    let goes = |(position, snapshot): (usize, &Aged<'_>)| {
        let beyond = position >= MOST || snapshot.age > OLDEST;
        (beyond && position >= ALWAYS && !stay.contains(&position)).then_some(position)
    };
    snapshots.iter().enumerate().filter_map(goes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 60 * 60;

    /// Snapshots that are one day apart. The newest is `newest` days old.
    fn daily(count: usize, newest: u64, configuration: impl Fn(usize) -> &'static str) -> Vec<Aged<'static>> {
        let aged = |position: usize| Aged {
            age: Duration::from_secs((newest + position as u64) * DAY),
            configuration: Some(configuration(position)),
        };
        (0..count).map(aged).collect()
    }

    #[test]
    fn only_snapshots_beyond_count_or_age_without_another_use_are_removed() {
        let other = |_| "other";
        // The snapshot of the state that a protected configuration left, and later ones with the same configuration.
        let streak = |position| if (10..25).contains(&position) { "good" } else { "other" };
        let twice = |position| if [3, 23].contains(&position) { "good" } else { "other" };
        type Row = (&'static str, Vec<Aged<'static>>, &'static [&'static str], Vec<usize>);
        let table: [Row; 9] = [
            ("none", Vec::new(), &["good"], Vec::new()),
            ("as many as stay", daily(20, 0, other), &[], Vec::new()),
            ("one too many", daily(21, 0, other), &[], vec![20]),
            ("the last five, old as they are", daily(5, 400, other), &[], Vec::new()),
            ("old beyond five", daily(7, 400, other), &[], vec![5, 6]),
            ("of the age that stays", daily(7, 84, other), &[], Vec::new()),
            ("a day older", daily(7, 85, other), &[], vec![6]),
            ("the first of what was applied last", daily(30, 0, streak), &["good"], {
                let mut gone: Vec<_> = (20..30).collect();
                gone.retain(|position| *position != 24);
                gone
            }),
            ("applied twice: the last time counts", daily(24, 0, twice), &["good"], vec![20, 21, 22, 23]),
        ];
        for (what, snapshots, protected, expected) in table {
            assert_eq!(surplus(&snapshots, protected), expected, "{what}");
        }
    }

    #[test]
    fn each_protected_configuration_keeps_one_of_its_snapshots() {
        let snapshots = daily(40, 100, |position| match position {
            30 => "good",
            35 => "applied",
            _ => "other",
        });
        let gone = surplus(&snapshots, &["good", "applied"]);
        assert_eq!(gone.len(), 33);
        assert!(!gone.contains(&30) && !gone.contains(&35), "{gone:?}");
    }
}
