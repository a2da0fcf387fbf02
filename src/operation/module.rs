//! What the execution module's functions return: small shapes over the same operations.

use serde_json::Value;

use super::arguments::Arguments;
use super::environment::{self, Wanted, Wish};
use super::rollback::{self, Asked};
use super::summary::Opening;
use super::{Call, approve, deploy, drift, dump, ensure, inject, measure, runs, service, surgery, validate};
use crate::decide::is_id;
use crate::model::{Name, Overrides};
use crate::report::Report;

pub fn run(call: &Call<'_>, function: &str) -> Value {
    match function {
        "init_workspace" => one(call, "init_workspace", |arguments, component, wanted| {
            let backend = arguments.value("backend_config").map(|backend| (component.clone(), backend));
            let upgrade = arguments.flag("upgrade");
            let overrides = Overrides { backend, ..wanted.overrides };
            Wanted { wish: Wish::Prepare, upgrade, overrides, ..wanted }
        }),
        "plan" => one(call, "plan", |arguments, _, wanted| {
            let wish = if arguments.flag("destroy") { Wish::KeepDestroy } else { Wish::Keep };
            Wanted { wish, test: true, upgrade: arguments.flag("upgrade"), ..wanted }
        }),
        "apply" => apply(call),
        "approve" => shape(approve::approve(call)),
        "destroy" => one_named(call, "destroy", |arguments, _, wanted| {
            let approved = arguments.flag("auto_approve") && !wanted.test;
            Wanted {
                wish: if approved { Wish::Destroy } else { Wish::PreviewDestroy },
                test: !approved,
                ..wanted
            }
        }),
        "rollback_to_snapshot" => one_named(call, "rollback_to_snapshot", |arguments, _, wanted| {
            let snapshot_id = Some(arguments.run_id("snapshot_id"));
            let named = Some(&wanted.environment).filter(|_| arguments.is_right());
            let confirmed = arguments.confirmed(named);
            let asked = Asked { snapshot_id, confirmed, shown: wanted.test, ..Asked::default() };
            Wanted { operation: rollback::OPERATION, wish: Wish::RollBack(asked), ..wanted }
        }),
        "detect_drift" => drift::detect_drift(call),
        "ensure_infrastructure" => ensure::run(call),
        "import_resource" => surgery::run(call, "import_resource"),
        "move_resource" => surgery::run(call, "move_resource"),
        "remove_resource" => surgery::run(call, "remove_resource"),
        "inject_credentials" => inject::inject_credentials(call),
        "validate_pillar" => shape(validate::validate(call)),
        "deploy_nomad_service" => deploy::nomad_service(call),
        "deploy_service" => deploy::service(call),
        "generate_nomad_job" => service::generate(call),
        "nomad_validate_job" => service::validate(call),
        "diagnose" => service::diagnose(call),
        "get_deployment_order" => shape(validate::order(call)),
        "which_environment" => shape(validate::which_environment(call)),
        "component_is_healthy" => measure::component_is_healthy(call),
        _ => dump::run(call, function),
    }
}

fn apply(call: &Call<'_>) -> Value {
    let request = &call.request;
    let mut arguments = Arguments::new(request);
    // A plan is named by its id, or by the file that `plan` returned.
    let plan_id = arguments.text("plan_file").map(|file| {
        let folder = std::path::Path::new(&file).parent().and_then(|folder| folder.file_name());
        folder.map_or(file.clone(), |folder| folder.to_string_lossy().into_owned())
    });
    let environment = match &plan_id {
        None => Ok(arguments.environment()),
        Some(plan_id) if is_id(plan_id) => runs::environment_of_plan(&mut arguments, request, plan_id),
        Some(_) => {
            arguments.problem("plan_file", "is neither a plan_id nor a plan_file that plan returned");
            Ok(arguments.environment())
        }
    };
    let environment = match environment {
        Ok(environment) => environment,
        Err(error) => return shape(Opening::new("apply", "", false, &request.identity).failed(error)),
    };
    run_one(call, "apply", arguments, environment, |arguments, _, wanted| {
        let approved = arguments.flag("auto_approve");
        let retry = arguments.retry(&request.identity);
        let wish = match (plan_id, wanted.test, approved) {
            (Some(plan_id), false, _) => Wish::ApplyKept(plan_id),
            (Some(plan_id), true, _) => Wish::ShowKept(plan_id),
            (None, false, true) => Wish::Apply,
            // Without a plan and without approval it only plans.
            (None, ..) => Wish::Preview,
        };
        let test = matches!(wish, Wish::Preview | Wish::ShowKept(_));
        Wanted { wish, test, retry, ..wanted }
    })
}

