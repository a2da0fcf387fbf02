//! A creation that fails after the object exists: Terraform keeps the object in the state and marks it as tainted.

use serde_json::{Value, json};

use crate::support::{Site, statuses};

const FAILS: &str =
    "resource \"terraform_data\" \"bad\" {\n  provisioner \"local-exec\" { command = \"false\" }\n}\n";

fn notes(report: &Value) -> String {
    report["components"]["net"]["notes"].to_string()
}

#[test]
fn an_object_whose_creation_failed_is_said_to_be_in_the_state_and_to_be_replaced() {
    let mut site = Site::new();
    site.component("net", FAILS, json!({}));
    // The second run destroys the tainted object, and creates another one that fails too.
    for run in ["first", "second"] {
        let failed = site.run("orchestrate", json!({}));
        assert_eq!(statuses(&failed)["net"], "failed", "{failed:#}");
        let notes = notes(&failed);
        for part in
            ["terraform_data.bad was created, but its creation failed", "tainted", "the next run replaces it"]
        {
            assert!(notes.contains(part), "{run}: {part:?} is not in {notes}");
        }
        assert!(
            !notes.contains("no change was completed") && !notes.contains("may be missing"),
            "{run}: {notes}"
        );
        assert!(failed["components"]["net"]["possible_orphans"].is_null(), "{failed:#}");
    }
    site.component("net", &FAILS.replace("false", "true"), json!({}));
    let repaired = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&repaired)["net"], "applied", "{repaired:#}");
    assert_eq!(repaired["components"]["net"]["resource_changes"][0]["reason"], "tainted", "{repaired:#}");
}
