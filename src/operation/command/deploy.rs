//! Deploys one service by its name, and reports whether it is healthy.

use serde_json::{Value, json};

use super::one_component::{of_one, wanted};
use crate::model::{self, Name, Overrides};
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::operation::run::run_request::RunRequest;

/// `deploy_nomad_service(service_name, environment, service_config)`: returns the same as an apply.
pub(super) fn nomad_service(call: &Call<'_>) -> Value {
    deploy(call, "deploy_nomad_service", "service_name")
}

/// `deploy_service(service, environment, service_config)`: the same, with `healthy`, which is null in a test.
pub(super) fn service(call: &Call<'_>) -> Value {
    let mut value = deploy(call, "deploy_service", "service");
    value["healthy"] = match value["test"].as_bool() {
        Some(true) => Value::Null,
        _ => json!(value["result"] == json!(true)),
    };
    value
}

fn deploy(call: &Call<'_>, operation: &'static str, key: &'static str) -> Value {
    let mut arguments = Arguments::new(&call.request);
    let service = arguments.name(key);
    let config = arguments.value("service_config").map(|config| (service.clone(), config));
    // Older callers pass it. A deployment applies anyway, and policy decides what needs approval.
    arguments.flag("auto_approve");
    let component = Name::new(&model::component_name(service.as_str())).unwrap_or_else(|_| service.clone());
    let environment = arguments.environment();
    let wanted = wanted(&mut arguments, call, operation, environment, &component);
    let overrides = Overrides { service: config, ..Overrides::default() };
    of_one(call, &component, RunRequest { overrides, problems: arguments.finish(), ..wanted })
}
