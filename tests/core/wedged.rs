//! Conditions that once stopped a component or a whole environment forever.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::world::World;
use crate::support::{Site, statuses};

const KEEPS: &str = "variable \"v\" {}\nresource \"terraform_data\" \"x\" {\n  input = var.v\n}\n\
                     output \"x\" {\n  value = terraform_data.x.output\n}\n";

fn control(site: &Site) -> PathBuf {
    site.folder.path().join("root/staging/.eos")
}

fn set(site: &mut Site, component: &str, value: &str) {
    site.component(component, KEEPS, json!({ "variables": { "v": value } }));
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}

/// Makes `count` copies of one of these folders, as if the clock had been years ahead at that time.
fn ahead(folder: &Path, id: &str, count: usize) {
    for number in 0..count {
        copy(&folder.join(id), &folder.join(format!("01Z0000000000000000000{:04}", 1000 + number)));
    }
}

fn id<'a>(report: &'a Value, key: &str) -> &'a str {
    report[key].as_str().unwrap_or_else(|| panic!("no {key} in {report:#}"))
}

#[test]
fn a_new_run_is_the_newest_although_older_ones_have_later_times() {
    let mut site = Site::new();
    set(&mut site, "a", "1");
    let runs = control(&site).join("runs");
    ahead(&runs, id(&site.run("orchestrate", json!({})), "run_id"), 50);
    site.component("a", "resource \"terraform_data\" \"y\" {\n  provisioner \"local-exec\" {\n    command = \"false\"\n  }\n}", json!({}));
    let failed = site.run("orchestrate", json!({}));
    assert!(runs.join(id(&failed, "run_id")).join("report.json").exists(), "{failed:#}");
    set(&mut site, "a", "2");
    // The run to resume is the failed one, not one of the earlier copies.
    let resumed = site.run("resume", json!({}));
    assert_eq!(statuses(&resumed)["a"], "applied", "{resumed:#}");
    let history = site.run("history", json!({ "limit": 3 }));
    let shown: Vec<_> = history["runs"].as_array().unwrap().iter().map(|run| id(run, "run_id")).collect();
    assert_eq!(shown[..2], [id(&resumed, "run_id"), id(&failed, "run_id")], "{history:#}");
}

#[test]
fn a_plan_is_applied_although_others_have_later_times_and_also_as_the_oldest() {
    let mut site = Site::new();
    set(&mut site, "a", "1");
    let plans = control(&site).join("plans");
    let oldest = site.run("plan", json!({}));
    ahead(&plans, id(&oldest, "plan_id"), 20);
    let applied = site.run("apply", json!({ "plan_id": id(&oldest, "plan_id") }));
    assert_eq!(statuses(&applied)["a"], "applied", "{applied:#}");
    set(&mut site, "a", "2");
    let newest = site.run("plan", json!({}));
    assert_eq!(site.run("plan", json!({}))["result"], Value::Null);
    let applied = site.run("apply", json!({ "plan_id": id(&newest, "plan_id") }));
    assert_eq!(statuses(&applied)["a"], "applied", "{applied:#}");
}

fn place(site: &Site, component: &str) -> PathBuf {
    control(site).join("components").join(component)
}

fn error<'a>(report: &'a Value, component: &str) -> &'a Value {
    &report["components"][component]["error"]
}

/// Ways to damage a file of Eos, as a bad disk or a person may do.
const TEARS: [fn(&Path); 5] = [
    |path| std::fs::write(path, "").unwrap(),
    |path| {
        let whole = std::fs::read(path).unwrap();
        std::fs::write(path, &whole[..whole.len() / 2]).unwrap();
    },
    |path| std::fs::write(path, [0; 64]).unwrap(),
    |path| std::fs::write(path, "[]").unwrap(),
    |path| {
        std::fs::remove_file(path).unwrap();
        std::fs::create_dir(path).unwrap();
    },
];

fn move_away(path: &Path) {
    let aside = path.with_extension("aside");
    let _ = std::fs::remove_dir_all(&aside);
    let _ = std::fs::remove_file(&aside);
    std::fs::rename(path, aside).unwrap();
}

