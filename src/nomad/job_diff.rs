//! The difference between two versions of a job, as Nomad's plan gives it.

use serde_json::Value;

/// Maximum number of differences that are shown.
const MOST: usize = 12;

/// Such as `task web: Resources.MemoryMB "20" → "21"`. Empty if the job is new.
pub fn differences(diff: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if diff["Type"] == "Edited" {
        walk(diff, "", "", &mut found);
    }
    if found.len() > MOST {
        let more = found.len() - MOST;
        found.truncate(MOST);
        found.push(format!("and {more} more"));
    }
    found
}

/// `part`: the group or the task. `at`: the names of the blocks in it.
fn walk(node: &Value, part: &str, at: &str, found: &mut Vec<String>) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |key: &str| node[key].as_array().into_iter().flatten().filter(|one| one["Type"] != "None");
    for field in list("Fields") {
        let name = text(&field["Name"]);
        // Eos makes a new one for each deployment.
        if name == "deployment_id" {
            continue;
        }
        let (old, new) = (&field["Old"], &field["New"]);
        found.push(match field["Type"].as_str() {
            Some("Added") => format!("{part}{at}{name} {new} is added"),
            Some("Deleted") => format!("{part}{at}{name} {old} is removed"),
            _ => format!("{part}{at}{name} {old} → {new}"),
        });
    }
    for block in list("Objects") {
        walk(block, part, &format!("{at}{}.", text(&block["Name"])), found);
    }
    for (key, kind) in [("TaskGroups", "group"), ("Tasks", "task")] {
        for one in list(key) {
            let part = format!("{kind} {}", text(&one["Name"]));
            match one["Type"].as_str() {
                Some("Added") => found.push(format!("{part} is added")),
                Some("Deleted") => found.push(format!("{part} is removed")),
                _ => walk(one, &format!("{part}: "), "", found),
            }
        }
    }
}
