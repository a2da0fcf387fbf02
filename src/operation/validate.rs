//! Reads everything and runs nothing.

use std::collections::BTreeMap;

use serde_json::json;

use super::Call;
use super::arguments::Arguments;
use super::prepare::{Past, prepare};
use super::summary::Opening;
use crate::model::Overrides;
use crate::report::Report;

pub fn validate(call: &Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let environment = arguments.environment();
    arguments.value("minion");
    let opening = Opening::new("validate", environment.as_str(), false, &call.request.identity);
    match prepare(
        &call.request,
        &environment,
        &Overrides::default(),
        arguments.finish(),
        Past::NONE,
        call.host,
    ) {
        Ok(prepared) => {
            let mut extra = BTreeMap::from([("order".to_owned(), json!(prepared.blueprint.graph.order()))]);
            let nodes = prepared.blueprint.nodes.iter();
            let notes: BTreeMap<_, _> = nodes
                .filter(|(_, node)| !node.interface.notes.is_empty())
                .map(|(name, node)| (name, &node.interface.notes))
                .collect();
            if !notes.is_empty() {
                extra.insert("notes".to_owned(), json!(notes));
            }
            opening.report(BTreeMap::new(), extra)
        }
        Err(error) => opening.failed(error),
    }
}