/// Checks a site with two components of which the first has a damaged file: the first fails with this error, and the
/// second does not.
fn assert_stops_alone(site: &Site, path: &Path) {
    let named = path.display().to_string();
    let says = |error: &Value| {
        let (code, message) = (error["code"].as_str(), error["message"].as_str().unwrap_or_default());
        code == Some("file_corrupt") && message.contains(&named)
    };
    let other = site.run("orchestrate", json!({ "components": ["b"] }));
    assert_eq!((statuses(&other)["b"].as_str(), &other["result"]), ("applied", &json!(true)), "{other:#}");
    let all = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&all)["b"], "unchanged", "{all:#}");
    assert!(says(error(&all, "a")), "{all:#}");
    let remedy = error(&all, "a")["remedy"].as_str().unwrap();
    assert!(remedy.contains("move") && remedy.contains(" away"), "{remedy}");
}

#[test]
fn a_damaged_record_stops_only_its_component_and_its_remedy_works() {
    let mut site = Site::new();
    for (number, tear) in TEARS.into_iter().enumerate() {
        set(&mut site, "a", "before");
        set(&mut site, "b", "before");
        assert_eq!(site.run("orchestrate", json!({}))["result"], true);
        let record = place(&site, "a").join("record.json");
        tear(&record);
        set(&mut site, "b", &number.to_string());
        assert_stops_alone(&site, &record);
        let status = site.run("status", json!({}));
        let expected = ("failed", "applied");
        assert_eq!(
            (statuses(&status)["a"].as_str(), statuses(&status)["b"].as_str()),
            expected,
            "{status:#}"
        );
        assert_eq!(error(&status, "a")["code"], "file_corrupt");
        let outputs = site.run("outputs", json!({ "components": ["b"] }));
        assert_eq!(outputs["outputs"]["b"]["x"], number.to_string(), "{outputs:#}");
        let snapshots = site.run("snapshots", json!({}));
        assert!(snapshots["snapshots"].as_array().unwrap().len() >= 3, "{snapshots:#}");
        assert!(snapshots.to_string().contains("file_corrupt"), "{snapshots:#}");
        let destroyed = site.run("destroy", json!({ "components": ["b"], "confirm": "staging" }));
        assert_eq!(destroyed["result"], true, "{destroyed:#}");

        move_away(&record);
        let again = site.run("orchestrate", json!({}));
        assert_eq!(statuses(&again)["a"], "unchanged", "{again:#}");
        assert!(record.exists());
    }
}

#[test]
fn a_damaged_record_of_a_component_removed_from_the_pillar_stops_nothing_else() {
    let mut site = Site::new();
    for name in ["a", "b", "c"] {
        set(&mut site, name, "1");
    }
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    for name in ["a", "c"] {
        site.infrastructure["components"].as_object_mut().unwrap().remove(name);
    }
    std::fs::write(place(&site, "a").join("record.json"), "").unwrap();
    let run = site.run("orchestrate", json!({}));
    assert_eq!(run["result"], true, "{run:#}");
    assert_eq!(statuses(&run)["a"], "orphaned");
    assert!(run["components"]["a"]["notes"][0].as_str().unwrap().contains("record.json"), "{run:#}");
    let gone = site.run("destroy", json!({ "components": ["c"], "confirm": "staging" }));
    assert_eq!(statuses(&gone)["c"], "destroyed", "{gone:#}");
    let torn = site.run("destroy", json!({ "components": ["a"], "confirm": "staging" }));
    assert_eq!((&torn["error"]["code"], &torn["error"]["component"]), (&json!("file_corrupt"), &json!("a")));
}

#[test]
fn every_other_damaged_file_stops_only_its_component_and_its_remedy_works() {
    let mut site = Site::new();
    for name in ["manifest.json", "applying.json", "unreported_orphans.json", "untold.json"] {
        for tear in [TEARS[0], TEARS[4]] {
            set(&mut site, "a", "before");
            set(&mut site, "b", "before");
            assert_eq!(site.run("orchestrate", json!({}))["result"], true);
            let file = place(&site, "a").join(name);
            if !file.exists() {
                std::fs::write(&file, "{}").unwrap();
            }
            tear(&file);
            set(&mut site, "b", "after");
            assert_stops_alone(&site, &file);
            move_away(&file);
            if name == "manifest.json" {
                // A copy in the workdir would count as a manual change.
                let outside = tempfile::tempdir().unwrap();
                for part in ["module", "terraform.tfvars.json"] {
                    std::fs::rename(site.workdir("a").join(part), outside.path().join(part)).unwrap();
                }
            }
            let again = site.run("orchestrate", json!({}));
            assert_eq!(again["result"], true, "{name}: {again:#}");
        }
    }
}

