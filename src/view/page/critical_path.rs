//! What determined the length of a run: the chain of turns of which each could begin only after the one before.

use super::turns::Turns;
use super::work::Work;

/// One turn of the path.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Its place in `Turns`.
    pub turn: usize,
    pub because: Because,
    /// Seconds between the end of what it waited for and its beginning.
    pub waited: f64,
}

/// Why a turn did not begin earlier. The number is that of another turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// It had nothing to wait for.
    First,
    /// The last of the components that it needs ended then.
    Needed(usize),
    /// All places of `parallelism` were taken until then.
    Place(usize),
    /// The component had a turn before. Then all others come first.
    Again(usize),
}

impl Because {
    pub fn turn(self) -> Option<usize> {
        match self {
            Self::First => None,
            Self::Needed(turn) | Self::Place(turn) | Self::Again(turn) => Some(turn),
        }
    }
}

/// The path of a run that has ended, from its first turn to its last. Empty if there is none.
pub fn critical_path(work: &Work<'_>, turns: &Turns<'_>) -> Vec<Link> {
    let ended = |turn: &usize| turns.all[*turn].ended;
    let all = 0..turns.all.len();
    let last = all
        .filter(|turn| ended(turn).is_some())
        .max_by(|one, other| ended(one).unwrap_or_default().total_cmp(&ended(other).unwrap_or_default()));
    let Some(mut turn) = last.filter(|_| turns.is_finished) else { return Vec::new() };
    let mut path = Vec::new();
    loop {
        let because = because(work, turns, turn);
        let since = because.turn().and_then(|before| turns.all[before].ended).unwrap_or_default();
        path.push(Link { turn, because, waited: (turns.all[turn].began - since).max(0.0) });
        match because.turn() {
            // Turns are sorted by their beginning, so this ends.
            Some(before) if before < turn => turn = before,
            _ => break,
        }
    }
    path.reverse();
    path
}

fn because(work: &Work<'_>, turns: &Turns<'_>, turn: usize) -> Because {
    let own = &turns.all[turn];
    let ended = |other: usize| turns.all[other].ended.filter(|at| *at <= own.began);
    let latest = |others: &mut dyn Iterator<Item = usize>| {
        let ended = others.filter_map(|other| Some((other, ended(other)?)));
        ended.max_by(|(_, one), (_, other)| one.total_cmp(other))
    };
    if own.is_again {
        return latest(&mut (0..turn)).map_or(Because::First, |(other, _)| Because::Again(other));
    }
    let place = work.place(own.component);
    let needs = |other: &usize| {
        let other = work.place(turns.all[*other].component);
        place.zip(other).is_some_and(|(place, other)| work.components[place].waits_for.contains(&other))
    };
    let needed = latest(&mut (0..turn).filter(needs));
    let ready = needed.map_or(0.0, |(_, at)| at);
    let later = (0..turn).filter_map(|other| Some((other, ended(other)?)));
    let mut later: Vec<_> = later.filter(|(_, at)| *at > ready).collect();
    later.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    let freed = later.into_iter().find(|(other, _)| is_full(work, turns, *other, turn));
    match (freed, needed) {
        (Some((other, _)), _) => Because::Place(other),
        (None, Some((other, _))) => Because::Needed(other),
        (None, None) => Because::First,
    }
}

/// Whether all places were taken right before a turn ended.
fn is_full(work: &Work<'_>, turns: &Turns<'_>, ending: usize, waiting: usize) -> bool {
    let Some((at, places)) = turns.all[ending].ended.zip(work.parallelism) else { return false };
    let busy = turns.all.iter().enumerate().filter(|(turn, one)| {
        *turn != waiting && one.began < at && one.ended.is_none_or(|ended| ended >= at)
    });
    busy.count() >= places
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Turns as name, seconds of beginning and end.
    fn path(parallelism: usize, waits_for: Value, turns: &[(&str, u32, u32)]) -> Vec<(String, String)> {
        let at = |second: &u32| format!("2026-01-01T00:00:{second:02}Z");
        let mut steps = vec![(0, json!({ "step": "began" })), (50, json!({ "step": "finished" }))];
        for (name, began, ended) in turns {
            steps.push((*began, json!({ "step": "started", "component": name })));
            steps.push((*ended, json!({ "step": "ended", "component": name })));
        }
        steps.sort_by_key(|(at, step)| (*at, step["step"] == "started"));
        let steps: Vec<_> = steps
            .into_iter()
            .map(|(second, mut step)| {
                step["at"] = at(&second).into();
                step
            })
            .collect();
        let steps = json!(steps);
        let names = turns.iter().map(|(name, _, _)| ((*name).to_owned(), json!({ "status": "applied" })));
        let report = json!({ "components": names.collect::<serde_json::Map<_, _>>() });
        let order = json!({ "parallelism": parallelism, "waits_for": waits_for });
        let (work, turns) = (Work::new(&report, &order), Turns::new(&steps, None));
        let links = critical_path(&work, &turns);
        let name = |turn: usize| turns.all[turn].component;
        let why = |link: &Link| match link.because {
            Because::First => "first".to_owned(),
            Because::Needed(turn) => format!("needs {}", name(turn)),
            Because::Place(turn) => format!("place of {}", name(turn)),
            Because::Again(turn) => format!("after {}", name(turn)),
        };
        links.iter().map(|link| (name(link.turn).to_owned(), why(link))).collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect()
    }

    #[test]
    fn the_path_follows_the_dependency_that_ended_last() {
        let waits_for = json!({ "web": ["net", "db"], "db": ["net"] });
        let turns = [("net", 1, 4), ("db", 4, 20), ("dns", 1, 9), ("web", 21, 30)];
        assert_eq!(
            path(4, waits_for, &turns),
            pairs(&[("net", "first"), ("db", "needs net"), ("web", "needs db")])
        );
    }

    #[test]
    fn a_turn_that_waited_for_a_place_names_the_turn_that_freed_it() {
        let turns = [("a", 0, 10), ("b", 0, 7), ("c", 7, 30)];
        assert_eq!(path(2, json!({}), &turns), pairs(&[("b", "first"), ("c", "place of b")]));
        // There was a free place, so nothing but itself delayed it: it waited for its lock.
        assert_eq!(path(3, json!({}), &turns), pairs(&[("c", "first")]));
        let needs = json!({ "c": ["b"] });
        assert_eq!(path(2, needs, &turns), pairs(&[("b", "first"), ("c", "needs b")]));
    }

    #[test]
    fn a_rollback_begins_after_the_turn_that_ended_last() {
        let turns = [("a", 0, 5), ("b", 0, 9), ("a", 10, 14)];
        assert_eq!(path(4, json!({}), &turns), pairs(&[("b", "first"), ("a", "after b")]));
    }
}
