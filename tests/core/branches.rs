//! Claims about the plan of a branch: it shows what would change, and nothing that the next run uses changes by it.

use std::collections::BTreeMap;
use std::path::Path;

use eos::model::Branch;
use eos::operation::CallerIdentity;
use serde_json::{Value, json};

use crate::support::{NoSalt, Site, statuses};

const NAMES: &str = "variable \"names\" { type = set(string) }\n\
                     resource \"terraform_data\" \"name\" {\n  for_each = var.names\n  input = each.key\n}\n";

fn of_branch() -> CallerIdentity {
    let branch = Branch { pillarenv: Some("more".to_owned()), ..Branch::default() };
    CallerIdentity { branch: Some(branch), ..CallerIdentity::default() }
}

fn plan(site: &Site) -> Value {
    site.call(&NoSalt, of_branch(), "plan", json!({ "environment": "staging", "pillarenv": "more" }))
}

fn text(report: &Value) -> String {
    eos::view::text(report, false)
}

/// Every file below a folder with its content, without the files of runs and of branches.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            let below =
                if name == "runs" || name.contains("branch") { continue } else { files(&entry.path()) };
            found.extend(below.into_iter().map(|(path, text)| (format!("{name}/{path}"), text)));
        } else if name != "lock" && !name.contains("branch") {
            found.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
    found
}

fn applied(names: &Value) -> Site {
    let mut site = Site::new();
    site.component("names", NAMES, json!({ "variables": { "names": names } }));
    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["result"], true, "{report:#}");
    site
}

#[test]
fn the_plan_of_a_branch_is_shown_and_refused_by_apply_and_approve() {
    let mut site = applied(&json!(["a", "b"]));
    for (names, status) in [(json!(["a", "b", "c"]), "planned"), (json!(["a"]), "blocked")] {
        site.infrastructure["components"]["names"]["variables"]["names"] = names;
        let report = plan(&site);
        assert_eq!(statuses(&report)["names"], status, "{report:#}");
        assert_eq!(
            (&report["of_branch"], &report["branch"]["pillarenv"]),
            (&json!("pillarenv more"), &json!("more"))
        );
        for key in ["apply_command", "approve_command", "next_command"] {
            assert!(report[key].is_null(), "{key}: {report:#}");
        }
        let said = text(&report);
        assert!(said.contains("of pillarenv more: never applied"), "{said}");
        assert!(!said.contains("infrastructure.apply") && !said.contains("infrastructure.approve"), "{said}");

        let plan_id = &report["plan_id"];
        for operation in ["apply", "approve"] {
            let refused = site.run(operation, json!({ "plan_id": plan_id }));
            assert_eq!(
                (&refused["error"]["code"], &refused["retcode"]),
                (&json!("plan_of_branch"), &json!(1))
            );
            let said = text(&refused);
            assert!(said.contains("of a branch (pillarenv more)"), "{said}");
            assert!(said.contains("infrastructure.plan staging"), "{said}");
        }
        let shown = site.run("show", json!({ "run_id": plan_id, "format": "markdown" }));
        assert_eq!(shown["plan"]["applicable"], false, "{shown:#}");
        assert!(text(&shown).contains("Plan of `pillarenv more`. It only shows"), "{}", text(&shown));
        let said = text(&site.run("show", json!({ "run_id": plan_id })));
        assert!(said.contains("it is of a branch, so it is never applied"), "{said}");
        // The file of the plan may contain secrets, and nobody needs it.
        let folder =
            site.folder.path().join("root/staging/.eos/branch-plans").join(plan_id.as_str().unwrap());
        assert!(folder.join("names.json").exists() && !folder.join("names.tfplan").exists());
        let history = site.run("history", json!({}));
        assert_eq!(history["runs"][0]["of_branch"], "pillarenv more", "{history:#}");
    }
    let waiting = site.run("status", json!({}));
    assert!(waiting["waiting"].as_array().is_none_or(Vec::is_empty), "{waiting:#}");
}

