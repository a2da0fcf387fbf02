//! Decides when a finding of scheduled checks causes an alert: after it stayed the same for long enough, and only once.

use std::num::NonZeroU64;

/// The result of the last scheduled checks of a component: a drift, or the reason why they could not run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepeatedFinding {
    pub id: String,
    /// Number of consecutive checks that found it.
    pub seen: u64,
    pub alerted: bool,
}

/// Returns what to remember after another check, and whether to send an alert now.
pub fn next_alert(
    before: Option<&RepeatedFinding>,
    found: Option<&str>,
    alert_after: NonZeroU64,
) -> (Option<RepeatedFinding>, bool) {
    let Some(id) = found else { return (None, false) };
    let same = before.filter(|before| before.id == id);
    let seen = same.map_or(0, |same| same.seen).saturating_add(1);
    let alerted = same.is_some_and(|same| same.alerted);
    let due = !alerted && seen >= alert_after.get();
    (Some(RepeatedFinding { id: id.to_owned(), seen, alerted: alerted || due }), due)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For each check, whether an alert is sent.
    fn told(found: &[Option<&str>], alert_after: u64) -> Vec<bool> {
        let mut before = None;
        let check = |found: &Option<&str>| {
            let (after, due) = next_alert(before.as_ref(), *found, NonZeroU64::new(alert_after).unwrap());
            before = after;
            due
        };
        found.iter().map(check).collect()
    }

    #[test]
    fn drift_is_reported_once_when_it_stayed_the_same_for_long_enough() {
        let (a, b) = (Some("a"), Some("b"));
        for (found, after, expected) in [
            (vec![a, a, a], 1, vec![true, false, false]),
            (vec![a, a, a, a], 2, vec![false, true, false, false]),
            (vec![a, b, b, a, a], 2, vec![false, false, true, false, true]),
            (vec![a, None, a, a], 2, vec![false, false, false, true]),
            (vec![a, a, None, a, a], 2, vec![false, true, false, false, true]),
            (vec![None, None], 1, vec![false, false]),
        ] {
            assert_eq!(told(&found, after), expected, "{found:?} after {after}");
        }
    }
}
