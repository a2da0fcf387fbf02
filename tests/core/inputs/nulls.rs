//! An output that is null is a value. An output of a configuration that was not applied in full is not a value.

use serde_json::{Value, json};

use crate::support::{Site, statuses};

const PROD: &str = r#"
variable "ip" { default = null }
variable "fails" { default = false }
resource "terraform_data" "fails" {
  count = var.fails ? 1 : 0
  provisioner "local-exec" { command = "false" }
}
output "ip" { value = var.ip }
output "secret" {
  value     = var.ip == null ? null : "not-${var.ip}"
  sensitive = true
}
output "net" { value = { ip = var.ip } }
output "late" {
  value      = var.ip
  depends_on = [terraform_data.fails]
}
"#;

/// A module that outputs the value that it got. Before 1.8, Terraform's `nonsensitive` fails for other values. Its default is not null, so that the two can be distinguished.
fn reader(variable: &str) -> String {
    format!(
        "variable \"got\" {{\n  {variable}\n}}\nresource \"terraform_data\" \"one\" {{ input = var.got == null }}\n\
         output \"got\" {{ value = try(nonsensitive(jsonencode(var.got)), jsonencode(var.got)) }}\n"
    )
}

fn site() -> Site {
    let mut site = Site::new();
    site.infrastructure["settings"]["on_failure"] = json!("continue");
    site.component("prod", PROD, json!({}));
    let one = json!({ "got": "prod.ip" });
    site.component("default", &reader("default = \"d\""), json!({ "from_outputs": one }));
    site.component("required", &reader("type = string"), json!({ "from_outputs": one }));
    let not = reader("default = \"d\"\n  nullable = false");
    site.component("never_null", &not, json!({ "from_outputs": one }));
    let list = json!({ "got": ["prod.ip", "prod.net.ip"] });
    site.component("list", &reader("type = list(string)"), json!({ "from_outputs": list }));
    let sensitive = json!({ "got": "prod.secret" });
    site.component("sensitive", &reader("sensitive = true"), json!({ "from_outputs": sensitive }));
    site
}

const READERS: [(&str, &str, &str); 5] = [
    ("default", "null", "\"1.2.3.4\""),
    ("required", "null", "\"1.2.3.4\""),
    ("never_null", "\"d\"", "\"1.2.3.4\""),
    ("list", "[null,null]", "[\"1.2.3.4\",\"1.2.3.4\"]"),
    ("sensitive", "null", "\"(sensitive)\""),
];

fn got(report: &Value) -> Vec<(&'static str, &str)> {
    READERS
        .map(|(name, ..)| (name, report["components"][name]["outputs"]["got"].as_str().unwrap_or_default()))
        .into()
}

fn up(site: &Site) -> Value {
    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["result"], true, "{report:#}");
    report
}

#[test]
fn a_null_output_is_null_for_all_readers_whatever_value_it_had_before() {
    let mut site = site();
    let test = site.run("orchestrate", json!({ "test": true }));
    assert!(statuses(&test).values().all(|status| matches!(status.as_str(), "planned" | "pending_inputs")));
    assert_eq!(test["components"]["default"]["status"], "planned", "{test:#}");
    let null = READERS.map(|(name, null, _)| (name, null));
    assert_eq!(got(&up(&site)), null);
    // The next run reads the outputs of a producer that it leaves alone.
    let alone =
        site.run("orchestrate", json!({ "components": "default,required,list,sensitive,never_null" }));
    assert_eq!((got(&alone), &alone["result"]), (null.into(), &json!(true)), "{alone:#}");

    site.infrastructure["components"]["prod"]["variables"] = json!({ "ip": "1.2.3.4" });
    assert_eq!(got(&up(&site)), READERS.map(|(name, _, text)| (name, text)));
    site.infrastructure["components"]["prod"]["variables"] = json!({});
    let test = site.run("orchestrate", json!({ "test": true }));
    assert_eq!(test["result"], Value::Null, "{test:#}");
    assert_eq!(test["components"]["default"]["status"], "pending_inputs", "{test:#}");
    assert_eq!(got(&up(&site)), null);
}

