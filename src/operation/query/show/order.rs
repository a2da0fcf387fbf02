//! The order of the turns, for a page.

use serde_json::{Value, json};

use crate::model;
use crate::operation::query::find_run::Found;

/// The order that the run noted. For runs of earlier versions, and for a plan whose run is gone, that of the pillar.
pub fn order(found: &Found) -> Value {
    if let Some(order) = found.run.as_ref().and_then(|run| run.history.began.order.as_ref()) {
        return json!(order);
    }
    json!({ "waits_for": model::edges(&found.draft), "of_pillar": true })
}
