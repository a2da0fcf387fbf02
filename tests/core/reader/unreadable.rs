//! Whole runs with modules that the reader of modules cannot read completely.

use serde_json::json;

use crate::support::{Site, statuses};

const UNREADABLE: &str = r#"
variable "word" {
  type      = object({ a = string, b = optional(map(string), { x = "1", x = "2" }) })
  sensitive = { x = 1, x = 2 } == { x = 2 }
}
output "said" {
  value     = "${var.word.a}!"
  sensitive = { x = 1, x = 2 } == { x = 2 }
}
output "open" { value = { a = 1, a = 2 } }
"#;

#[test]
fn a_construct_that_only_terraform_reads_is_a_note_with_its_line() {
    let mut site = Site::new();
    site.component("a", UNREADABLE, json!({ "variables": { "word": { "a": "hunter2hunter2" } } }));
    let report = site.run("validate", json!({}));
    assert_eq!(report["result"], true, "{report:#}");
    let notes = report["notes"]["a"].to_string();
    for line in [3, 4, 8] {
        assert!(notes.contains(&format!("main.tf, line {line}: the reader of Eos")), "{notes}");
    }
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report)["a"], "applied", "{report:#}");
    assert!(report["components"]["a"]["notes"].to_string().contains("line 8"), "{report:#}");
    assert!(!report.to_string().contains("hunter2"), "{report:#}");
    let variables = std::fs::read_to_string(site.workdir("a").join("terraform.tfvars.json")).unwrap();
    assert!(!variables.contains("hunter2"), "what could not be read counts as sensitive: {variables}");
}

#[test]
fn a_broken_module_is_reported_with_terraforms_message() {
    let mut site = Site::new();
    site.component("a", "variable \"v\" {}\noutput \"o\" {\n  value = (1\n}\n", json!({}));
    let report = site.run("validate", json!({}));
    assert_eq!(report["result"], false, "{report:#}");
    let error = report["components"]["a"]["error"].to_string();
    assert!(error.contains("main.tf, line 2") && report["notes"].is_null(), "{report:#}");
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report)["a"], "failed", "{report:#}");
    let error = report["components"]["a"]["error"].to_string();
    assert!(error.contains("main.tf line"), "{error}");
}
