//! The difference between two versions of a job, as Nomad's plan gives it.

use std::fmt::{self, Display};

use serde_json::Value;

/// One difference, such as `task web: Resources.MemoryMB "20" → "21"`.
#[derive(Clone, Debug, PartialEq)]
pub struct JobDifference {
    /// The group or the task, and the path in it.
    place: String,
    kind: Kind,
    /// As JSON. Empty if they are not shown, or if a whole group or task differs.
    values: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Added,
    Removed,
    Changed,
}

impl JobDifference {
    /// The same without values: Nomad also gives those of the registered job, which may be earlier secrets. None if
    /// the place cannot be shown.
    pub fn without_values(&self, mask: impl Fn(&str) -> Option<String>) -> Option<Self> {
        Some(Self { place: mask(&self.place)?, values: String::new(), kind: self.kind })
    }
}

impl Display for JobDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, kind, values } = self;
        f.write_str(place)?;
        if !values.is_empty() {
            write!(f, " {values}")?;
        }
        match kind {
            Kind::Added => f.write_str(" is added"),
            Kind::Removed => f.write_str(" is removed"),
            Kind::Changed if values.is_empty() => f.write_str(" (values not shown)"),
            Kind::Changed => Ok(()),
        }
    }
}

/// Empty if the job is new.
pub fn differences(diff: &Value) -> Vec<JobDifference> {
    let mut found = Vec::new();
    if diff["Type"] == "Edited" {
        walk(diff, "", "", &mut found);
    }
    found
}

/// `part`: the group or the task. `at`: the names of the blocks in it.
fn walk(node: &Value, part: &str, at: &str, found: &mut Vec<JobDifference>) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |key: &str| node[key].as_array().into_iter().flatten().filter(|one| one["Type"] != "None");
    for field in list("Fields") {
        let name = text(&field["Name"]);
        // Eos makes a new one for each deployment.
        if name == "deployment_id" {
            continue;
        }
        let (old, new) = (&field["Old"], &field["New"]);
        let (kind, values) = match kind(field) {
            Kind::Added => (Kind::Added, new.to_string()),
            Kind::Removed => (Kind::Removed, old.to_string()),
            Kind::Changed => (Kind::Changed, format!("{old} → {new}")),
        };
        found.push(JobDifference { place: format!("{part}{at}{name}"), kind, values });
    }
    for block in list("Objects") {
        walk(block, part, &format!("{at}{}.", text(&block["Name"])), found);
    }
    for (key, word) in [("TaskGroups", "group"), ("Tasks", "task")] {
        for one in list(key) {
            let place = format!("{word} {}", text(&one["Name"]));
            match kind(one) {
                Kind::Changed => walk(one, &format!("{place}: "), "", found),
                kind => found.push(JobDifference { place, kind, values: String::new() }),
            }
        }
    }
}

fn kind(node: &Value) -> Kind {
    match node["Type"].as_str() {
        Some("Added") => Kind::Added,
        Some("Deleted") => Kind::Removed,
        _ => Kind::Changed,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(diff: &Value) -> Vec<String> {
        differences(diff).iter().map(ToString::to_string).collect()
    }

    fn example() -> Value {
        let field = |kind: &str, name: &str, old: &str, new: &str| json!({ "Type": kind, "Name": name, "Old": old, "New": new });
        let task = json!({
            "Type": "Edited", "Name": "app",
            "Fields": [
                field("Edited", "Env[KEY]", "earlier-secret", "secret"), field("None", "Driver", "docker", "docker"),
                field("Added", "Env[deployment_id]", "", "7"), field("Added", "User", "", "web"),
            ],
            "Objects": [{ "Type": "Edited", "Name": "Resources", "Fields": [field("Deleted", "CPU", "100", "")] }],
        });
        let group = json!({
            "Type": "Edited", "Name": "web", "Fields": [field("Edited", "Count", "1", "2")],
            "Tasks": [task, { "Type": "Deleted", "Name": "old" }],
        });
        json!({ "Type": "Edited", "TaskGroups": [group, { "Type": "Added", "Name": "more" }] })
    }

    #[test]
    fn each_difference_names_its_place_and_both_values() {
        let wanted = [
            r#"group web: Count "1" → "2""#,
            r#"task app: Env[KEY] "earlier-secret" → "secret""#,
            r#"task app: Env[deployment_id] "7" is added"#,
            r#"task app: User "web" is added"#,
            r#"task app: Resources.CPU "100" is removed"#,
            "task old is removed",
            "group more is added",
        ];
        assert_eq!(told(&example()), wanted);
        assert!(told(&json!({ "Type": "Added", "Fields": [{ "Type": "Added", "Name": "ID" }] })).is_empty());
    }

    #[test]
    fn a_sensitive_job_shows_no_value_neither_a_new_one_nor_the_registered_one() {
        let all = differences(&example());
        let shown =
            |one: &JobDifference| one.without_values(|text| Some(text.to_owned())).unwrap().to_string();
        let shown: Vec<_> = all.iter().map(shown).collect();
        assert_eq!(shown[1], "task app: Env[KEY] (values not shown)");
        assert_eq!(shown[4], "task app: Resources.CPU is removed");
        assert!(!shown.concat().contains("secret"), "{shown:?}");
        assert!(all[0].without_values(|_| None).is_none());
    }
}
