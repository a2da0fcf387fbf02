//! Which snapshots go when there is a new one.

use std::time::Duration;

/// So many stay.
const MOST: usize = 20;
/// So many stay, however old they are.
const ALWAYS: usize = 5;
const OLDEST: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// What counts of a snapshot.
#[derive(Clone, Copy, Debug)]
pub struct Aged<'a> {
    pub age: Duration,
    /// What its state had been applied with.
    pub configuration: Option<&'a str>,
}

/// Positions in `snapshots`, the newest first, of those that go.
///
/// Of each protected configuration, the first snapshot since it was applied last stays: the state that it left.
/// Later ones of the same configuration, such as those of applies that fail again and again, count as any other.
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

    /// Snapshots a day apart, the newest of them so many days old.
    fn daily(count: usize, newest: u64, configuration: impl Fn(usize) -> &'static str) -> Vec<Aged<'static>> {
        let aged = |position: usize| Aged {
            age: Duration::from_secs((newest + position as u64) * DAY),
            configuration: Some(configuration(position)),
        };
        (0..count).map(aged).collect()
    }

    #[test]
    fn what_goes_is_beyond_the_count_or_the_age_and_is_not_kept_for_another_reason() {
        let other = |_| "other";
        // The one that a protected configuration left, and later ones of the same.
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
    fn each_protected_configuration_keeps_one_of_its_own() {
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
