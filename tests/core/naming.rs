//! Claims about the environment of a call: a call never works on an environment that it does not name.

use eos::command_line::{CommandLine, Program};
use eos::operation::CallerIdentity;
use serde_json::{Value, json};

use crate::support::{NoSalt, Site, statuses};

const MODULE: &str = r#"
variable "environment" { type = string }
resource "terraform_data" "it" { input = var.environment }
output "where" { value = terraform_data.it.output }
"#;
const NOBODYS: &str = "01JD3KV6T0W8Q5YB4E2N9RZXCM";

/// A site with `net` in two environments, and with nothing applied yet.
fn two() -> Site {
    let mut site = Site::new();
    site.component("net", MODULE, json!({}));
    site.infrastructure["environments"] = json!({ "production": {}, "staging": {} });
    site
}

/// Calls an operation on a minion whose pillar has no key `environment`.
fn call(site: &Site, operation: &str, arguments: Value) -> Value {
    site.call(&NoSalt, CallerIdentity::default(), operation, arguments)
}

/// Calls an operation on a minion whose pillar has the key `environment`.
fn on(site: &Site, environment: &str, operation: &str, arguments: Value) -> Value {
    let identity = CallerIdentity { environment: Some(environment.to_owned()), ..CallerIdentity::default() };
    site.call(&NoSalt, identity, operation, arguments)
}

fn message(report: &Value) -> String {
    report["error"]["message"].as_str().unwrap_or_else(|| panic!("not refused: {report:#}")).to_owned()
}

fn refused(report: &Value, words: &[&str]) {
    let message = message(report);
    assert_eq!(report["result"], false, "{report:#}");
    for word in words {
        assert!(message.contains(word), "{word:?} is not in: {message}");
    }
}

