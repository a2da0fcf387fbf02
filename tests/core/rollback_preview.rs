//! What the preview of a rollback shows is what its confirmation applies, also along a chain of components.

use serde_json::{Value, json};

use crate::support::{Site, statuses};

fn site() -> Site {
    let mut site = Site::new();
    site.infrastructure["settings"]["policy"] = json!({ "allow_destroy": true });
    site
}

/// base has an output. disk reads it and is replaced if it changes, and web reads disk.
fn version(site: &mut Site, text: &str) {
    let base = format!(
        "resource \"terraform_data\" \"base\" {{ input = \"{text}\" }}\n\
         resource \"terraform_data\" \"{text}\" {{}}\n\
         output \"text\" {{ value = terraform_data.base.output }}\n"
    );
    let disk = "variable \"base\" {}\nresource \"terraform_data\" \"disk\" { triggers_replace = var.base }\n\
                output \"id\" { value = terraform_data.disk.id }\n";
    let web = "variable \"disk\" {}\nresource \"terraform_data\" \"web\" { input = var.disk }\n";
    site.component("base", &base, json!({}));
    site.component("disk", disk, json!({ "from_outputs": { "base": "base.text" } }));
    site.component("web", web, json!({ "from_outputs": { "disk": "disk.id" } }));
    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["result"], true, "{report:#}");
}

fn id_of_disk(site: &Site) -> Value {
    site.run("outputs", json!({}))["outputs"]["disk"]["id"].clone()
}

fn said(report: &Value, component: &str) -> String {
    report["components"][component].to_string()
}

fn rolled_back(site: &Site, components: &str, test: bool) -> Value {
    site.run("rollback", json!({ "components": components, "confirm": "staging", "test": test }))
}

#[test]
fn a_confirmed_rollback_deletes_nothing_that_its_preview_could_not_show() {
    let mut site = site();
    version(&mut site, "one");
    version(&mut site, "two");
    let before = id_of_disk(&site);
    let preview = rolled_back(&site, "base,disk,web", true);
    let expected = [("base", "planned"), ("disk", "pending_inputs"), ("web", "pending_inputs")];
    assert_eq!(statuses(&preview), expected.map(|(name, status)| (name.into(), status.into())).into());
    assert!(said(&preview, "disk").contains("reads base.text"), "{preview:#}");
    assert!(said(&preview, "disk").contains("confirmation of its own"), "{preview:#}");
    assert!(said(&preview, "web").contains("reads disk.id"), "{preview:#}");
    assert!(said(&preview, "web").contains("it would go back to"), "{preview:#}");

    let back = rolled_back(&site, "base,disk,web", false);
    assert_eq!((&*statuses(&back)["base"], &*statuses(&back)["disk"]), ("applied", "blocked"), "{back:#}");
    assert_eq!(id_of_disk(&site), before, "it was replaced unseen: {back:#}");
    let error = &back["components"]["disk"]["error"];
    assert_eq!(error["code"], "rollback_needs_approval", "{back:#}");
    assert!(error["message"].as_str().unwrap().contains("base.text"), "{back:#}");
    let remedy = error["remedy"].as_str().unwrap();
    assert!(remedy.contains("infrastructure.rollback staging components=disk test=True"), "{remedy}");

    // Now the preview can show it, so the same confirmation covers it.
    let preview = rolled_back(&site, "disk,web", true);
    assert_eq!(preview["components"]["disk"]["changes"]["remove"], 1, "{preview:#}");
    let back = rolled_back(&site, "disk,web", false);
    assert_eq!(back["result"], true, "{back:#}");
    assert_ne!(id_of_disk(&site), before);
}

#[test]
fn the_preview_of_a_destroy_shows_each_deletion_although_the_outputs_between_them_vanish() {
    let mut site = site();
    version(&mut site, "one");
    // With data in it, each plan is shown by itself, in any order.
    site.infrastructure["components"]["web"]["data"] = json!(["terraform_data.web"]);
    site.infrastructure["settings"]["policy"] = json!({});
    site.infrastructure["settings"]["parallelism"] = json!(1);
    let shown = site.run("destroy", json!({ "confirm": "staging" }));
    for name in ["base", "disk", "web"] {
        assert_ne!(statuses(&shown)[name], "pending_inputs", "{shown:#}");
        assert_ne!(shown["components"][name]["changes"]["remove"], 0, "{shown:#}");
    }
}
