//! Sums over a report that was stored or came back from Salt.

use serde_json::Value;

use super::Counts;

impl Counts {
    /// The changes of all components. In a run that makes changes, those that were only planned or that policy stopped
    /// were not made.
    pub fn of_report(report: &Value) -> Self {
        let components = report["components"].as_object().into_iter().flatten();
        let is_made = |one: &Value| !matches!(one["status"].as_str(), Some("blocked" | "planned"));
        let counted = components.filter(|(_, one)| report["test"] == true || is_made(one));
        counted.fold(Self::default(), |mut total, (_, one)| {
            total += serde_json::from_value(one["changes"].clone()).unwrap_or_default();
            total
        })
    }
}
