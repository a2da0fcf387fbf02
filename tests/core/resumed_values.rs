//! Claims about what a call gave for a run: a run that resumes it uses the same.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::Site;

const PIN: &str = "pin-5c0f77aa";

/// It has its own value for `text`, and fails as long as there is no file `mark`.
fn module(site: &Site) -> String {
    let mark = site.folder.path().join("mark");
    format!(
        r#"
variable "text" {{ default = "default" }}
variable "pin" {{
  type      = string
  sensitive = true
}}
resource "terraform_data" "first" {{
  input            = var.text
  triggers_replace = var.pin
}}
resource "terraform_data" "second" {{
  depends_on = [terraform_data.first]
  provisioner "local-exec" {{
    command = "test -e {}"
  }}
}}
output "text" {{ value = terraform_data.first.output }}
"#,
        mark.display()
    )
}

fn site() -> Site {
    let mut site = Site::new();
    let main = module(&site);
    site.component("c", &main, json!({}));
    site
}

fn mend(site: &Site) {
    std::fs::write(site.folder.path().join("mark"), "").unwrap();
}

fn apply(site: &Site, more: Value) -> Value {
    let mut arguments = json!({ "component": "c", "auto_approve": true });
    arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    site.run("module.apply", arguments)
}

fn sealed(site: &Site, run_id: &Value) -> PathBuf {
    let runs = site.folder.path().join("root/staging/.eos/runs");
    runs.join(run_id.as_str().unwrap()).join("given.json")
}

#[test]
fn a_resumed_run_has_the_values_that_the_call_gave() {
    let site = site();
    let failed = apply(&site, json!({ "variables": { "text": "given", "pin": PIN } }));
    assert_eq!((&failed["result"], &failed["status"]), (&json!(false), &json!("failed")), "{failed:#}");
    // It fails once more, and that run is resumed in its turn.
    let again = site.run("resume", json!({}));
    assert_eq!(again["components"]["c"]["status"], "failed", "{again:#}");
    for run in [&failed, &again] {
        let text = std::fs::read_to_string(sealed(&site, &run["run_id"])).unwrap();
        assert!(!text.contains(PIN) && !text.contains("given"), "{text}");
    }
    mend(&site);
    let resumed = site.run("resume", json!({}));
    let component = &resumed["components"]["c"];
    assert_eq!((&component["status"], &component["outputs"]["text"]), (&json!("applied"), &json!("given")));
    for run in [&failed, &again, &resumed] {
        assert!(!sealed(&site, &run["run_id"]).exists(), "the work is complete");
    }
    assert!(!resumed.to_string().contains(PIN), "{resumed:#}");
}

#[test]
fn values_that_are_not_here_have_to_be_given_again() {
    let site = site();
    let failed = apply(&site, json!({ "variables": { "text": "given", "pin": PIN } }));
    std::fs::remove_file(sealed(&site, &failed["run_id"])).unwrap();
    mend(&site);
    let refused = site.run("resume", json!({}));
    assert_eq!(refused["error"]["code"], "not_resumable", "{refused:#}");
    assert_eq!(refused["error"]["remedy"], "call apply again, with the same values", "{refused:#}");
    let applied = apply(&site, json!({ "variables": { "text": "given", "pin": PIN } }));
    assert_eq!(applied["outputs"]["text"], "given", "{applied:#}");
}

#[test]
fn a_run_with_an_ephemeral_value_is_not_resumed_without_it() {
    let mut site = Site::new();
    let main = module(&site) + "variable \"token\" {\n  default   = \"other\"\n  ephemeral = true\n}\n";
    site.component("c", &main, json!({}));
    let failed = apply(&site, json!({ "variables": { "pin": PIN, "token": "token-1b2c3d" } }));
    assert_eq!(failed["status"], "failed", "{failed:#}");
    assert!(!sealed(&site, &failed["run_id"]).exists());
    mend(&site);
    let refused = site.run("resume", json!({}));
    assert_eq!(refused["error"]["code"], "not_resumable", "{refused:#}");
    assert!(refused["error"]["message"].as_str().unwrap().contains("ephemeral"), "{refused:#}");
}

#[test]
fn a_resumed_run_has_the_options_of_the_call_unless_it_gives_its_own() {
    let mut site = Site::new();
    let main = module(&site);
    site.component("c", &main, json!({ "variables": { "pin": "x-123" } }));
    let status = |report: &Value| report["components"]["c"]["status"].clone();
    let options = json!({ "on_failure": "rollback", "upgrade": true });
    assert_eq!(status(&site.run("orchestrate", options)), "kept");
    let resumed = site.run("resume", json!({}));
    assert_eq!(status(&resumed), "kept", "{resumed:#}");
    let shown = site.run("show_run", json!({ "run_id": resumed["run_id"] }));
    assert_eq!(shown["steps"][0]["options"]["upgrade"], true, "{shown:#}");
    assert_eq!(status(&site.run("resume", json!({ "on_failure": "stop" }))), "failed");
}
