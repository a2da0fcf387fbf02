//! Questions of the execution module about one component's state.

use serde_json::{Value, json};

use super::inspect::{Inspection, inspect};
use crate::change::SENSITIVE;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::Name;
use crate::operation::component::recorded_state;
use crate::operation::component::shown_outputs;
use crate::operation::exec::Invoker;
use crate::operation::exec::command_output::CommandOutput;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::{Call, unknown};
use crate::operation::request::question::Question;
use crate::terraform;

/// The question.
enum StateQuestion {
    Outputs,
    Output(String),
    Resources,
    State(Option<String>),
}

pub fn run(call: &Call<'_>, function: &str) -> Value {
    let mut arguments = Arguments::new(&call.request);
    let component = arguments.name("component");
    let asked = match function {
        "get_outputs" => StateQuestion::Outputs,
        "get_terraform_output" => match arguments.text("output_name") {
            Some(name) => StateQuestion::Output(name),
            None => {
                arguments.problem("output_name", "is missing: name one");
                StateQuestion::Outputs
            }
        },
        "get_resources" => StateQuestion::Resources,
        "get_state" => StateQuestion::State(arguments.text("resource")),
        _ => return failed(unknown(&format!("eos_terraform.{function}"))),
    };
    let question = Question::of_component(&component, arguments);
    let builder = question.report_builder("inspect", &call.request.identity);
    let answer = inspect(call, &builder, question, async |inspection| {
        answer(&inspection, &component, &asked).await.map_err(|error| error.of(&component))
    });
    match answer {
        Ok(mut answer) => {
            answer["result"] = true.into();
            answer["retcode"] = 0.into();
            answer
        }
        Err(error) => failed(error),
    }
}

fn failed(error: Error) -> Value {
    json!({ "result": false, "error": error, "retcode": 1 })
}

async fn answer(inspection: &Inspection<'_>, component: &Name, question: &StateQuestion) -> Result<Value> {
    let paths = inspection.session.call.layout.component(component)?;
    let refuse = |code, message: String, remedy: &'static str| {
        Error::new(Layer::Salt, Phase::Verification, code, message, remedy)
    };
    let never = || refuse(Code::NeverRanHere, "it has no state here".to_owned(), "apply it first");
    let invoker = inspection.invoker(component, &paths).await?.ok_or_else(never)?;
    match question {
        StateQuestion::Outputs => {
            let state = recorded_state::whole(&invoker).await?.ok_or_else(never)?;
            Ok(json!({ "outputs": shown_outputs::masked(&invoker.context.redactor, &state) }))
        }
        StateQuestion::Output(name) => {
            let state = recorded_state::whole(&invoker).await?.ok_or_else(never)?;
            let mut outputs = shown_outputs::masked(&invoker.context.redactor, &state);
            let declared = &inspection.session.modules[component].interface.outputs;
            let value = outputs.remove(name).ok_or_else(|| {
                if declared.contains_key(name) {
                    let message = format!("output {name:?} has no value yet");
                    return refuse(Code::MissingOutput, message, "apply the component first");
                }
                let has = outputs.keys().cloned().collect::<Vec<_>>().join(", ");
                refuse(
                    Code::NoSuchOutput,
                    format!("it has no output {name:?}; its outputs: {has}"),
                    "name one of these",
                )
            })?;
            Ok(json!({ "value": value }))
        }
        StateQuestion::Resources => {
            let resources = resources(&invoker).await?;
            let short = |one: &Value| json!({ "address": one["address"], "type": one["type"], "name": one["name"], "mode": one["mode"] });
            Ok(json!({ "resources": resources.iter().map(short).collect::<Vec<_>>() }))
        }
        StateQuestion::State(only) => {
            let mut resources = resources(&invoker).await?;
            if let Some(address) = only {
                resources.retain(|one| one["address"] == address.as_str());
                if resources.is_empty() {
                    let message = format!("its state has no resource {address:?}");
                    return Err(refuse(Code::NoSuchResource, message, "get_resources lists all resources"));
                }
            }
            Ok(json!({ "state": resources }))
        }
    }
}

/// Every resource of the state. Its sensitive values are masked.
async fn resources(invoker: &Invoker<'_>) -> Result<Vec<Value>> {
    let arguments = terraform::show_state(invoker.context.state().as_deref());
    let (exit, text) = invoker.document("show", arguments, invoker.context.component.timeouts.plan).await?;
    if exit.code != Some(0) {
        let output = CommandOutput { exit, diagnostics: Vec::new() };
        return Err(invoker.failure("show", Phase::Verification, &output));
    }
    let document: Value = serde_json::from_slice(&text).unwrap_or_default();
    let mut found = Vec::new();
    collect(&document["values"]["root_module"], &mut found);
    let outputs = document["values"]["outputs"].as_object().into_iter().flatten();
    invoker
        .context
        .redactor
        .add(outputs.filter(|(_, one)| one["sensitive"] == true).map(|(_, one)| &one["value"]));
    for one in &mut found {
        let marks = one["sensitive_values"].take();
        mask(&mut one["values"], &marks);
        invoker.context.redactor.value(one);
        if let Some(map) = one.as_object_mut() {
            map.remove("sensitive_values");
        }
    }
    Ok(found)
}

fn collect(module: &Value, found: &mut Vec<Value>) {
    found.extend(module["resources"].as_array().into_iter().flatten().cloned());
    for child in module["child_modules"].as_array().into_iter().flatten() {
        collect(child, found);
    }
}

/// Masks the values that Terraform marks as sensitive. The marks have the shape of the values.
fn mask(value: &mut Value, marks: &Value) {
    match (value, marks) {
        (value, Value::Bool(true)) => *value = SENSITIVE.into(),
        (Value::Object(map), Value::Object(marks)) => {
            for (key, marks) in marks {
                if let Some(inner) = map.get_mut(key) {
                    mask(inner, marks);
                }
            }
        }
        (Value::Array(items), Value::Array(marks)) => {
            items.iter_mut().zip(marks).for_each(|(item, marks)| mask(item, marks));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_terraform_marks_sensitive_are_masked_at_every_depth() {
        let mut value = json!({ "a": 1, "b": { "c": "secret", "d": ["x", "y"] } });
        mask(&mut value, &json!({ "b": { "c": true, "d": [false, true] } }));
        assert_eq!(value, json!({ "a": 1, "b": { "c": SENSITIVE, "d": ["x", SENSITIVE] } }));
    }
}
