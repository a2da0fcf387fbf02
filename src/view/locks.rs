//! Draws the locks of an environment, one line each.

use serde_json::Value;

use super::quote;

/// `networking  id 4f0c...  since 2026-01-01T00:00:00Z  orchestrate by root on infra-1, process 4711, run 01JD3K`
pub fn locks(environment: &str, locks: &[Value]) -> String {
    let many = if locks.is_empty() { "nothing is locked" } else { "locked now" };
    let mut text = format!("{environment}: {many}\n");
    for lock in locks {
        let said = |key: &str| quote::line(&lock[key]);
        let holder = |key: &str| quote::line(&lock["holder"][key]);
        text.push_str(&format!(
            "  {}  id {}  since {}  {} by {} on {}, process {}, run {}\n",
            said("component"),
            said("id"),
            holder("since"),
            holder("operation"),
            holder("user"),
            holder("host"),
            lock["holder"]["pid"],
            holder("run_id"),
        ));
    }
    text
}
