//! Reads everything and runs nothing.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::{Name, Node};
use crate::operation::blueprint::{draft, today};
use crate::operation::component::inputs::lacking;
use crate::operation::component::reports::ended;
use crate::operation::request::answer::Opening;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::report::{ComponentReport, Report};

/// False also where a component lacks a required variable: it cannot be brought up by the pillar alone.
pub fn validate(call: &Call<'_>) -> Report {
    read(call, Opening::report)
}

/// In which order components are brought up. What one lacks does not change that.
pub fn order(call: &Call<'_>) -> Report {
    read(call, Opening::answer)
}

type Answer = fn(Opening, BTreeMap<Name, ComponentReport>, BTreeMap<String, Value>) -> Report;

fn read(call: &Call<'_>, answer: Answer) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let environment = arguments.environment();
    arguments.value("minion");
    let opening = Opening::new("validate", environment.as_str(), false, &call.request.identity);
    match today(call, &environment, arguments.finish()) {
        Ok(prepared) => {
            let mut extra = BTreeMap::from([("order".to_owned(), json!(prepared.blueprint.graph.order()))]);
            let nodes = &prepared.blueprint.nodes;
            let notes: BTreeMap<_, _> = nodes
                .iter()
                .filter(|(_, node)| !node.interface.notes.is_empty())
                .map(|(name, node)| (name, &node.interface.notes))
                .collect();
            if !notes.is_empty() {
                extra.insert("notes".to_owned(), json!(notes));
            }
            let lacks = |(name, node): (&Name, &Node)| Some((name.clone(), ended(lacking::note(node)?)));
            answer(opening, nodes.iter().filter_map(lacks).collect(), extra)
        }
        Err(error) => opening.failed(error),
    }
}

/// Which environment a call is about; nothing else of the pillar is read.
pub fn which_environment(call: &Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let environment = arguments.environment();
    let opening = Opening::new("which_environment", environment.as_str(), false, &call.request.identity);
    match arguments.check().and_then(|()| draft(&call.request, &environment)) {
        Ok(_) => opening.report(BTreeMap::new(), BTreeMap::new()),
        Err(error) => opening.failed(error),
    }
}
