//! When each turn of a run began and ended, by its journal.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde_json::Value;

/// The turn of one component. Times are in seconds since the call of the run began.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn<'a> {
    pub component: &'a str,
    pub began: f64,
    /// When terraform began to change resources.
    pub applying: Option<f64>,
    /// None if the journal ends before.
    pub ended: Option<f64>,
    pub status: &'a str,
    /// Whether the component had a turn before: a rollback, or a second try.
    pub is_again: bool,
}

#[derive(Debug, Default, PartialEq)]
pub struct Turns<'a> {
    /// By their beginning.
    pub all: Vec<Turn<'a>>,
    /// How long the run took. If it has not ended: the last time that the journal knows.
    pub total: f64,
    /// Whether the run has ended.
    pub is_finished: bool,
}

impl Turn<'_> {
    pub fn took(&self) -> Option<f64> {
        Some(self.ended? - self.began)
    }
}

impl<'a> Turns<'a> {
    /// `steps`: the lines of a journal. `took`: the seconds of the whole run, if its report has them. A journal begins
    /// only when the pillar and the modules are read.
    pub fn new(steps: &'a Value, took: Option<f64>) -> Self {
        let mut turns = Self::of_journal(steps);
        let before = took.filter(|_| turns.is_finished).map_or(0.0, |took| took - turns.total).max(0.0);
        for turn in &mut turns.all {
            turn.began += before;
            turn.applying = turn.applying.map(|at| at + before);
            turn.ended = turn.ended.map(|at| at + before);
        }
        turns.total += before;
        turns
    }

    /// When the last turn ended. None if one has not.
    pub fn last_end(&self) -> Option<f64> {
        self.all.iter().try_fold(0.0_f64, |last, turn| Some(last.max(turn.ended?)))
    }

    fn of_journal(steps: &'a Value) -> Self {
        let steps = steps.as_array().map(Vec::as_slice).unwrap_or_default();
        let Some(origin) = steps.iter().find_map(time) else { return Self::default() };
        let mut turns = Self::default();
        let mut open = BTreeMap::<&str, usize>::new();
        for step in steps {
            // The clock of a host may go back.
            let at = time(step).and_then(|at| at.duration_since(origin).ok());
            let Some(at) = at.map(|at| at.as_secs_f64()) else { continue };
            turns.total = turns.total.max(at);
            let component = step["component"].as_str().unwrap_or_default();
            let current = open.get(component).map(|place| &mut turns.all[*place]);
            match (step["step"].as_str(), current) {
                (Some("started"), current) => {
                    let is_again = current.is_some();
                    open.insert(component, turns.all.len());
                    turns.all.push(Turn {
                        component,
                        began: at,
                        applying: None,
                        ended: None,
                        status: "",
                        is_again,
                    });
                }
                (Some("applying"), Some(turn)) => turn.applying = Some(at.max(turn.began)),
                (Some("ended"), Some(turn)) => {
                    turn.ended = Some(at.max(turn.began));
                    turn.status = step["status"].as_str().unwrap_or_default();
                }
                (Some("finished"), _) => turns.is_finished = true,
                _ => {}
            }
        }
        turns.all.sort_by(|one, other| one.began.total_cmp(&other.began));
        turns
    }
}

fn time(step: &Value) -> Option<SystemTime> {
    humantime::parse_rfc3339(step["at"].as_str()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_turn_has_its_times_and_a_second_turn_of_a_component_is_another_one() {
        let at = |second: u32| format!("2026-01-01T00:00:{second:02}.500Z");
        let step = |second, step: &str| json!({ "at": at(second), "step": step, "component": "net", "status": "failed" });
        let steps = json!([
            { "at": at(0), "step": "began" }, step(1, "started"), step(3, "applying"), step(4, "ended"),
            step(5, "started"), { "at": "not a time" }, { "at": at(9), "step": "finished" },
        ]);
        let turns = Turns::new(&steps, None);
        let turn = Turn {
            component: "net",
            began: 1.0,
            applying: Some(3.0),
            ended: Some(4.0),
            status: "failed",
            is_again: false,
        };
        let again =
            Turn { began: 5.0, applying: None, ended: None, status: "", is_again: true, ..turn.clone() };
        assert_eq!(turns, Turns { all: vec![turn, again], total: 9.0, is_finished: true });
        assert_eq!(Turns::new(&json!([{ "step": "began" }]), Some(1.0)), Turns::default());
    }

    #[test]
    fn the_time_before_the_journal_belongs_to_the_run() {
        let at = |second: u32, step: &str| json!({ "at": format!("2026-01-01T00:00:{second:02}Z"), "step": step, "component": "net" });
        let steps = json!([at(0, "began"), at(1, "started"), at(3, "ended"), at(4, "finished")]);
        let turns = Turns::new(&steps, Some(6.0));
        assert_eq!((turns.total, turns.all[0].began, turns.all[0].ended), (6.0, 3.0, Some(5.0)));
        assert_eq!(turns.last_end(), Some(5.0));
        // A clock may have been set.
        assert_eq!(Turns::new(&steps, Some(2.0)).total, 4.0);
        let open = json!([at(0, "began"), at(1, "started"), at(2, "applying")]);
        assert_eq!(Turns::new(&open, Some(6.0)).all[0].began, 1.0);
        assert_eq!(Turns::new(&open, None).last_end(), None);
    }

    #[test]
    fn a_clock_that_goes_back_makes_no_negative_time() {
        let step = |at: &str, step: &str| json!({ "at": at, "step": step, "component": "net" });
        let steps = json!([
            step("2026-01-01T00:00:09Z", "began"),
            step("2026-01-01T00:00:10Z", "started"),
            step("2026-01-01T00:00:03Z", "applying"),
            step("2026-01-01T00:00:09.5Z", "ended"),
        ]);
        assert_eq!(Turns::new(&steps, None).all[0].took(), Some(0.0));
    }
}
