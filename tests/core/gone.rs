//! Claims about components that left the pillar and still have resources.

use serde_json::json;

use crate::support::{Site, statuses};

#[test]
fn a_question_that_names_a_component_that_left_the_pillar_says_so_and_how_to_destroy_it() {
    let mut site = Site::with_net();
    site.component("app", "resource \"terraform_data\" \"it\" {}\n", json!({}));
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    site.infrastructure["components"].as_object_mut().unwrap().remove("app");
    let named = site.run("status", json!({ "components": "app" }));
    assert_eq!(statuses(&named), [("app".to_owned(), "orphaned".to_owned())].into(), "{named:#}");
    let note = named["components"]["app"]["notes"][0].as_str().unwrap();
    assert!(note.contains("infrastructure.destroy staging components=app confirm=staging"), "{note}");
    assert_eq!(statuses(&site.run("status", json!({ "components": "net" }))).len(), 1);
    assert_eq!(statuses(&site.run("status", json!({}))).len(), 2);
    for operation in ["outputs", "plan", "health"] {
        let refused = site.run(operation, json!({ "components": "app" }));
        let message =
            refused["error"]["message"].as_str().unwrap_or_else(|| panic!("{operation}: {refused:#}"));
        assert!(message.contains("app is not in the pillar any more: it has 1 resource"), "{message}");
    }
}
