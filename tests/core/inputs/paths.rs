//! Paths into outputs: keys of any kind can be read, and an error names the right notation.

use serde_json::{Value, json};

use crate::support::Site;

const DNS: &str = r#"
output "zone_ids" {
  value = { "foo.test" = { id = "Z1" }, "a b" = "Z2", "say \"hi\"" = "Z3", plain = "Z4" }
}
output "subnets" { value = [{ id = "S0" }, { id = "S1" }] }
"#;

/// A component that reads this path, after the components were run.
fn reads(path: &str) -> Value {
    let mut site = Site::new();
    site.component("dns", DNS, json!({}));
    let web = "variable \"got\" { type = string }\noutput \"got\" { value = var.got }\n";
    site.component("web", web, json!({ "from_outputs": { "got": path } }));
    site.run("orchestrate", json!({}))
}

#[test]
fn a_key_with_dots_spaces_or_quotes_is_read_in_terraforms_notation() {
    for (path, got) in [
        (r#"dns.zone_ids["foo.test"].id"#, "Z1"),
        (r#"dns.zone_ids["a b"]"#, "Z2"),
        (r#"dns.zone_ids["say \"hi\""]"#, "Z3"),
        (r#"dns.zone_ids["plain"]"#, "Z4"),
        ("dns.subnets[1].id", "S1"),
        ("dns.subnets.0.id", "S0"),
    ] {
        let report = reads(path);
        assert_eq!(report["components"]["web"]["outputs"]["got"], got, "{path} {report:#}");
    }
}

#[test]
fn the_plain_form_of_a_key_with_dots_is_refused_and_names_the_right_form() {
    let report = reads("dns.zone_ids.foo.test.id");
    let error = &report["components"]["web"]["error"];
    assert_eq!(error["code"], "missing_output", "{report:#}");
    assert_eq!(error["remedy"], r#"write dns.zone_ids["foo.test"].id"#, "{report:#}");
    let absent = reads("dns.zone_ids.bar.test");
    assert_eq!(absent["components"]["web"]["error"]["remedy"], "correct the path in from_outputs");
}

#[test]
fn a_path_that_cannot_be_read_is_refused_before_anything_runs() {
    let report = reads("dns.zone_ids['foo.test']");
    let message = report["error"]["message"].as_str().unwrap();
    assert!(message.contains("web:from_outputs:got") && message.contains("[\"foo.test\"]"), "{message}");
}
