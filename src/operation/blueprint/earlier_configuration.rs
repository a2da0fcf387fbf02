//! A component with an earlier configuration: another module and other inputs, in the same workdir.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::command_line::command;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{Component, Input, Node, Source, output, reference};
use crate::resolve::{self, Module};
use crate::snapshot::{Configuration, SnapshotStore, ValueOrigin};
use crate::words::words;

/// The same as `target`, to be applied: an error if a value is not stored.
pub fn whole(
    node: &Node,
    configuration: &Configuration,
    store: &SnapshotStore,
    folder: &Path,
) -> Result<(Node, Arc<Module>)> {
    let found = target(node, configuration, store, folder)?;
    match found.0.missing_variables.first() {
        None => Ok(found),
        Some(variable) => {
            let reason = format!("variable {variable:?}: its value is no longer in the pillar or the call");
            Err(unusable(&reason))
        }
    }
}

/// Lays the module out in `folder`, which must be empty or absent, and reads it.
///
/// Values from other components are read anew. A sensitive value from the pillar is today's. A value that a call gave
/// and that is not stored is lacking.
pub fn target(
    node: &Node,
    configuration: &Configuration,
    store: &SnapshotStore,
    folder: &Path,
) -> Result<(Node, Arc<Module>)> {
    store.materialise(configuration, folder)?;
    let module = resolve::laid_out(folder, &configuration.subdir, node.component.dialect)
        .map_err(|reason| unusable(&reason))?;
    let text = store.object(&configuration.variables)?;
    let values: Map<String, Value> =
        serde_json::from_slice(&text).map_err(|error| unusable(&error.to_string()))?;
    let mut component = Component {
        source: Some(Source::Path { root: folder.to_owned(), subdir: configuration.subdir.clone() }),
        step: None,
        template: None,
        inputs: values.into_iter().map(|(name, value)| (name, Input::Literal(value))).collect(),
        literals_are_stored: true,
        ..node.component.clone()
    };
    let mut lacks = BTreeSet::new();
    for (variable, origin) in configuration.outputs.iter().chain(&configuration.secrets) {
        let input = match origin {
            ValueOrigin::Output(text) => output(text).map(Input::Output),
            ValueOrigin::Outputs(texts) => {
                texts.iter().map(|text| output(text)).collect::<Result<_, _>>().map(Input::Outputs)
            }
            ValueOrigin::Reference(text) => reference(text).map(Input::Secret),
            ValueOrigin::Pillar => match node.component.inputs.get(variable) {
                Some(literal @ Input::Literal(_)) => Ok(literal.clone()),
                _ => {
                    lacks.insert(variable.clone());
                    continue;
                }
            },
        };
        let input = input.map_err(|reason| unusable(&format!("variable {variable:?}: {reason}")))?;
        component.inputs.insert(variable.clone(), input);
    }
    component.declared = declared(&component);
    let interface = module.interface.clone();
    let deployment_id = configuration.deployment_id.clone();
    Ok((Node { component, interface, deployment_id, missing_variables: lacks }, Arc::new(module)))
}

/// The sources of these inputs: a later destroy needs them.
fn declared(component: &Component) -> Map<String, Value> {
    let (mut outputs, mut secrets) = (Map::new(), Map::new());
    for (variable, input) in &component.inputs {
        match input {
            Input::Literal(_) => {}
            Input::Output(one) => drop(outputs.insert(variable.clone(), one.to_string().into())),
            Input::Outputs(many) => {
                let many: Vec<_> = many.iter().map(ToString::to_string).collect();
                outputs.insert(variable.clone(), many.into());
            }
            Input::Secret(one) => drop(secrets.insert(variable.clone(), one.to_string().into())),
        }
    }
    let mut declared = component.declared.clone();
    declared.insert("from_outputs".to_owned(), outputs.into());
    declared.insert("secrets".to_owned(), secrets.into());
    declared
}

fn unusable(reason: &str) -> Error {
    let message = format!("the earlier configuration cannot be planned: {reason}");
    let remedy = words!["correct the pillar, then: ", command("orchestrate").here()];
    Error::new(Layer::Host, Phase::Rollback, Code::ConfigurationUnusable, message, remedy)
}
