//! The return values of the execution module's functions: small formats over the same operations.

use serde_json::Value;

use super::one_component::{one, one_named, run_one};
use super::{approve, deploy, ensure, locks, state_edit};
use crate::command_line::command;
use crate::decide::is_id;
use crate::journal;
use crate::model::Overrides;
use crate::operation::intent::rollback::RollbackRequest;
use crate::operation::intent::{Destruction, Intent, Mode, Options, What};
use crate::operation::query::{credentials, drift, find_run, health, service, state, validate};
use crate::operation::request::answer::{ReportBuilder, shape};
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::operation::run::run_request::RunRequest;
use crate::words::words;

pub fn run(call: &Call<'_>, function: &str) -> Value {
    match function {
        "init_workspace" => one(call, "init_workspace", |arguments, component, wanted| {
            let backend = arguments.value("backend_config").map(|backend| (component.clone(), backend));
            let upgrade = arguments.flag("upgrade");
            let overrides = Overrides { backend, ..wanted.overrides };
            let options = Options { upgrade, ..Options::default() };
            let intent = Intent { what: What::Init, options, ..wanted.intent };
            RunRequest { intent, overrides, ..wanted }
        }),
        "plan" => one(call, "plan", |arguments, _, wanted| {
            let destruction = Destruction::confirmed(arguments.flag("preserve_data"));
            let destroys = arguments.flag("destroy");
            let what = if destroys { What::Destroy(destruction) } else { What::Configuration };
            let options = Options { upgrade: arguments.flag("upgrade"), ..Options::default() };
            RunRequest { intent: Intent { what, mode: Mode::SavePlans, options }, ..wanted }
        }),
        "apply" => apply(call),
        "apply_terraform" => one(call, "apply", |_, _, wanted| wanted),
        "acquire_terraform_lock" => locks::taken_by_each_run(call),
        "approve" => shape(approve::approve(call)),
        "destroy" => one_named(call, "destroy", |arguments, _, wanted| {
            let approved = arguments.flag("auto_approve") && !wanted.intent.is_test();
            let what = What::Destroy(Destruction::confirmed(arguments.flag("preserve_data")));
            RunRequest { intent: Intent::new(what, Mode::of(!approved)), ..wanted }
        }),
        "rollback_to_snapshot" => one_named(call, "rollback_to_snapshot", |arguments, _, wanted| {
            let snapshot_id = Some(
                arguments
                    .run_id("snapshot_id", || words![command("snapshots").here(), " shows the snapshots"]),
            );
            let named = Some(&wanted.environment).filter(|_| arguments.is_right());
            let confirmed = arguments.confirmed(named);
            let what =
                What::Rollback(RollbackRequest { snapshot_id, confirmed, ..RollbackRequest::default() });
            let intent = Intent { what, ..wanted.intent };
            RunRequest { operation: journal::ROLLBACK, intent, ..wanted }
        }),
        "detect_drift" => drift::detect_drift(call),
        "ensure_infrastructure" => ensure::run(call),
        "import_resource" => state_edit::run(call, "import_resource"),
        "move_resource" => state_edit::run(call, "move_resource"),
        "remove_resource" => state_edit::run(call, "remove_resource"),
        "inject_credentials" => credentials::inject_credentials(call),
        "validate_pillar" => shape(validate::validate(call)),
        "deploy_nomad_service" => deploy::nomad_service(call),
        "deploy_service" => deploy::service(call),
        "generate_nomad_job" => service::generate(call),
        "nomad_validate_job" => service::validate(call),
        "diagnose" => service::diagnose(call),
        "get_deployment_order" => shape(validate::order(call)),
        "which_environment" => shape(validate::which_environment(call)),
        "component_is_healthy" => health::component_is_healthy(call),
        _ => state::run(call, function),
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
        Some(plan_id) if is_id(plan_id) => find_run::environment_of_plan(&mut arguments, request, plan_id),
        Some(_) => {
            arguments.problem("plan_file", "is neither a plan_id nor a plan_file from a result of plan");
            Ok(arguments.environment())
        }
    };
    let environment = match environment {
        Ok(environment) => environment,
        Err(error) => return shape(ReportBuilder::new("apply", "", false, &request.identity).failed(error)),
    };
    run_one(call, "apply", arguments, environment, |arguments, _, wanted| {
        let approved = arguments.flag("auto_approve");
        let retry = arguments.retry(&request.identity);
        // Without a plan and without approval it makes a plan only.
        let test = wanted.intent.is_test() || (plan_id.is_none() && !approved);
        let what =
            plan_id.map_or(What::Configuration, |plan_id| What::SavedPlan { plan_id, destroys: false });
        let options = Options { retry, ..Options::default() };
        RunRequest { intent: Intent { what, mode: Mode::of(test), options }, ..wanted }
    })
}