/// Runs one component; `want` reads what else the function takes.
pub fn one(
    call: &Call<'_>,
    operation: &'static str,
    want: impl FnOnce(&mut Arguments, &Name, Wanted) -> Wanted,
) -> Value {
    let mut arguments = Arguments::new(&call.request);
    let environment = arguments.environment();
    run_one(call, operation, arguments, environment, want)
}

/// The same where only the call may name the environment.
fn one_named(
    call: &Call<'_>,
    operation: &'static str,
    want: impl FnOnce(&mut Arguments, &Name, Wanted) -> Wanted,
) -> Value {
    let mut arguments = Arguments::new(&call.request);
    let environment = arguments.environment_in_the_call().unwrap_or_else(Arguments::placeholder);
    run_one(call, operation, arguments, environment, want)
}

fn run_one(
    call: &Call<'_>,
    operation: &'static str,
    mut arguments: Arguments,
    environment: Name,
    want: impl FnOnce(&mut Arguments, &Name, Wanted) -> Wanted,
) -> Value {
    let component = arguments.name("component");
    let overrides = arguments.inputs(&component);
    let wanted = wanted(&mut arguments, call, operation, environment, &component);
    let wanted = Wanted { overrides, ..wanted };
    let wanted = want(&mut arguments, &component, wanted);
    of_one(call, &component, Wanted { problems: arguments.finish(), ..wanted })
}

/// Of one component: a look at what would be done.
pub fn wanted(
    arguments: &mut Arguments,
    call: &Call<'_>,
    operation: &'static str,
    environment: Name,
    component: &Name,
) -> Wanted {
    Wanted {
        operation,
        environment,
        components: Some([component.clone()].into()),
        include_dependencies: false,
        overrides: Overrides::default(),
        test: arguments.test(&call.request.identity),
        wish: Wish::Preview,
        migrate_backend: false,
        upgrade: false,
        retry: false,
        resumes: None,
        problems: Vec::new(),
    }
}

/// What came of it, with the component's own keys beside the report's.
pub fn of_one(call: &Call<'_>, component: &Name, wanted: Wanted) -> Value {
    let mut value = shape(environment::run(call, wanted));
    if let Some(of_component) = value["components"].get(component.as_str()).cloned() {
        merge(&mut value, &of_component);
    }
    value
}

/// A report with the keys that users of an execution module look for.
pub fn shape(report: Report) -> Value {
    let retcode = report.retcode();
    let mut value = serde_json::to_value(report).unwrap_or_default();
    value["retcode"] = retcode.into();
    value
}

fn merge(value: &mut Value, component: &Value) {
    let counts = &component["changes"];
    let changed = ["add", "change", "remove", "import"].iter().any(|key| counts[key] != 0)
        || component["output_changes"].as_object().is_some_and(|outputs| !outputs.is_empty());
    value["changes_present"] = changed.into();
    for key in ["status", "reason", "changes", "resource_changes", "outputs", "output_changes"] {
        value[key] = component[key].clone();
    }
    if let Some(snapshot_id) = component.get("snapshot_id") {
        value["snapshot_id"] = snapshot_id.clone();
    }
    if value["error"].is_null() {
        value["error"] = component["error"].clone();
    }
    if let Some(plan_id) = value["plan_id"].as_str() {
        value["plan_file"] = plan_id.into();
        // A plan was asked for, and there it is.
        if value["result"].is_null() {
            value["result"] = true.into();
        }
    }
}
