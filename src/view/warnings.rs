//! Draws warnings of Terraform. The same warning of several components is drawn once, and one that the last run had too
//! is one line.

use crate::count::counted;

use serde_json::Value;

use super::alike::{FEW, label};
use super::quote::{block, flat, line};
use super::width::beginning;

/// Maximum number of different warnings that are drawn.
const MOST: usize = 20;
/// In columns: the details of a warning that stays.
const LONGEST: usize = 200;

/// The same warning, in all components that have it.
struct Group<'a> {
    components: Vec<&'a str>,
    stays: bool,
    key: (String, String),
    first: &'a Value,
    /// Different details, in order.
    details: Vec<&'a Value>,
}

/// The warnings of all components.
pub fn of_report(report: &Value) -> String {
    let groups = groups(report);
    let draw = |group: &Group<'_>| {
        let text = if group.stays { group.folded() } else { group.complete("    ") };
        format!("  {}: {text}\n", group.names())
    };
    let mut text: String = groups.iter().take(MOST).map(draw).collect();
    if let Some(more) = groups.len().checked_sub(MOST).filter(|more| *more > 0) {
        text.push_str(&format!("  … and {}: --out=json lists them\n", counted(more, "more warning")));
    }
    if text.is_empty() { text } else { format!("\n{text}") }
}

/// The number of different warnings.
pub fn count(report: &Value) -> usize {
    groups(report).len()
}

/// One line for each warning, over all components.
pub fn folded(report: &Value) -> Vec<String> {
    let fold = |group: &Group<'_>| format!("{}: {}", group.names(), group.folded());
    groups(report).iter().take(MOST).map(fold).collect()
}

/// The warnings of one component, for the comment of its state.
pub fn of_component(part: &Value) -> Vec<String> {
    let mut groups = Vec::new();
    collect("", part, &mut groups);
    let draw = |group: &Group<'_>| if group.stays { group.folded() } else { group.complete("") };
    groups.iter().take(MOST).map(draw).collect()
}

fn groups(report: &Value) -> Vec<Group<'_>> {
    let mut groups = Vec::new();
    for (component, part) in report["components"].as_object().into_iter().flatten() {
        collect(component, part, &mut groups);
    }
    // What is new comes first.
    groups.sort_by_key(|group| group.stays);
    groups
}

fn collect<'a>(component: &'a str, part: &'a Value, groups: &mut Vec<Group<'a>>) {
    for one in part["warnings"].as_array().into_iter().flatten() {
        let about = if one["address"].is_null() { &one["check"] } else { &one["address"] };
        let (key, stays) = ((line(about), line(&one["summary"])), one["stays"] == true);
        let known = groups.iter().position(|group| group.key == key && group.stays == stays);
        let index = known.unwrap_or_else(|| {
            groups.push(Group { components: Vec::new(), stays, key, first: one, details: Vec::new() });
            groups.len() - 1
        });
        let group = &mut groups[index];
        if !group.components.contains(&component) {
            group.components.push(component);
        }
        if !group.details.contains(&&one["detail"]) {
            group.details.push(&one["detail"]);
        }
    }
}

impl Group<'_> {
    fn names(&self) -> String {
        if self.components.len() > FEW { label(&self.components) } else { self.components.join(", ") }
    }

    /// `warning (check "certificate", main.tf:4): Check block assertion failed: it expires in 3 days`.
    fn complete(&self, indent: &str) -> String {
        let details: Vec<_> = self.details.iter().map(|detail| block(detail, indent)).collect();
        self.words("warning", &details.join(&format!("\n{indent}| ")))
    }

    /// The same on one line.
    fn folded(&self) -> String {
        let details = self.details.iter().map(|detail| flat(detail)).collect::<Vec<_>>().join("; ");
        let cut = beginning(&details, LONGEST);
        let end = if cut.len() < details.len() { "…" } else { "" };
        self.words(if self.stays { "still warns" } else { "warning" }, &format!("{cut}{end}"))
    }

    fn words(&self, word: &str, details: &str) -> String {
        let check = self.first["check"].as_str().map(|_| format!("check {}", line(&self.first["check"])));
        let place = self.first["place"].as_str().map(|_| line(&self.first["place"]));
        let address = self.first["address"].as_str().map(|_| line(&self.first["address"]));
        let about: Vec<_> = [check, address, place].into_iter().flatten().collect();
        let about = if about.is_empty() { String::new() } else { format!(" ({})", about.join(", ")) };
        let details = if details.is_empty() { String::new() } else { format!(": {details}") };
        format!("{word}{about}: {}{details}", line(&self.first["summary"]))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of_check(detail: &str, stays: bool) -> Value {
        json!({ "summary": "Check block assertion failed", "detail": detail, "check": "age", "place": "a.tf:4", "stays": stays })
    }

    fn report(parts: Value) -> Value {
        json!({ "components": parts })
    }

    #[test]
    fn a_new_warning_is_drawn_completely_and_once_for_all_components_that_have_it() {
        let warning = of_check("it is 9 days old\nand more", false);
        let report = report(json!({ "app": { "warnings": [warning] }, "net": { "warnings": [warning] } }));
        assert_eq!(
            of_report(&report),
            "\n  app, net: warning (check age, a.tf:4): Check block assertion failed: it is 9 days old\n    | and more\n"
        );
        assert_eq!(count(&report), 1);
    }

    #[test]
    fn a_warning_that_stays_is_one_line_over_all_components() {
        let (app, net) = (of_check("9 days\n old", true), of_check("8 days", true));
        let report = report(json!({ "app": { "warnings": [app] }, "net": { "warnings": [net] } }));
        assert_eq!(
            of_report(&report),
            "\n  app, net: still warns (check age, a.tf:4): Check block assertion failed: 9 days old; 8 days\n"
        );
    }

    #[test]
    fn a_very_long_detail_of_a_warning_that_stays_is_cut() {
        let report = report(json!({ "app": { "warnings": [of_check(&"word ".repeat(500), true)] } }));
        let text = of_report(&report);
        assert!(text.ends_with("…\n") && text.len() < 2 * LONGEST, "{text}");
    }

    #[test]
    fn very_many_warnings_are_counted() {
        let many: Vec<_> = (0..MOST + 3)
            .map(|index| json!({ "summary": "Deprecated", "address": format!("t.a[{index}]") }))
            .collect();
        let text = of_report(&report(json!({ "app": { "warnings": many } })));
        assert!(text.ends_with("  … and 3 more warnings: --out=json lists them\n"), "{text}");
    }

    #[test]
    fn a_report_without_warnings_draws_nothing() {
        assert_eq!(of_report(&report(json!({ "app": {} }))), "");
    }
}
