//! Names and returns of the first documents.

use serde_json::{Value, json};

use crate::support::Site;

const MODULE: &str = "variable \"text\" { default = \"one\" }\n\
                      resource \"terraform_data\" \"a\" { input = var.text }\n";
const BREAKS: &str = "resource \"terraform_data\" \"b\" {\n  depends_on = [terraform_data.a]\n  \
                      provisioner \"local-exec\" { command = \"exit 3\" }\n}\n";

fn call(site: &Site, function: &str, arguments: Value) -> Value {
    site.run(&format!("module.{function}"), arguments)
}

#[test]
fn a_function_returns_the_keys_of_the_documents() {
    let mut site = Site::new();
    site.infrastructure["settings"]["profile"] = json!("documents");
    site.component("c", MODULE, json!({}));
    let initialised = call(&site, "init_workspace", json!({ "component": "c" }));
    assert_eq!(
        (&initialised["result"], &initialised["output"]),
        (&json!(true), &json!("unchanged (prepared)"))
    );
    let plan = call(&site, "plan", json!({ "component": "c" }));
    assert_eq!((&plan["valid"], &plan["resource_changes"][0]["action"]), (&json!(true), &json!(["create"])));
    let applied = call(&site, "apply_terraform", json!({ "component": "c", "variables": { "text": "two" } }));
    assert_eq!(applied["message"], "applied, +1 ~0 -0", "{applied:#}");
    assert_eq!(applied["rollback_attempted"], false);
    site.component("c", &(MODULE.to_owned() + BREAKS), json!({}));
    let failed = call(&site, "apply", json!({ "component": "c", "auto_approve": true }));
    assert_eq!(
        (&failed["result"], &failed["rollback_attempted"]),
        (&json!(false), &json!(true)),
        "{failed:#}"
    );
    assert_eq!(failed["rollback_result"]["result"], true, "{failed:#}");
    assert!(failed["message"].as_str().unwrap().contains("exit status 3"), "{failed:#}");
}

#[test]
fn what_has_another_meaning_here_is_refused_with_our_name() {
    let mut site = Site::new();
    site.component("c", MODULE, json!({}));
    let lock = call(&site, "acquire_terraform_lock", json!({ "component": "c" }));
    assert!(lock["error"]["remedy"].as_str().unwrap().contains("infrastructure.locks"), "{lock:#}");
    let hash =
        call(&site, "ensure_infrastructure", json!({ "component": "c", "desired_state": { "hash": "x" } }));
    assert!(hash["error"].to_string().contains("Eos itself compares what was applied"), "{hash:#}");
    site.infrastructure["settings"]["credentials"] = json!({ "hcloud": "env:H", "azurerm": true });
    site.infrastructure["settings"]["vault"] =
        json!({ "address": "http://v", "auth": { "method": "token", "token": "env:T" } });
    let output = call(&site, "get_terraform_output", json!({ "workspace": "c", "output_name": "x" }));
    assert!(output["error"].to_string().contains("name a component with component="), "{output:#}");
    for (cloud, variable) in [("hetzner", "HCLOUD_TOKEN"), ("azure", "ARM_CLIENT_ID")] {
        let found = call(&site, "inject_credentials", json!({ "provider": cloud }));
        assert_eq!(found["variables"][0], variable, "{found:#}");
    }
}

#[test]
fn the_profiles_environment_counts_where_the_call_names_none() {
    let mut site = Site::new();
    site.component("c", MODULE, json!({}));
    site.infrastructure["environments"] = json!({ "staging": {}, "production": {} });
    let ask = |site: &Site| {
        site.call(&crate::support::NoSalt, eos::operation::CallerIdentity::default(), "validate", json!({}))
    };
    assert_eq!(ask(&site)["result"], false);
    site.infrastructure["settings"]["profile"] = json!("documents");
    assert_eq!(
        (ask(&site)["result"].clone(), ask(&site)["environment"].clone()),
        (json!(true), json!("production"))
    );
}
