//! What the execution module's functions return: small shapes over the same operations.

use serde_json::Value;

use super::arguments::Arguments;
use super::environment::{self, Wanted, Wish};
use super::rollback::{self, Asked};
use super::{Call, Identity, deploy, drift, dump, ensure, inject, measure, service, surgery, validate};
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
        "apply" => {
            one(call, "apply", |arguments, _, wanted| apply(arguments, &call.request.identity, wanted))
        }
        "destroy" => one(call, "destroy", |arguments, _, wanted| {
            let approved = arguments.flag("auto_approve") && !wanted.test;
            Wanted {
                wish: if approved { Wish::Destroy } else { Wish::PreviewDestroy },
                test: !approved,
                ..wanted
            }
        }),
        "rollback_to_snapshot" => one(call, "rollback_to_snapshot", |arguments, _, wanted| {
            let snapshot_id = Some(arguments.run_id("snapshot_id"));
            let confirmed = arguments.confirmed(&wanted.environment);
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
        "component_is_healthy" => measure::component_is_healthy(call),
        _ => dump::run(call, function),
    }
}

fn apply(arguments: &mut Arguments, identity: &Identity, wanted: Wanted) -> Wanted {
    let approved = arguments.flag("auto_approve");
    let retry = arguments.retry(identity);
    // A plan is named by its id, or by the file that `plan` returned.
    let plan_id = arguments.text("plan_file").map(|file| {
        let folder = std::path::Path::new(&file).parent().and_then(|folder| folder.file_name());
        folder.map_or(file.clone(), |folder| folder.to_string_lossy().into_owned())
    });
    if let Some(id) = &plan_id
        && ulid::Ulid::from_string(id).is_err()
    {
        arguments.problem("plan_file", "is neither a plan_id nor a plan_file that plan returned");
    }
    let wish = match (plan_id, wanted.test, approved) {
        (Some(plan_id), false, _) => Wish::ApplyKept(plan_id),
        (Some(plan_id), true, _) => Wish::ShowKept(plan_id),
        (None, false, true) => Wish::Apply,
        // Without a plan and without approval it only plans.
        (None, ..) => Wish::Preview,
    };
    let test = matches!(wish, Wish::Preview | Wish::ShowKept(_));
    Wanted { wish, test, retry, ..wanted }
}

/// Runs one component; `want` reads what else the function takes.
pub fn one(
    call: &Call<'_>,
    operation: &'static str,
    want: impl FnOnce(&mut Arguments, &Name, Wanted) -> Wanted,
) -> Value {
    let mut arguments = Arguments::new(&call.request);
    let component = arguments.name("component");
    let overrides = arguments.inputs(&component);
    let wanted = Wanted { overrides, ..wanted(&mut arguments, call, operation, &component) };
    let wanted = want(&mut arguments, &component, wanted);
    of_one(call, &component, Wanted { problems: arguments.finish(), ..wanted })
}

/// Of one component: a look at what would be done.
pub fn wanted(
    arguments: &mut Arguments,
    call: &Call<'_>,
    operation: &'static str,
    component: &Name,
) -> Wanted {
    Wanted {
        operation,
        environment: arguments.environment(),
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