fn exists(site: &Site, environment: &str) -> bool {
    let state = site.folder.path().join("root").join(environment).join("net/terraform.tfstate");
    std::fs::read_to_string(state).is_ok_and(|text| text.contains("terraform_data"))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

#[test]
fn any_call_that_names_none_of_several_environments_is_refused() {
    let mut site = two();
    site.infrastructure["services"] = json!({ "web": { "image": "web:1", "port": 80 } });
    let component = json!({ "component": "net" });
    let calls = [
        ("orchestrate", json!({})),
        ("orchestrate", json!({ "test": true })),
        ("plan", json!({ "environment": null })),
        ("resume", json!({})),
        ("acknowledge", json!({ "components": "net" })),
        ("promote", json!({})),
        ("remediate", json!({ "component": "net", "drift_id": "0f" })),
        ("sync_states", json!({})),
        ("state.apply", component.clone()),
        ("module.init_workspace", component.clone()),
        ("module.plan", component.clone()),
        ("module.apply", json!({ "component": "net", "auto_approve": true })),
        ("module.ensure_infrastructure", component.clone()),
        (
            "module.import_resource",
            json!({ "component": "net", "resource_address": "a.b", "resource_id": "1" }),
        ),
        ("module.deploy_nomad_service", json!({ "service_name": "web" })),
        ("module.deploy_service", json!({ "service": "web" })),
        // Queries follow the same rule.
        ("status", json!({})),
        ("validate", json!({})),
        ("history", json!({})),
        ("locks", json!({})),
        ("module.get_outputs", component),
        ("module.which_environment", json!({})),
    ];
    for (operation, arguments) in calls {
        let report = call(&site, operation, arguments);
        refused(&report, &["arguments:environment", "production, staging"]);
        assert_eq!(report["error"]["code"], "invalid", "{operation}: {report:#}");
        assert_eq!(report["retcode"], 1, "{operation}");
    }
    assert!(!site.folder.path().join("root").exists(), "something was made");
}

#[test]
fn the_call_wins_over_the_pillars_environment_and_that_over_the_default() {
    let mut site = two();
    let asked = |report: &Value| text(&report["environment"]);
    assert_eq!(asked(&on(&site, "staging", "validate", json!({}))), "staging");
    site.infrastructure["settings"]["default_environment"] = json!("production");
    assert_eq!(asked(&call(&site, "validate", json!({}))), "production");
    assert_eq!(asked(&on(&site, "staging", "validate", json!({}))), "staging");
    assert_eq!(asked(&on(&site, "staging", "validate", json!({ "env": "production" }))), "production");
    assert_eq!(asked(&on(&site, "staging", "module.which_environment", json!({}))), "staging");
    refused(&on(&site, "prod", "validate", json!({})), &["the pillar's key environment is \"prod\""]);
}

#[test]
fn the_only_environment_is_the_default_whatever_its_name_is() {
    for only in ["production", "staging"] {
        let mut site = two();
        site.infrastructure["environments"] = json!({ only: {} });
        let report = call(&site, "validate", json!({ "environment": null }));
        assert_eq!((&report["result"], &report["environment"]), (&json!(true), &json!(only)), "{report:#}");
    }
}

#[test]
fn the_default_of_the_settings_has_to_be_an_environment() {
    let mut site = two();
    site.infrastructure["settings"]["default_environment"] = json!("stagin");
    let named = call(&site, "validate", json!({ "environment": "staging" }));
    refused(&named, &["infrastructure:settings:default_environment", "did you mean \"staging\"?"]);
    refused(&call(&site, "validate", json!({})), &["default_environment is \"stagin\""]);
    site.infrastructure["settings"]["default_environment"] = json!(["staging"]);
    refused(
        &call(&site, "validate", json!({ "environment": "staging" })),
        &["must be the name of an environment"],
    );
    let mut site = two();
    site.infrastructure["environments"]["staging"] =
        json!({ "settings": { "default_environment": "staging" } });
    refused(
        &call(&site, "validate", json!({ "environment": "staging" })),
        &["the same for all environments"],
    );
}

#[test]
fn a_destroy_reads_no_default_and_confirm_alone_does_not_name_its_environment() {
    let mut site = two();
    site.infrastructure["settings"]["default_environment"] = json!("staging");
    let up = call(&site, "orchestrate", json!({}));
    assert_eq!(statuses(&up)["net"], "applied", "{up:#}");
    let component = json!({ "component": "net", "auto_approve": true });
    let calls = [
        ("destroy", json!({ "confirm": "staging" })),
        ("destroy", json!({ "test": true })),
        ("module.destroy", component.clone()),
        ("rollback", json!({ "components": "net", "confirm": "staging" })),
        ("staged_rollback", json!({ "components": "net" })),
        ("module.rollback_to_snapshot", json!({ "component": "net", "snapshot_id": NOBODYS })),
        ("unlock", json!({ "component": "net", "id": "an-id" })),
    ];
    for (operation, arguments) in calls.clone() {
        let report = on(&site, "staging", operation, arguments);
        refused(&report, &["arguments:environment", "the call must name it", "production, staging"]);
    }
    // The call must name it even if there is only one environment.
    site.infrastructure["environments"] = json!({ "staging": {} });
    for (operation, arguments) in calls {
        refused(&call(&site, operation, arguments), &["the call must name it"]);
    }
    assert!(exists(&site, "staging"));
    let other = call(&site, "destroy", json!({ "environment": "staging", "confirm": "production" }));
    refused(&other, &["set confirm=staging"]);
    let down = call(&site, "destroy", json!({ "environment": "staging", "confirm": "staging" }));
    assert_eq!(statuses(&down)["net"], "destroyed", "{down:#}");
}

#[test]
fn two_environments_in_one_call_are_refused_by_name_and_nothing_is_destroyed() {
    let site = two();
    let up = call(&site, "orchestrate", json!({ "environment": "staging" }));
    assert_eq!(statuses(&up)["net"], "applied", "{up:#}");
    let both = [
        json!({ "environment": "production", "workspace": "staging" }),
        json!({ "environment": "production", "env": "staging" }),
        json!({ "environment": null, "env": "production", "workspace": "staging" }),
        json!({ "environment": ["production", "staging"] }),
    ];
    for named in both {
        let of_one = ("module.destroy", json!({ "component": "net", "auto_approve": true }));
        let of_all = ("destroy", json!({ "confirm": "staging" }));
        for (operation, mut arguments) in [of_one, of_all, ("state.apply", json!({ "component": "net" }))] {
            arguments.as_object_mut().unwrap().extend(named.as_object().unwrap().clone());
            refused(
                &call(&site, operation, arguments),
                &["\"production\"", "\"staging\"", "two environments"],
            );
        }
    }
    assert!(exists(&site, "staging"));
    let same =
        json!({ "environment": "staging", "env": "staging", "workspace": "staging", "confirm": "staging" });
    assert_eq!(statuses(&call(&site, "destroy", same))["net"], "destroyed");
}

#[test]
fn an_id_of_a_plan_or_run_determines_the_environment_and_may_replace_it() {
    let site = two();
    let kept = text(&call(&site, "plan", json!({ "environment": "staging" }))["plan_id"]);
    for arguments in [
        json!({ "environment": "production", "plan_id": kept }),
        json!({ "environment": [kept, "production"], "plan_id": null }),
    ] {
        refused(&call(&site, "apply", arguments.clone()), &["is production", "belongs to staging"]);
        refused(&call(&site, "approve", arguments), &["is production", "belongs to staging"]);
    }
    let file = json!({ "component": "net", "plan_file": kept, "environment": "production" });
    refused(&call(&site, "module.apply", file), &["is production", "belongs to staging"]);
    // The pillar's environment does not count if there is an id.
    let applied = on(&site, "production", "apply", json!({ "environment": kept, "plan_id": null }));
    assert_eq!(statuses(&applied)["net"], "applied", "{applied:#}");
    assert_eq!(applied["environment"], "staging");
    assert!(exists(&site, "staging") && !exists(&site, "production"));
    let run_id = text(&applied["run_id"]);
    let run = json!({ "environment": run_id, "run_id": null });
    assert_eq!(call(&site, "show_run", run.clone())["run"]["run_id"], json!(run_id));
    assert_eq!(call(&site, "resume", run.clone())["error"]["code"], "run_complete");
    assert_eq!(call(&site, "cancel", run)["error"]["code"], "run_ended");
    for operation in ["show_run", "resume", "cancel"] {
        let other = json!({ "environment": "production", "run_id": run_id });
        refused(&call(&site, operation, other), &["is production", "belongs to staging"]);
        let unknown = json!({ "environment": NOBODYS });
        assert_eq!(call(&site, operation, unknown)["error"]["code"], "no_such_run");
    }
    for operation in ["apply", "approve"] {
        assert_eq!(
            call(&site, operation, json!({ "environment": NOBODYS }))["error"]["code"],
            "no_such_plan"
        );
    }
    refused(&call(&site, "orchestrate", json!({ "environment": run_id })), &["is the id of a run or a plan"]);
}

#[test]
fn the_old_order_is_refused_with_the_new_form_and_never_guessed() {
    let mut site = two();
    // The worst case: a component has the same name as an environment.
    site.infrastructure["environments"]["net"] = json!({});
    let calls = [
        ("unlock", json!({ "environment": "networking", "component": "6c8f2b1e-2f7b", "id": null })),
        ("unlock", json!({ "environment": ["networking", "staging"], "id": "6c8f2b1e" })),
        ("unlock", json!({ "environment": "net", "component": "abcdef-2f7b" })),
        ("staged_rollback", json!({ "environment": "web", "components": null })),
        ("staged_rollback", json!({ "environment": "net", "components": null })),
        ("staged_rollback", json!({ "environment": ["net,web", "staging"], "test": true })),
        ("remediate", json!({ "environment": ["net", "staging"], "drift_id": "0f" })),
        ("remediate", json!({ "environment": "net", "component": "ab12", "drift_id": null })),
        ("apply", json!({ "environment": NOBODYS, "plan_id": "staging" })),
        ("approve", json!({ "environment": NOBODYS, "plan_id": "net" })),
        ("resume", json!({ "environment": NOBODYS, "run_id": "staging" })),
    ];
    for (operation, arguments) in calls {
        let report = call(&site, operation, arguments);
        refused(&report, &["the environment comes first: ", operation]);
    }
}

fn problems(report: &Value) -> Vec<String> {
    let problems = report["error"]["details"]["problems"].as_array().unwrap_or_else(|| panic!("{report:#}"));
    problems.iter().map(|one| format!("{}: {}", text(&one["path"]), text(&one["message"]))).collect()
}

#[test]
fn a_call_that_lacks_one_thing_is_told_that_one_thing_and_where_to_find_it() {
    let site = two();
    let staging = |mut more: Value| {
        if more.get("environment").is_none() {
            more["environment"] = json!("staging");
        }
        more
    };
    let calls = [
        (
            "remediate",
            json!({ "component": "net" }),
            "arguments:drift_id: is missing: salt-run infrastructure.drift staging components=net shows it",
        ),
        (
            "remediate",
            json!({}),
            "arguments:component: is missing: salt-run infrastructure.drift staging shows",
        ),
        (
            "accept_drift",
            json!({ "environment": null, "component": "staging", "drift_id": "net" }),
            "arguments:drift_id: is missing: salt-run infrastructure.drift staging components=net shows it",
        ),
        (
            "orchestrate",
            json!({ "refresh": false, "upgrade": true }),
            "refresh=False and upgrade=True exclude each other",
        ),
        (
            "apply",
            json!({}),
            "arguments:plan_id: is missing: salt-run infrastructure.plan staging saves a plan",
        ),
        (
            "apply",
            json!({ "plan_id": "net" }),
            "arguments:plan_id: is not a valid id: \"net\"; an id looks like 01JD3",
        ),
        ("approve", json!({}), "arguments:plan_id: is missing: salt-run infrastructure.plan staging"),
        ("cancel", json!({}), "arguments:run_id: is missing: salt-run infrastructure.status staging"),
        ("show_run", json!({}), "arguments:run_id: is missing: salt-run infrastructure.history staging"),
        (
            "unlock",
            json!({ "component": "net" }),
            "arguments:id: is missing: salt-run infrastructure.locks staging shows it",
        ),
        ("unlock", json!({}), "arguments:component: is missing: salt-run infrastructure.locks staging"),
        (
            "destroy",
            json!({ "confirm": true }),
            "arguments:confirm: must be the name of the environment, not a yes: set confirm=staging",
        ),
        ("destroy", json!({ "confirm": "production" }), "not \"production\": set confirm=staging"),
        ("orchestrate", json!({ "test": "ture" }), "arguments:test: is \"ture\": it must be True or False"),
        (
            "staged_rollback",
            json!({ "components": "net", "preserve_data": "flase" }),
            "arguments:preserve_data: is \"flase\"",
        ),
    ];
    for (operation, arguments, told) in calls {
        let problems = problems(&call(&site, operation, staging(arguments)));
        assert!(problems.len() == 1 && problems[0].contains(told), "{operation}: {problems:#?}");
        assert!(!problems[0].contains("comes first"), "{operation}: {problems:#?}");
    }
}

#[test]
fn an_environment_in_place_of_an_id_is_told_with_where_its_runs_are() {
    let problems = problems(&call(&two(), "show_run", json!({ "run_id": "staging" })));
    let told = "is not a valid id: \"staging\" is an environment, and salt-run infrastructure.history staging \
                shows its runs";
    assert!(problems.len() == 1 && problems[0].ends_with(told), "{problems:#?}");
}

#[test]
fn a_place_in_the_call_is_written_as_the_caller_writes_it() {
    let calls = [
        ("show_run", json!({ "run_id": "x" }), "arguments:RUN"),
        ("orchestrate", json!({ "environment": "nowhere" }), "arguments:ENV"),
        ("orchestrate", json!({ "environment": "staging", "on_failure": "x" }), "arguments:--on-failure"),
        ("orchestrate", json!({ "environment": "staging", "variables": { "a": 1 } }), "arguments:COMPONENT"),
        (
            "orchestrate",
            json!({ "environment": "staging", "components": "net", "variables": { "sice": 1 } }),
            "arguments:--var:sice",
        ),
    ];
    let words = vec!["eos".to_owned()];
    let command_line = CommandLine { program: Program::Eos, words, ..CommandLine::default() };
    for (operation, arguments, place) in calls {
        let identity = CallerIdentity { command_line: command_line.clone(), ..CallerIdentity::default() };
        let report = two().call(&NoSalt, identity, operation, arguments);
        let problem = &report["error"]["details"]["problems"][0];
        assert_eq!(problem["path"], place, "{report:#}");
    }
}

#[test]
fn the_order_is_not_doubted_if_no_argument_is_in_the_place_of_another_one() {
    let calls = [
        ("show_run", json!({ "run_id": "web" })),
        ("show_run", json!({ "environment": "staging", "run_id": "production" })),
        ("resume", json!({ "environment": "staging", "run_id": "staging" })),
        ("unlock", json!({ "environment": "staging", "component": "web" })),
        ("cancel", json!({ "environment": null, "run_id": null })),
    ];
    for (operation, arguments) in calls {
        let problems = problems(&call(&two(), operation, arguments));
        assert!(problems.len() == 1 && !problems[0].contains("comes first"), "{operation}: {problems:#?}");
    }
}

#[test]
fn a_call_in_the_old_order_is_told_only_that() {
    let site = two();
    let call = call(&site, "remediate", json!({ "environment": "net", "component": 123, "drift_id": null }));
    let problems = problems(&call);
    assert!(
        problems.len() == 1 && problems[0].starts_with("arguments:environment: net is a component"),
        "{problems:#?}"
    );
    assert!(eos::view::text(&call, false).starts_with("infrastructure: 1 problem"), "{call:#}");
}

#[test]
fn a_pillar_without_the_key_names_the_minion_and_the_line_in_top_sls() {
    let mut site = two();
    site.infrastructure = Value::Null;
    let identity = || CallerIdentity { minion: "web1".to_owned(), ..CallerIdentity::default() };
    for operation in ["orchestrate", "status", "validate", "module.plan"] {
        let arguments = json!({ "environment": "staging", "component": "net" });
        let arguments =
            if operation.starts_with("module") { arguments } else { json!({ "environment": "staging" }) };
        let report = site.call(&NoSalt, identity(), operation, arguments);
        refused(&report, &["the minion \"web1\"", "base: {'web1': [FILE]}", "minion=ID"]);
    }
}

#[test]
fn validate_refuses_a_variable_of_terraforms_environment_as_a_run_does() {
    let mut site = two();
    for key in ["pass_env", "env"] {
        let value = if key == "env" { json!({ "HOME": "/root" }) } else { json!(["HOME"]) };
        site.infrastructure["settings"]["terraform"] = json!({ key: value });
        let told = ["validate", "orchestrate", "plan"].map(|operation| {
            let problems = problems(&call(&site, operation, json!({ "environment": "staging" })));
            assert!(problems.len() == 1 && problems[0].contains("must not contain HOME"), "{problems:#?}");
            problems
        });
        assert!(told.iter().all(|one| *one == told[0]), "{told:#?}");
    }
}

#[test]
fn a_default_that_names_another_environment_runs_nothing_again() {
    let mut site = two();
    site.infrastructure["settings"]["default_environment"] = json!("production");
    let ensure = |arguments| call(&site, "module.ensure_infrastructure", arguments);
    let first = ensure(json!({ "component": "net", "environment": "staging" }));
    assert_eq!(first["status"], "applied", "{first:#}");
    let second = ensure(json!({ "component": "net", "environment": "staging" }));
    assert_eq!(second["reason"], "same_fingerprint", "{second:#}");
    let other = ensure(json!({ "component": "net" }));
    assert_eq!(
        (&other["status"], &other["environment"]),
        (&json!("applied"), &json!("production")),
        "{other:#}"
    );
}

/// The README's command for a failed run, with the arguments in their order there.
#[test]
fn resume_takes_the_environment_first_and_continues() {
    let mut site = two();
    let fails = |command: &str| {
        format!(
            "resource \"terraform_data\" \"x\" {{\n  provisioner \"local-exec\" {{\n    command = \"{command}\"\n  }}\n}}\n"
        )
    };
    site.component("net", &fails("exit 3"), json!({}));
    let failed = call(&site, "orchestrate", json!({ "environment": "staging" }));
    assert_eq!(statuses(&failed)["net"], "failed", "{failed:#}");
    site.component("net", &fails("true"), json!({}));
    let resumed = call(&site, "resume", json!({ "environment": "staging", "run_id": null }));
    assert_eq!(statuses(&resumed)["net"], "applied", "{resumed:#}");
}

#[test]
fn a_default_environment_never_resumes_a_destroy() {
    let mut site = two();
    let main = r#"
resource "terraform_data" "x" {
  provisioner "local-exec" {
    when    = destroy
    command = "exit 3"
  }
}
"#;
    site.component("net", main, json!({}));
    site.infrastructure["settings"]["default_environment"] = json!("staging");
    let up = call(&site, "orchestrate", json!({}));
    assert_eq!(statuses(&up)["net"], "applied", "{up:#}");
    let failed = call(&site, "destroy", json!({ "environment": "staging", "confirm": "staging" }));
    assert_eq!(statuses(&failed)["net"], "failed", "{failed:#}");
    refused(&call(&site, "resume", json!({})), &["destroys staging", "infrastructure.resume staging"]);
    let named = call(&site, "resume", json!({ "environment": "staging" }));
    assert_eq!(statuses(&named)["net"], "failed", "{named:#}");
}

#[test]
fn a_component_in_the_place_of_the_environment_is_called_a_component() {
    let site = two();
    for operation in ["plan", "orchestrate", "status", "history", "validate"] {
        let report = call(&site, operation, json!({ "environment": "net" }));
        refused(&report, &["net is a component", "production net"]);
    }
    let unknown = call(&site, "plan", json!({ "environment": "nett" }));
    refused(&unknown, &["no environment \"nett\""]);
}

#[test]
fn a_call_whose_id_is_wrong_has_no_environment_in_its_heading() {
    let site = two();
    for operation in ["approve", "apply"] {
        let report = call(&site, operation, json!({ "plan_id": "staging", "components": "net" }));
        assert_eq!((&report["retcode"], &report["environment"]), (&json!(1), &json!("")), "{report:#}");
        let text = eos::view::text(&report, false);
        assert!(text.starts_with("infrastructure: "), "{text}");
    }
}
