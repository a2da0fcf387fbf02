//! The order in which components run, and why.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::graph::Graph;
use crate::model::{Blueprint, Name};
use crate::operation::blueprint::{select, today};
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::report::Report;

pub fn graph(call: &Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let environment = arguments.environment();
    let components = arguments.components(&environment);
    arguments.value("minion");
    let format = arguments.text("format");
    let draw: Option<fn(&Graph) -> String> = match format.as_deref() {
        None => None,
        Some("mermaid") => Some(Graph::mermaid),
        Some("dot") => Some(Graph::dot),
        Some(_) => {
            arguments.problem("format", "must be one of: mermaid, dot");
            None
        }
    };
    let builder = ReportBuilder::new("graph", environment.as_str(), false, &call.request.identity);
    let drawn = today(call, &environment, arguments.finish()).and_then(|prepared| {
        let selected = select(&prepared.blueprint, components, false)?;
        Ok(facts(&prepared.blueprint, &prepared.blueprint.graph.restricted(&selected), draw))
    });
    match drawn {
        Ok(extra) => builder.report(BTreeMap::new(), extra),
        Err(error) => builder.failed(error),
    }
}

fn facts(
    blueprint: &Blueprint,
    graph: &Graph,
    draw: Option<fn(&Graph) -> String>,
) -> BTreeMap<String, Value> {
    let edges: Vec<_> = graph
        .names()
        .flat_map(|name| graph.dependencies(name).iter().map(move |needed| (name, needed)))
        .map(|(name, needed)| json!({ "from": name, "to": needed, "outputs": outputs(blueprint, name, needed) }))
        .collect();
    let mut facts =
        BTreeMap::from([("order".to_owned(), json!(graph.order())), ("edges".to_owned(), edges.into())]);
    if let Some(draw) = draw {
        facts.insert("drawing".to_owned(), draw(graph).into());
    }
    facts
}

/// The outputs of `needed` that the component reads. None if only the order matters.
fn outputs(blueprint: &Blueprint, name: &Name, needed: &Name) -> Vec<String> {
    let mut outputs: Vec<_> = blueprint.nodes[name]
        .component
        .reads()
        .filter(|reference| &reference.component == needed)
        .map(|reference| reference.output.clone())
        .collect();
    outputs.sort_unstable();
    outputs.dedup();
    outputs
}
