//! Warnings of Terraform about one component, a failed `check` block included.

use serde::{Deserialize, Serialize};

/// Maximum number of warnings in the report of one component.
const MOST: usize = 100;

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Warning {
    pub summary: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// The resource that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The name of the `check` block that it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// File and line in the module: `main.tf:4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Whether the last run that changed or confirmed the component had the same warning.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stays: bool,
}

impl Warning {
    /// The same warning as one that the record has.
    pub fn recorded(self) -> Self {
        Self { stays: true, ..self }
    }

    /// Two warnings with an equal key are the same: their details may differ from run to run.
    pub fn key(&self) -> (&str, &str) {
        (self.address.as_ref().or(self.check.as_ref()).map_or("", String::as_str), &self.summary)
    }
}

/// The warnings of all terraform commands of one turn.
#[derive(Debug, Default)]
pub struct Warnings {
    warnings: Vec<Warning>,
    /// A plan or an apply has ended well, so the checks were evaluated.
    is_evaluated: bool,
}

impl Warnings {
    /// Adds those of one more command. `evaluated`: it has evaluated all checks again. A warning about the same place
    /// replaces the earlier one: an init says less than the plan after it.
    pub fn add(&mut self, of_command: Vec<Warning>, evaluated: bool) {
        self.is_evaluated |= evaluated;
        let again = |old: &Warning| {
            of_command.iter().any(|new| new.key() == old.key() && new.place == old.place)
                || evaluated && old.check.is_some()
        };
        self.warnings.retain(|old| !again(old));
        self.warnings.extend(of_command);
        // Terraform evaluates in no fixed order.
        self.warnings.sort();
        self.warnings.dedup();
    }

    /// What the record keeps. `before`: what it has kept so far.
    pub fn recorded(&self, before: &[Warning]) -> Vec<Warning> {
        match self.is_evaluated {
            true => self.warnings.iter().take(MOST).cloned().collect(),
            false => before.to_owned(),
        }
    }

    /// What the report shows, and the number of warnings that it leaves out.
    pub fn shown(&self, before: &[Warning]) -> (Vec<Warning>, usize) {
        let stays = |one: &Warning| before.iter().any(|known| known.key() == one.key());
        let shown = self.warnings.iter().take(MOST);
        let shown = shown.map(|one| Warning { stays: stays(one), ..one.clone() }).collect();
        (shown, self.warnings.len().saturating_sub(MOST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_check(detail: &str) -> Warning {
        let (summary, check) = ("Check block assertion failed".to_owned(), Some("age".to_owned()));
        Warning { summary, detail: detail.to_owned(), check, ..Warning::default() }
    }

    fn deprecated(address: &str) -> Warning {
        let (summary, address) = ("Deprecated".to_owned(), Some(address.to_owned()));
        Warning { summary, address, ..Warning::default() }
    }

    #[test]
    fn a_later_command_replaces_the_results_of_checks_and_keeps_other_warnings() {
        let mut warnings = Warnings::default();
        warnings.add(vec![of_check("known after apply"), deprecated("t.a")], true);
        warnings.add(vec![deprecated("t.b"), deprecated("t.a")], true);
        assert_eq!(warnings.shown(&[]).0, [deprecated("t.a"), deprecated("t.b")]);
    }

    #[test]
    fn a_warning_about_the_same_place_replaces_the_earlier_one_of_another_command_alone() {
        let at =
            |line: u64, detail: &str| Warning { place: Some(format!("main.tf:{line}")), ..of_check(detail) };
        let mut warnings = Warnings::default();
        warnings.add(vec![at(4, "short"), at(9, "other")], false);
        warnings.add(vec![at(4, "long"), at(4, "of another instance")], false);
        let shown: Vec<_> = warnings.shown(&[]).0.into_iter().map(|one| one.detail).collect();
        assert_eq!(shown, ["long", "of another instance", "other"]);
    }

    #[test]
    fn a_failed_command_says_nothing_about_the_checks() {
        let mut warnings = Warnings::default();
        warnings.add(vec![of_check("3 days")], true);
        warnings.add(Vec::new(), false);
        assert_eq!(warnings.shown(&[]).0, [of_check("3 days")]);
    }

    #[test]
    fn a_warning_stays_if_its_address_or_check_and_its_summary_are_the_same() {
        let mut warnings = Warnings::default();
        warnings.add(vec![of_check("2 days"), deprecated("t.a")], true);
        let (shown, _) = warnings.shown(&[of_check("3 days"), deprecated("t.b")]);
        let stays: Vec<_> = shown.iter().map(|one| (one.summary.as_str(), one.stays)).collect();
        assert_eq!(stays, [("Check block assertion failed", true), ("Deprecated", false)]);
    }

    #[test]
    fn a_turn_without_a_plan_keeps_the_recorded_warnings() {
        let mut warnings = Warnings::default();
        assert_eq!(warnings.recorded(&[of_check("3 days")]), [of_check("3 days")]);
        warnings.add(Vec::new(), true);
        assert_eq!(warnings.recorded(&[of_check("3 days")]), []);
    }

    #[test]
    fn very_many_warnings_are_counted_and_not_all_listed() {
        let mut warnings = Warnings::default();
        warnings.add((0..MOST + 7).map(|index| deprecated(&format!("t.a[{index}]"))).collect(), true);
        let (shown, left_out) = warnings.shown(&[]);
        assert_eq!((shown.len(), left_out), (MOST, 7));
    }
}