#[test]
fn queries_distinguish_null_from_no_value_yet() {
    let mut site = site();
    site.infrastructure["components"]["prod"]["policy"] = json!({ "allow_destroy": true });
    site.infrastructure["components"]["prod"]["variables"] = json!({ "fails": true });
    let failed = site.run("orchestrate", json!({ "components": "prod" }));
    assert_eq!(failed["components"]["prod"]["status"], "failed", "{failed:#}");
    let ask = |site: &Site, name: &str| {
        let arguments = json!({ "component": "prod", "output_name": name });
        let answer = site.run("module.get_terraform_output", arguments);
        (answer["value"].clone(), answer["error"]["code"].clone())
    };
    assert_eq!(ask(&site, "late"), (Value::Null, json!("missing_output")));
    let reader = site.run("orchestrate", json!({ "components": "default" }));
    assert_eq!(reader["components"]["default"]["reason"], "missing_output", "{reader:#}");

    site.infrastructure["components"]["prod"]["variables"] = json!({});
    assert_eq!(site.run("orchestrate", json!({ "components": "prod" }))["result"], true);
    assert_eq!(ask(&site, "late"), (Value::Null, Value::Null));
    assert_eq!(ask(&site, "no_such"), (Value::Null, json!("no_such_output")));
    let outputs = site.run("outputs", json!({ "components": "prod" }));
    let of_prod = json!({ "ip": null, "late": null, "net": { "ip": null } });
    assert_eq!(outputs["outputs"]["prod"], of_prod, "{outputs:#}");
    let all = site.run("module.get_outputs", json!({ "component": "prod" }));
    assert_eq!(all["outputs"]["secret"], "(sensitive)", "{all:#}");
    assert_eq!(all["outputs"]["ip"], Value::Null, "{all:#}");
    assert_eq!(site.run("sync_states", json!({ "components": "prod" }))["result"], true);
    let cached = site.run("outputs", json!({ "components": "prod", "cached": true }));
    assert_eq!(cached["outputs"]["prod"], of_prod, "{cached:#}");

    // Another program may have applied another configuration, so it is not known whether the output is null.
    let state = site.workdir("prod").join("terraform.tfstate");
    let mut moved: Value = serde_json::from_slice(&std::fs::read(&state).unwrap()).unwrap();
    moved["serial"] = json!(moved["serial"].as_u64().unwrap() + 1);
    std::fs::write(&state, moved.to_string()).unwrap();
    assert_eq!(ask(&site, "late").1, "missing_output");
}

#[test]
fn a_module_with_only_null_outputs_is_read_until_it_is_destroyed() {
    let mut site = Site::new();
    site.component("prod", "output \"ip\" { value = null }", json!({}));
    let from = json!({ "from_outputs": { "got": "prod.ip" } });
    site.component("reader", &reader("type = string"), from);
    up(&site);
    let alone = site.run("orchestrate", json!({ "components": "reader" }));
    assert_eq!(alone["components"]["reader"]["outputs"]["got"], "null", "{alone:#}");
    let outputs =
        |site: &Site| site.run("outputs", json!({ "components": "prod" }))["outputs"]["prod"].clone();
    assert_eq!(outputs(&site), json!({ "ip": null }));
    let gone = site.run("destroy", json!({ "confirm": "staging" }));
    assert_eq!(gone["result"], true, "{gone:#}");
    assert_eq!(outputs(&site), json!({}));
}

#[test]
fn a_record_of_an_earlier_version_knows_no_null_outputs_until_the_next_run() {
    let site = site();
    up(&site);
    let path = site.folder.path().join("root/staging/.eos/components/prod/record.json");
    let mut record: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert!(record.as_object_mut().unwrap().remove("outputs").is_some(), "{record:#}");
    std::fs::write(&path, record.to_string()).unwrap();
    let reader = site.run("orchestrate", json!({ "components": "default" }));
    assert_eq!(reader["components"]["default"]["reason"], "missing_output", "{reader:#}");
    // The remedy names these commands.
    assert_eq!(site.run("orchestrate", json!({ "components": "prod" }))["result"], true);
    assert_eq!(site.run("orchestrate", json!({ "components": "default" }))["result"], true);
}

#[test]
fn a_variable_that_does_not_accept_null_names_the_output() {
    let mut site = Site::new();
    site.infrastructure["settings"]["on_failure"] = json!("continue");
    site.component("prod", PROD, json!({}));
    let strict = reader("type = string\n  nullable = false");
    site.component("strict", &strict, json!({ "from_outputs": { "got": "prod.ip" } }));
    site.component("below", &reader("type = string"), json!({ "from_outputs": { "got": "prod.net.ip.v4" } }));
    let gate = json!([{ "tcp": { "host": { "output": "ip" }, "port": 1 } }]);
    site.component("gate", PROD, json!({ "health": gate }));
    let hook = json!([{ "prometheus": { "file": site.folder.path().join("sd.json"), "targets": [{ "output": "ip" }] } }]);
    site.component("hook", PROD, json!({ "hooks": hook }));
    let secrets = json!({ "PASSWORD": { "output": "prod.secret" } });
    site.infrastructure["services"]["web"] = json!({ "image": "x", "port": 80, "secrets": secrets });
    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["components"]["nomad-web"]["reason"], "null_output", "{report:#}");
    let message = |name: &str| report["components"][name]["error"]["message"].as_str().unwrap_or_default();
    assert_eq!(report["components"]["strict"]["reason"], "null_output", "{report:#}");
    assert!(message("strict").contains("prod.ip, which is null"), "{report:#}");
    assert!(message("below").contains("prod.net.ip, which is null"), "{report:#}");
    assert!(message("gate").contains("output ip is null"), "{report:#}");
    assert!(report["components"]["hook"]["notes"].to_string().contains("output ip is null"), "{report:#}");
}
