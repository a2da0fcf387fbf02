//! Sums over a report that was stored or came back from Salt.

use serde_json::Value;

use super::Counts;

impl Counts {
    /// The changes of all components. In a run that makes changes, those that policy stopped were not made.
    pub fn of_report(report: &Value) -> Self {
        let components = report["components"].as_object().into_iter().flatten();
        let counted = components.filter(|(_, one)| report["test"] == true || one["status"] != "blocked");
        counted.fold(Self::default(), |mut total, (_, one)| {
            total += serde_json::from_value(one["changes"].clone()).unwrap_or_default();
            total
        })
    }
}
