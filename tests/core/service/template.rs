//! A template of the user's own.

use serde_json::json;

use super::generate;
use crate::support::Site;

#[test]
fn a_template_of_the_users_own_is_part_of_the_module_and_a_missing_one_is_named() {
    let mut site = Site::new();
    let template = site.folder.path().join("web.nomad.tpl");
    site.infrastructure["services"]["web"] =
        json!({ "template": template, "variables": { "greeting": "hi" } });
    let report = site.run("module.generate_nomad_job", json!({ "service": "web" }));
    let message = report["error"]["message"].as_str().unwrap();
    assert!(message.contains("services:web:template") && message.contains("there is no file"), "{message}");
    std::fs::write(&template, "job \"web\" { meta = { greeting = ${literal.greeting} } }\n").unwrap();
    let report = generate(&site, "web");
    assert!(report["files"]["web.nomad.tpl"].as_str().unwrap().contains("${literal.greeting}"));
    assert_eq!(report["job"], json!(null));
}
