//! Reads everything and runs nothing.

use std::collections::BTreeMap;

use serde_json::json;

use super::Call;
use super::arguments::Arguments;
use super::prepare::prepare;
use super::summary::Opening;
use crate::model::Overrides;
use crate::report::Report;

pub fn validate(call: &Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let environment = arguments.environment();
    arguments.value("minion");
    let opening = Opening::new("validate", environment.as_str(), false, &call.request.identity);
    match prepare(&call.request, &environment, &Overrides::default(), arguments.finish(), None, call.host) {
        Ok(prepared) => {
            let order = json!(prepared.blueprint.graph.order());
            opening.report(BTreeMap::new(), BTreeMap::from([("order".to_owned(), order)]))
        }
        Err(error) => opening.failed(error),
    }
}
