//! Counts the components of each status, the worst first.

use serde_json::Value;

use super::{quote, units};

const ORDER: [&str; 17] = [
    "rollback_failed",
    "failed",
    "unhealthy",
    "drifted",
    "rollback_needs_approval",
    "kept",
    "rolled_back",
    "blocked",
    "cancelled",
    "applied_with_warnings",
    "applied",
    "destroyed",
    "data_kept",
    "planned",
    "pending",
    "pending_inputs",
    "unchanged",
];

/// `["1 failed", "6 applied"]`.
pub fn counted<'a>(statuses: impl Iterator<Item = &'a Value>) -> Vec<String> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for status in statuses.filter(|status| status.is_string()).map(quote::line) {
        match counts.iter_mut().find(|(known, _)| *known == status) {
            Some((_, count)) => *count += 1,
            None => counts.push((status, 1)),
        }
    }
    counts.sort_by_key(|(status, _)| rank(status));
    counts.iter().map(|(status, count)| format!("{count} {}", units::word(status))).collect()
}

/// The place of a status in the order, the worst first. An unknown one is last.
pub fn rank(status: &str) -> usize {
    ORDER.iter().position(|known| *known == status).unwrap_or(ORDER.len())
}