#[test]
fn a_damaged_file_of_a_scheduled_check_stops_only_its_component_and_its_remedy_works() {
    let mut site = Site::new();
    set(&mut site, "a", "1");
    set(&mut site, "b", "1");
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    assert_eq!(site.run("sync_states", json!({}))["result"], true);
    let (drift, outputs) = (place(&site, "a").join("drift.json"), place(&site, "a").join("outputs.json"));
    std::fs::write(&drift, "").unwrap();
    let report = site.run("drift", json!({}));
    assert_eq!((statuses(&report)["a"].as_str(), statuses(&report)["b"].as_str()), ("failed", "unchanged"));
    move_away(&drift);
    assert_eq!(site.run("drift", json!({}))["result"], true);
    TEARS[4](&outputs);
    let cached = site.run("outputs", json!({ "cached": true }));
    assert_eq!(cached["outputs"]["b"]["x"], "1", "{cached:#}");
    assert_eq!((&cached["result"], &error(&cached, "a")["code"]), (&json!(false), &json!("file_corrupt")));
    move_away(&outputs);
    assert_eq!(site.run("sync_states", json!({}))["result"], true);
    assert_eq!(site.run("outputs", json!({ "cached": true }))["outputs"]["a"]["x"], "1");
}

#[test]
fn a_journal_that_cannot_be_read_hides_no_other_run_and_its_remedy_works() {
    let mut site = Site::new();
    set(&mut site, "a", "1");
    let run_id = |report: &Value| id(report, "run_id").to_owned();
    let (first, second) =
        (run_id(&site.run("orchestrate", json!({}))), run_id(&site.run("orchestrate", json!({}))));
    let journal = control(&site).join("runs").join(&second).join("journal.jsonl");
    TEARS[4](&journal);
    let history = site.run("history", json!({}));
    let shown = history["runs"].as_array().unwrap();
    assert_eq!(
        (id(&shown[0], "state"), id(&shown[1], "run_id")),
        ("unreadable", first.as_str()),
        "{history:#}"
    );
    assert_eq!(site.run("status", json!({}))["result"], true);
    let resumed = site.run("resume", json!({}));
    assert_eq!(resumed["error"]["code"], "file_corrupt", "{resumed:#}");
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    move_away(&journal);
    assert_eq!(site.run("history", json!({}))["runs"].as_array().unwrap().len(), 2);
}

const WORLD: &str = "eos.test/eos/world";
const OTHER: &str = "eos.test/other/world";

/// A component with one thing of the first provider. The second provider is only required.
fn require(site: &mut Site, world: &World, of_world: &str, of_other: &str) {
    let required = format!(
        "world = {{ source = {WORLD:?}, version = {of_world:?} }}\n    other = {{ source = {OTHER:?}, version = {of_other:?} }}"
    );
    let head = world.provider("a").replace(&format!("world = {{ source = {WORLD:?} }}"), &required);
    assert!(head.contains(OTHER), "{head}");
    site.component("a", &(head + "resource \"world_thing\" \"x\" {\n  name = \"x\"\n}\n"), json!({}));
}

fn lock_file(site: &Site) -> PathBuf {
    site.workdir("a").join("module/.terraform.lock.hcl")
}

/// The versions in the lock file: the first provider's and the other's.
fn locked(site: &Site) -> [String; 2] {
    let text = std::fs::read_to_string(lock_file(site)).unwrap();
    [WORLD, OTHER].map(|source| {
        let block = text.split(&format!("provider {source:?}")).nth(1).unwrap_or_else(|| panic!("{text}"));
        block.split('"').nth(1).unwrap().to_owned()
    })
}

fn notes(report: &Value) -> String {
    report["components"]["a"]["notes"].to_string()
}

