//! A run of one component, for the functions of the execution module, and its answer.

use serde_json::{Value, json};

use crate::model::Name;
use crate::operation::intent::{Intent, Mode, What};
use crate::operation::request::answer::shape;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::operation::run;
use crate::operation::run::run_request::RunRequest;
use crate::report::Status;
use crate::view::returns;

/// Runs one component. `want` reads the other arguments of the function.
pub(super) fn one(
    call: &Call<'_>,
    operation: &'static str,
    want: impl FnOnce(&mut Arguments, &Name, RunRequest) -> RunRequest,
) -> Value {
    let mut arguments = Arguments::new(&call.request);
    let environment = arguments.environment();
    run_one(call, operation, arguments, environment, want)
}

/// The same, if only the call may name the environment.
pub(super) fn one_named(
    call: &Call<'_>,
    operation: &'static str,
    want: impl FnOnce(&mut Arguments, &Name, RunRequest) -> RunRequest,
) -> Value {
    let mut arguments = Arguments::new(&call.request);
    let environment = arguments.environment_in_the_call().unwrap_or_else(Arguments::placeholder);
    run_one(call, operation, arguments, environment, want)
}

pub(super) fn run_one(
    call: &Call<'_>,
    operation: &'static str,
    mut arguments: Arguments,
    environment: Name,
    want: impl FnOnce(&mut Arguments, &Name, RunRequest) -> RunRequest,
) -> Value {
    let component = arguments.name("component");
    let overrides = arguments.inputs(&component);
    let wanted = wanted(&mut arguments, call, operation, environment, &component);
    let wanted = RunRequest { overrides, ..wanted };
    let wanted = want(&mut arguments, &component, wanted);
    of_one(call, &component, RunRequest { problems: arguments.finish(), ..wanted })
}

/// Its configuration is applied or, in a test, shown.
pub(super) fn wanted(
    arguments: &mut Arguments,
    call: &Call<'_>,
    operation: &'static str,
    environment: Name,
    component: &Name,
) -> RunRequest {
    let components = Some([component.clone()].into());
    let mode = Mode::of(arguments.test(&call.request.identity));
    RunRequest {
        components,
        ..RunRequest::new(operation, environment, Intent::new(What::Configuration, mode))
    }
}

/// The result, with the component's own keys beside those of the report.
pub(super) fn of_one(call: &Call<'_>, component: &Name, wanted: RunRequest) -> Value {
    let mut value = shape(run::run(call, wanted));
    if let Some(of_component) = value["components"].get(component.as_str()).cloned() {
        merge(&mut value, &of_component);
    }
    value
}

fn merge(value: &mut Value, component: &Value) {
    let counts = component["changes"].as_object().into_iter().flatten();
    // A move counts as nothing, and it is listed.
    let is_listed = |key: &str| {
        let list = &component[key];
        list.as_array().is_some_and(|list| !list.is_empty())
            || list.as_object().is_some_and(|list| !list.is_empty())
    };
    let changed = counts.into_iter().any(|(_, count)| count != 0)
        || (component["error"].is_null() && is_listed("resource_changes"))
        || is_listed("output_changes");
    value["changes_present"] = changed.into();
    for key in ["action_invocations", "deferred_changes", "warnings"] {
        if let Some(listed) = component.get(key) {
            value[key] = listed.clone();
        }
    }
    for key in ["status", "reason", "changes", "resource_changes", "outputs", "output_changes"] {
        value[key] = component[key].clone();
    }
    for change in value["resource_changes"].as_array_mut().into_iter().flatten() {
        change["action"] = change["actions"].clone();
    }
    let back = &component["rollback"];
    value["rollback_attempted"] = (!back.is_null()).into();
    if !back.is_null() {
        let is_back = component["status"] == Status::RolledBack.word();
        value["rollback_result"] = json!({ "result": is_back, "message": returns::message(component) });
    }
    if let Some(snapshot_id) = component.get("snapshot_id") {
        value["snapshot_id"] = snapshot_id.clone();
    }
    if value["error"].is_null() {
        value["error"] = component["error"].clone();
    }
    let message = returns::message(component);
    value["output"] = json!(message);
    value["message"] = json!(message);
    if value["operation"] == "plan" {
        value["valid"] = (value["result"] != json!(false)).into();
    }
    if let Some(plan_id) = value["plan_id"].as_str() {
        value["plan_file"] = plan_id.into();
        // A plan was requested, and it was made.
        if value["result"].is_null() {
            value["result"] = true.into();
        }
    }
}
