//! Claims about `refresh=False`: what is as it was left is passed over, and starts no process.

use serde_json::{Value, json};

use crate::support::{Site, statuses};

const NET: &str = "variable \"value\" {}\nresource \"terraform_data\" \"a\" { input = var.value }\n\
                   output \"value\" { value = terraform_data.a.output }\n";

/// `app` reads `net`, and `other` reads nothing.
fn site() -> Site {
    let mut site = Site::new();
    site.component("net", NET, json!({ "variables": { "value": "one" } }));
    site.component("app", NET, json!({ "from_outputs": { "value": "net.value" } }));
    site.component("other", NET, json!({ "variables": { "value": "three" } }));
    site
}

fn quickly(site: &Site, operation: &str) -> Value {
    site.run(operation, json!({ "refresh": false }))
}

fn reasons(report: &Value) -> Vec<(String, String)> {
    let one = |(name, one): (String, String)| {
        let reason = report["components"][&name]["reason"].as_str().unwrap().to_owned();
        (name, if reason.is_empty() { one } else { reason })
    };
    statuses(report).into_iter().map(one).collect()
}

fn pairs(expected: [(&str, &str); 3]) -> Vec<(String, String)> {
    expected.iter().map(|(name, reason)| ((*name).to_owned(), (*reason).to_owned())).collect()
}

const ALL: [(&str, &str); 3] =
    [("app", "by_fingerprint"), ("net", "by_fingerprint"), ("other", "by_fingerprint")];

#[test]
fn what_is_as_it_was_left_is_passed_over_and_the_rest_is_planned() {
    let mut site = site();
    let calls = site.log_calls();
    assert_eq!(reasons(&quickly(&site, "orchestrate")), pairs(ALL.map(|(name, _)| (name, "applied"))));
    calls();
    for operation in ["orchestrate", "plan", "state.orchestrate"] {
        let report = quickly(&site, operation);
        assert_eq!(reasons(&report), pairs(ALL), "{report:#}");
        assert_eq!((&report["result"], calls()), (&json!(true), vec![]));
    }
    let one = site.run("state.apply", json!({ "component": "app", "refresh": "False" }));
    assert_eq!(one["components"]["app"]["reason"], "by_fingerprint", "{one:#}");
    assert_eq!(calls(), Vec::<String>::new());

    // By default everything is planned.
    let report = site.run("orchestrate", json!({}));
    assert_eq!(reasons(&report), pairs(ALL.map(|(name, _)| (name, "unchanged"))));
    assert_eq!(calls(), ["plan", "plan", "plan"]);

    // A change of its own, and one of its module that changes no output: its reader is not planned.
    site.infrastructure["components"]["other"]["variables"]["value"] = json!("four");
    std::fs::write(site.folder.path().join("modules/net/more.tf"), "# more\n").unwrap();
    let report = quickly(&site, "orchestrate");
    let expected = [("app", "by_fingerprint"), ("net", "unchanged"), ("other", "applied")];
    assert_eq!(reasons(&report), pairs(expected), "{report:#}");
    assert_eq!(reasons(&quickly(&site, "orchestrate")), pairs(ALL));

    // A change that its reader has to follow, in a plan and in an apply.
    site.infrastructure["components"]["net"]["variables"]["value"] = json!("two");
    let report = quickly(&site, "plan");
    let expected = [("app", "reads_pending_outputs"), ("net", "planned"), ("other", "by_fingerprint")];
    assert_eq!(reasons(&report), pairs(expected), "{report:#}");
    let report = quickly(&site, "orchestrate");
    let expected = [("app", "applied"), ("net", "applied"), ("other", "by_fingerprint")];
    assert_eq!(reasons(&report), pairs(expected), "{report:#}");
    assert_eq!(reasons(&quickly(&site, "orchestrate")), pairs(ALL));
}

#[test]
fn what_ended_badly_or_was_changed_by_another_apply_is_planned() {
    let mut site = site();
    quickly(&site, "orchestrate");
    // Another apply in the meantime: the state is another one.
    site.infrastructure["components"]["net"]["variables"]["value"] = json!("two");
    let report = site.run("orchestrate", json!({ "components": "net" }));
    assert_eq!(statuses(&report)["net"], "applied", "{report:#}");
    site.infrastructure["components"]["net"]["variables"]["value"] = json!("one");
    let report = quickly(&site, "orchestrate");
    let expected = [("app", "unchanged"), ("net", "applied"), ("other", "by_fingerprint")];
    assert_eq!(reasons(&report), pairs(expected), "{report:#}");

    site.component("other", &format!("{NET}resource \"terraform_data\" \"b\" {{\n  provisioner \"local-exec\" {{ command = \"false\" }}\n}}\n"), json!({ "variables": { "value": "three" } }));
    for _ in 0..2 {
        let report = quickly(&site, "orchestrate");
        assert_eq!(statuses(&report)["other"], "failed", "{report:#}");
    }
    let refused = site.run("orchestrate", json!({ "refresh": false, "upgrade": true }));
    assert_eq!(refused["error"]["code"], "invalid", "{refused:#}");
    let refused = site.run("destroy", json!({ "refresh": false, "confirm": "staging" }));
    assert_eq!(refused["error"]["code"], "invalid", "{refused:#}");
}