#[test]
fn the_plan_of_a_branch_changes_no_file_that_the_next_run_uses() {
    let mut site = applied(&json!(["a"]));
    let before = files(&site.folder.path().join("root"));
    site.component("names", &format!("{NAMES}# more\n"), json!({ "variables": { "names": ["a"] } }));
    // The plan of another module without a change would else be remembered as the configuration that was applied.
    assert_eq!(statuses(&plan(&site))["names"], "unchanged");
    site.infrastructure["components"]["names"]["variables"]["names"] = json!(["a", "b"]);
    assert_eq!(statuses(&plan(&site))["names"], "planned");
    let after = files(&site.folder.path().join("root"));
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    let changed: Vec<_> =
        before.iter().filter(|(path, text)| after[*path] != **text).map(|(path, _)| path).collect();
    assert_eq!(changed, Vec::<&String>::new());
}

#[test]
fn the_plans_of_many_branches_push_no_other_plan_and_no_run_out() {
    let mut site = applied(&json!(["a"]));
    site.infrastructure["components"]["names"]["variables"]["names"] = json!(["a", "b"]);
    let kept = site.run("plan", json!({}));
    let runs = site.folder.path().join("root/staging/.eos/runs");
    // Folders of earlier runs of branches.
    for index in 0..60 {
        let run = runs.join(format!("01M8E86RS8A2Q3PXE2N9CD{index:04}"));
        std::fs::create_dir_all(&run).unwrap();
        std::fs::write(run.join("branch.json"), "{}").unwrap();
    }
    plan(&site);
    assert!(runs.join(kept["run_id"].as_str().unwrap()).exists());
    let left = std::fs::read_dir(&runs).unwrap().count();
    assert!(left < 30, "{left}");
    let applied = site.run("apply", json!({ "plan_id": kept["plan_id"] }));
    assert_eq!(statuses(&applied)["names"], "applied", "{applied:#}");
}

#[test]
fn what_has_changed_since_a_run_is_planned_with_all_that_depends_on_it() {
    let mut site = applied(&json!(["a"]));
    let reads = "variable \"names\" {}\nresource \"terraform_data\" \"a\" { input = var.names }\n";
    site.component("reader", reads, json!({ "variables": { "names": 1 }, "depends_on": ["names"] }));
    site.component("other", reads, json!({ "variables": { "names": 1 } }));
    let run = site.run("orchestrate", json!({}));
    let since = |site: &Site, run: &Value| {
        let report = site.run("plan", json!({ "affected": run["run_id"] }));
        (report["affected"]["components"].clone(), report)
    };
    let (none, report) = since(&site, &run);
    assert_eq!((none, &report["result"]), (json!({}), &json!(true)), "{report:#}");
    assert!(text(&report).contains("nothing is affected"), "{}", text(&report));
    // How a run goes is nothing that a component is made from.
    site.infrastructure["settings"]["parallelism"] = json!(2);
    assert_eq!(since(&site, &run).0, json!({}));

    site.component("names", &format!("{NAMES}# more\n"), json!({ "variables": { "names": ["a", "b"] } }));
    let (found, report) = since(&site, &run);
    let expected = json!({ "names": "its pillar and its module", "reader": "depends on names" });
    assert_eq!(found, expected, "{report:#}");
    assert_eq!(statuses(&report).keys().collect::<Vec<_>>(), ["names", "reader"]);

    // What was not in the run, or did not end well there, counts as changed. So does what is new.
    site.infrastructure["components"]["other"]["variables"]["names"] = json!(2);
    site.component("bad", "output \"a\" { value = nowhere }\n", json!({}));
    let run = site.run("plan", json!({ "components": "bad,other" }));
    let (found, report) = since(&site, &run);
    assert_eq!(found["bad"], "it was failed in that run", "{report:#}");
    assert_eq!(
        (&found["other"], &found["names"]),
        (&Value::Null, &json!("was not in that run")),
        "{report:#}"
    );
    site.infrastructure["components"].as_object_mut().unwrap().remove("other");
    assert_eq!(since(&site, &run).1["affected"]["removed"], json!(["other"]));
    let refused = site.run("plan", json!({ "affected": "01JD3KV6T0W8Q5YB4E2N9RZXCM" }));
    assert_eq!(refused["error"]["code"], "no_such_run", "{refused:#}");
    let refused = site.run("plan", json!({ "affected": "main" }));
    assert_eq!(refused["error"]["code"], "not_comparable", "{refused:#}");
}
