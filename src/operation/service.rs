//! What a service becomes: its module and its job, without running anything.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Call;
use super::arguments::Arguments;
use super::module::shape;
use super::prepare::{Prepared, prepare};
use super::summary::Opening;
use crate::error::{Error, Result};
use crate::model::{self, Input, Name, Node, Overrides, PillarPath, Problem, Source};
use crate::render;

/// `files` by their paths in the module, and `job`: null where only a run can tell.
pub fn generate(call: &Call<'_>) -> Value {
    let mut arguments = Arguments::new(&call.request);
    let service = arguments.name("service");
    let environment = arguments.environment();
    let config = arguments.value("service_config").map(|config| (service.clone(), config));
    arguments.value("minion");
    let opening = Opening::new("generate_nomad_job", environment.as_str(), false, &call.request.identity);
    let overrides = Overrides { service: config, ..Overrides::default() };
    let prepared = prepare(&call.request, &environment, &overrides, arguments.finish(), None, call.host);
    match prepared.and_then(|prepared| generated(&prepared, &service)) {
        Ok(extra) => shape(opening.report(BTreeMap::new(), extra)),
        Err(error) => shape(opening.failed(error)),
    }
}

fn generated(prepared: &Prepared, service: &Name) -> Result<BTreeMap<String, Value>> {
    let component = model::component_name(service.as_str());
    let nodes = &prepared.blueprint.nodes;
    let found = nodes.get_key_value(component.as_str());
    let Some((name, Node { component, .. })) = found else { return Err(unknown(prepared, service)) };
    let Some(Source::Service(source)) = &component.source else { return Err(unknown(prepared, service)) };
    let mut files = BTreeMap::new();
    for file in &prepared.modules[name].files {
        files.insert(file.path.clone(), String::from_utf8_lossy(&file.bytes()?).into_owned());
    }
    let literals = component.inputs.iter().filter_map(|(variable, input)| match input {
        Input::Literal(value) => Some((variable.as_str(), value)),
        _ => None,
    });
    let job = render::job(source, &literals.collect());
    Ok(BTreeMap::from([
        ("service".to_owned(), json!(service)),
        ("component".to_owned(), json!(name)),
        ("files".to_owned(), json!(files)),
        ("job".to_owned(), json!(job)),
    ]))
}

fn unknown(prepared: &Prepared, service: &Name) -> Error {
    let nodes = &prepared.blueprint.nodes;
    let is_service = |node: &Node| matches!(node.component.source, Some(Source::Service(_)));
    let known = nodes.iter().filter(|(_, node)| is_service(node));
    let known = known.filter_map(|(name, _)| model::service_name(name.as_str()));
    let message = format!(
        "no service {:?} in {}; {}",
        service.as_str(),
        prepared.blueprint.environment,
        model::hint(service.as_str(), known)
    );
    model::refusal(vec![Problem::new(&PillarPath::arguments().child("service"), message)])
}