#[test]
fn a_provider_blocked_by_the_lock_file_is_selected_again_and_the_others_stay() {
    let Some(world) = World::new() else { return };
    world.serve(&[WORLD, OTHER], &["1.0.0", "1.1.0", "1.2.0"]);
    let mut site = Site::new();
    site.infrastructure["settings"]["terraform"] = json!({ "cli_config_file": world.cli_config() });
    require(&mut site, &world, "1.0.0", "1.0.0");
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);

    require(&mut site, &world, "1.1.0", "~> 1.0");
    let tested = site.run("orchestrate", json!({ "test": true }));
    assert_eq!(tested["result"], true, "{tested:#}");
    assert!(notes(&tested).contains("provider eos.test/eos/world: 1.0.0 -> 1.1.0"), "{tested:#}");
    assert_eq!(locked(&site), ["1.1.0", "1.0.0"]);
    // Both providers change at once, one of them to an older version.
    require(&mut site, &world, "1.0.0", "1.1.0");
    let both = site.run("orchestrate", json!({}));
    assert_eq!(both["result"], true, "{both:#}");
    assert_eq!(locked(&site), ["1.0.0", "1.1.0"]);

    require(&mut site, &world, "9.9.9", "~> 1.0");
    let failed = site.run("orchestrate", json!({}));
    assert_eq!(error(&failed, "a")["code"], "provider_unavailable", "{failed:#}");
    require(&mut site, &world, "~> 1.0", "~> 1.0");
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    assert_eq!(locked(&site), ["1.0.0", "1.1.0"], "what could not be had took nothing with it");

    let upgraded = site.run("plan", json!({ "upgrade": true }));
    assert_eq!(upgraded["result"], true, "{upgraded:#}");
    let said = notes(&upgraded);
    assert!(said.contains("world: 1.0.0 -> 1.2.0") && said.contains("other/world: 1.1.0 -> 1.2.0"), "{said}");
    std::fs::remove_file(lock_file(&site)).unwrap();
    assert_eq!(
        site.run("orchestrate", json!({}))["result"],
        true,
        "a lock file that was removed is made anew"
    );
    require(&mut site, &world, "1.0.0", "~> 1.0");
    let gone = site.run("destroy", json!({ "confirm": "staging" }));
    assert_eq!(statuses(&gone)["a"], "destroyed", "{gone:#}");
}

#[test]
fn a_lock_file_shipped_by_the_module_is_binding_and_the_remedy_is_at_its_source() {
    let Some(world) = World::new() else { return };
    world.serve(&[WORLD, OTHER], &["1.0.0", "1.1.0"]);
    let mut site = Site::new();
    site.infrastructure["settings"]["terraform"] = json!({ "cli_config_file": world.cli_config() });
    require(&mut site, &world, "1.0.0", "1.0.0");
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    let shipped = site.folder.path().join("modules/a/.terraform.lock.hcl");
    std::fs::copy(lock_file(&site), &shipped).unwrap();
    require(&mut site, &world, "1.1.0", "~> 1.0");
    let failed = site.run("orchestrate", json!({ "upgrade": true }));
    assert_eq!(error(&failed, "a")["code"], "provider_lock", "{failed:#}");
    assert!(error(&failed, "a")["remedy"].as_str().unwrap().contains("at the module's source"), "{failed:#}");
    require(&mut site, &world, "~> 1.0", "~> 1.0");
    let upgraded = site.run("orchestrate", json!({ "upgrade": true }));
    assert_eq!(upgraded["result"], true, "{upgraded:#}");
    assert!(notes(&upgraded).contains("the providers stay as in the module's own"), "{upgraded:#}");
    assert_eq!(locked(&site), ["1.0.0", "1.0.0"]);
    // When the module no longer ships the lock file, the file no longer binds.
    std::fs::remove_file(&shipped).unwrap();
    require(&mut site, &world, "1.1.0", "~> 1.0");
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
}

#[test]
fn a_module_registry_that_cannot_be_reached_is_named_as_the_cause() {
    let mut site = Site::new();
    let main = "module \"vpc\" {\n  source = \"localhost:9/terraform/vpc/aws\"\n}\n";
    site.component("c", main, json!({}));
    let report = site.run("plan", json!({}));
    let error = &report["components"]["c"]["error"];
    assert_eq!(error["code"], "module_unavailable", "{report:#}");
    assert!(error["remedy"].as_str().unwrap().contains("registry"), "{report:#}");
}

#[test]
fn a_tilde_in_a_module_is_explained() {
    let mut site = Site::new();
    site.component("c", "output \"key\" { value = file(\"~/.ssh/id.pub\") }\n", json!({}));
    let report = site.run("plan", json!({}));
    let error = &report["components"]["c"]["error"];
    assert!(error["remedy"].as_str().unwrap().contains("HOME"), "{report:#}");
    site.infrastructure["components"]["c"]["source"] = json!("~/modules/c");
    let message = site.run("validate", json!({}))["error"]["message"].to_string();
    assert!(message.contains("~ is not replaced by a home folder"), "{message}");
}
