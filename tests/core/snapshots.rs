//! Claims about snapshots before an apply, with a real terraform.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use eos::error::Code;
use eos::snapshot::{Snapshot, SnapshotStore, ValueOrigin};
use serde_json::{Value, json};

use crate::support::http_backend::HttpBackend;
use crate::support::script::executable;
use crate::support::{Site, statuses};

const NET: &str = r#"
variable "cidr" { default = "one" }
resource "terraform_data" "net" { input = var.cidr }
output "cidr" { value = terraform_data.net.output }
"#;

/// A module whose second resource fails if `works` is false, after the first was created.
fn fails(works: bool) -> String {
    let command = if works { "true" } else { "false" };
    format!(
        "{NET}resource \"terraform_data\" \"second\" {{\n  depends_on = [terraform_data.net]\n  \
         provisioner \"local-exec\" {{\n    command = \"{command}\"\n  }}\n}}\n"
    )
}

fn site() -> Site {
    let mut site = Site::new();
    site.component("net", NET, json!({}));
    site
}

fn set(site: &mut Site, cidr: &str) {
    site.infrastructure["components"]["net"]["variables"] = json!({ "cidr": cidr });
}

fn control(site: &Site, component: &str) -> PathBuf {
    site.folder.path().join("root/staging/.eos/components").join(component)
}

fn store(site: &Site, component: &str) -> SnapshotStore {
    SnapshotStore::new(control(site, component).join("snapshots"))
}

fn record(site: &Site) -> Value {
    serde_json::from_slice(&std::fs::read(control(site, "net").join("record.json")).unwrap()).unwrap()
}

/// The snapshot that the report of `net` names.
fn named(site: &Site, report: &Value) -> Snapshot {
    let id = report["components"]["net"]["snapshot_id"].as_str();
    store(site, "net").read(id.unwrap_or_else(|| panic!("no snapshot in {report:#}"))).unwrap()
}

fn run(site: &Site, expected: &str) -> Value {
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report)["net"], expected, "{report:#}");
    report
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn a_snapshot_contains_the_state_before_the_apply_and_its_configuration() {
    let mut site = site();
    let first = named(&site, &run(&site, "applied"));
    assert_eq!((&first.state, &first.configuration, first.resources), (&None, &None, 0));
    let state = std::fs::read(site.workdir("net").join("terraform.tfstate")).unwrap();
    set(&mut site, "two");
    let report = run(&site, "applied");
    let second = named(&site, &report);
    let store = store(&site, "net");
    assert_eq!(store.object(second.state.as_ref().unwrap()).unwrap(), state);
    let was: Value = serde_json::from_slice(&state).unwrap();
    assert_eq!(
        (json!(second.lineage), json!(second.serial)),
        (was["lineage"].clone(), was["serial"].clone())
    );
    assert_eq!((second.resources, &json!(second.run_id)), (1, &report["run_id"]));
    assert_eq!(second.configuration, Some(first.next));
    assert_eq!(record(&site)["applied"], second.next);
    assert_eq!(record(&site)["known_good"], second.next);
    assert_eq!(store.list().unwrap(), [second.snapshot_id, first.snapshot_id]);
}

#[test]
fn a_snapshot_is_in_private_files_and_the_journal_names_it_before_the_apply() {
    let site = site();
    let report = run(&site, "applied");
    let folder = control(&site, "net").join("snapshots");
    assert_eq!((mode(&folder), mode(&folder.join("objects"))), (0o700, 0o700));
    let files = below(&folder);
    assert_eq!(files.len(), 4, "a module's file, its variables, the configuration, the snapshot: {files:?}");
    assert!(files.iter().all(|path| mode(path) == 0o600), "{files:?}");
    let shown = site.run("show_run", json!({ "run_id": report["run_id"] }));
    let steps = shown["steps"].as_array().unwrap();
    let applying = steps.iter().find(|step| step["step"] == "applying").unwrap();
    assert_eq!(applying["snapshot_id"], report["components"]["net"]["snapshot_id"]);
}

#[test]
fn an_unchanged_run_and_a_test_take_no_snapshot_and_write_nothing() {
    let mut site = site();
    run(&site, "applied");
    let record = record(&site);
    let files = below(&control(&site, "net").join("snapshots"));
    let report = run(&site, "unchanged");
    assert!(report["components"]["net"]["snapshot_id"].is_null());
    set(&mut site, "two");
    site.run("orchestrate", json!({ "test": true }));
    assert_eq!(below(&control(&site, "net").join("snapshots")), files);
    assert_eq!(self::record(&site), record);
}

#[test]
fn a_configuration_contains_references_and_no_secret() {
    let mut site = Site::new();
    let key = "output \"key\" {\n  value = \"canary-output\"\n  sensitive = true\n}\n";
    site.component("keys", &format!("{key}output \"zone\" {{\n  value = \"a\"\n}}\n"), json!({}));
    let file = site.folder.path().join("secret");
    std::fs::write(&file, "canary-file\n").unwrap();
    let variables = ["key", "zone", "zones", "token", "pin", "size"]
        .map(|name| format!("variable \"{name}\" {{\n  sensitive = {}\n  type = any\n}}\n", name == "pin"));
    let used = "resource \"terraform_data\" \"net\" {\n  input = [var.key, var.token, var.pin, var.zones, var.zone, var.size]\n}\n";
    let rest = json!({
        "from_outputs": { "key": "keys.key", "zone": "keys.zone", "zones": ["keys.zone"] },
        "secrets": { "token": format!("file:{}", file.display()) },
        "variables": { "pin": "canary-pin", "size": 3 },
    });
    site.component("net", &(variables.concat() + used), rest);
    let first = named(&site, &run(&site, "applied"));
    site.infrastructure["components"]["net"]["variables"]["size"] = json!(4);
    let second = named(&site, &run(&site, "applied"));

    let state = second.state.unwrap();
    for path in below(&control(&site, "net").join("snapshots")) {
        let holds = std::fs::read_to_string(&path).unwrap().contains("canary-");
        assert_eq!(holds, path.ends_with(&state), "only a state holds secrets: {}", path.display());
    }
    let store = store(&site, "net");
    let configuration = store.configuration(&first.next).unwrap();
    let origin = |name: &str, origin| (name.to_owned(), origin);
    assert_eq!(
        configuration.secrets,
        [
            origin("key", ValueOrigin::Output("keys.key".to_owned())),
            origin("pin", ValueOrigin::Pillar),
            origin("token", ValueOrigin::Reference(format!("file:{}", file.display()))),
        ]
        .into()
    );
    assert_eq!(
        configuration.outputs,
        [
            origin("zone", ValueOrigin::Output("keys.zone".to_owned())),
            origin("zones", ValueOrigin::Outputs(vec!["keys.zone".to_owned()])),
        ]
        .into()
    );
    let variables: Value = serde_json::from_slice(&store.object(&configuration.variables).unwrap()).unwrap();
    assert_eq!(variables, json!({ "size": 3, "zone": "a", "zones": ["a"] }));
}

#[test]
fn the_module_of_an_older_configuration_is_written_again_and_plans_as_before() {
    let mut site = site();
    let module = site.folder.path().join("modules/net");
    std::fs::create_dir_all(module.join("files")).unwrap();
    let script = module.join("files/run.sh");
    std::fs::write(&script, b"#!/bin/sh\n\xff\x00\n").unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let first = named(&site, &run(&site, "applied"));
    std::fs::write(module.join("main.tf"), fails(true)).unwrap();
    std::fs::write(&script, "#!/bin/sh\n").unwrap();
    run(&site, "applied");

    let store = store(&site, "net");
    let configuration = store.configuration(&first.next).unwrap();
    let out = site.folder.path().join("out");
    store.materialise(&configuration, &out).unwrap();
    assert_eq!(std::fs::read_to_string(out.join("main.tf")).unwrap(), NET);
    assert_eq!(std::fs::read(out.join("files/run.sh")).unwrap(), b"#!/bin/sh\n\xff\x00\n");
    assert_eq!((mode(&out.join("files/run.sh")), mode(&out.join("main.tf"))), (0o700, 0o600));
    assert_eq!(below(&out).len(), 2);
    // The export is a source like any other. Planned against the present state, it undoes the second version.
    site.infrastructure["components"]["net"]["source"] = json!(out);
    site.infrastructure["components"]["net"]["policy"] = json!({ "allow_destroy": true });
    let back = run(&site, "applied");
    assert_eq!(back["components"]["net"]["changes"]["remove"], 1, "{back:#}");
    assert_eq!(named(&site, &back).next, first.next, "the same configuration has the same digest");
}

#[test]
fn a_failed_apply_names_its_snapshot_and_known_good_stays() {
    let mut site = site();
    let good = named(&site, &run(&site, "applied")).next;
    site.component("net", &fails(false), json!({ "variables": { "cidr": "two" } }));
    let report = run(&site, "failed");
    let failed = named(&site, &report);
    assert_eq!(failed.configuration.as_deref(), Some(good.as_str()));
    assert_ne!(failed.next, good);
    let now = record(&site);
    assert_eq!(
        (&now["outcome"], &now["applied"], &now["known_good"]),
        (&json!("failed"), &json!(good), &json!(good))
    );
    let again = named(&site, &run(&site, "failed"));
    assert_eq!(again.configuration.as_deref(), Some(good.as_str()));
    site.component("net", &fails(true), json!({ "variables": { "cidr": "two" } }));
    site.infrastructure["components"]["net"]["policy"] = json!({ "allow_destroy": true });
    let mended = named(&site, &run(&site, "applied"));
    assert_eq!(record(&site)["known_good"], mended.next);
}

#[test]
fn after_a_failed_first_apply_nothing_is_known_good() {
    let mut site = site();
    site.component("net", &fails(false), json!({}));
    run(&site, "failed");
    assert!(record(&site)["applied"].is_null() && record(&site)["known_good"].is_null());
}

#[test]
fn a_failed_apply_counts_as_complete_when_a_new_plan_is_empty() {
    let mut site = site();
    run(&site, "applied");
    // Terraform fails after it has made all changes.
    let script = site.folder.path().join("terraform");
    let text =
        "#!/bin/sh\nif [ \"$1\" = apply ]; then\nterraform \"$@\"\nexit 1\nfi\nexec terraform \"$@\"\n";
    executable(&script, text);
    site.infrastructure["settings"]["terraform"] = json!({ "binary": script });
    set(&mut site, "two");
    let failed = named(&site, &run(&site, "failed"));
    assert_eq!(record(&site)["applied"], json!(failed.configuration));
    run(&site, "unchanged");
    assert_eq!(record(&site)["applied"], failed.next);
    assert_eq!(store(&site, "net").lacks(&failed.next).unwrap(), [""; 0]);
}

#[test]
fn a_destroy_takes_a_snapshot_and_clears_known_good() {
    let site = site();
    let first = named(&site, &run(&site, "applied"));
    let report = site.run("destroy", json!({ "confirm": "staging" }));
    assert_eq!(statuses(&report)["net"], "destroyed", "{report:#}");
    let last = named(&site, &report);
    assert!(last.destroy && last.state.is_some());
    assert_eq!(last.configuration, Some(first.next));
    assert!(record(&site)["applied"].is_null() && record(&site)["known_good"].is_null());
}

#[test]
fn a_saved_plan_is_applied_with_a_snapshot_of_its_configuration() {
    let mut site = site();
    run(&site, "applied");
    set(&mut site, "two");
    let plan = site.run("plan", json!({}));
    let applied = site.run("apply", json!({ "plan_id": plan["plan_id"] }));
    assert_eq!(statuses(&applied)["net"], "applied", "{applied:#}");
    let snapshot = named(&site, &applied);
    let store = store(&site, "net");
    let next = store.configuration(&snapshot.next).unwrap();
    let variables: Value = serde_json::from_slice(&store.object(&next.variables).unwrap()).unwrap();
    assert_eq!(variables, json!({ "cidr": "two" }));
    assert!(snapshot.state.is_some());
}

#[test]
fn the_snapshot_of_a_remote_state_is_the_state_pulled_before_the_plan() {
    let backend = HttpBackend::new();
    let mut site = site();
    let settings = &mut site.infrastructure["settings"]["backend"];
    *settings = json!({ "type": "http", "address": backend.url() });
    run(&site, "applied");
    let state = backend.state();
    set(&mut site, "two");
    let report = run(&site, "applied");
    let snapshot = named(&site, &report);
    let store = store(&site, "net");
    let same = |a: &[u8], b: &[u8]| {
        serde_json::from_slice::<Value>(a).unwrap() == serde_json::from_slice::<Value>(b).unwrap()
    };
    assert!(same(&store.object(&snapshot.state.unwrap()).unwrap(), state.as_bytes()));
    let configuration = store.configuration(&snapshot.next).unwrap();
    assert!(configuration.backend.contains(&backend.url()) && configuration.lock_file.is_none());
}

#[test]
fn if_the_snapshot_cannot_be_written_nothing_is_applied() {
    let mut site = site();
    run(&site, "applied");
    let state = std::fs::read(site.workdir("net").join("terraform.tfstate")).unwrap();
    let folder = control(&site, "net").join("snapshots");
    std::fs::rename(folder.join("objects"), folder.join("kept")).unwrap();
    std::fs::write(folder.join("objects"), "").unwrap();
    set(&mut site, "two");
    let report = run(&site, "failed");
    let error = &report["components"]["net"]["error"];
    assert_eq!(error["code"], "file", "{error:#}");
    assert!(error["message"].as_str().unwrap().starts_with("nothing was applied"), "{error:#}");
    assert_eq!(std::fs::read(site.workdir("net").join("terraform.tfstate")).unwrap(), state);
    assert!(!control(&site, "net").join("applying.json").exists());
    // Nothing else needs a repair.
    std::fs::remove_file(folder.join("objects")).unwrap();
    std::fs::rename(folder.join("kept"), folder.join("objects")).unwrap();
    run(&site, "applied");
}

#[test]
fn a_new_snapshot_removes_old_ones_except_known_good() {
    let mut site = site();
    let good = named(&site, &run(&site, "applied")).next;
    let store = store(&site, "net");
    let old: Vec<String> = (0..8)
        .map(|days| {
            let taken = SystemTime::now() - Duration::from_secs((200 + days) * 24 * 60 * 60);
            let id = ulid::Ulid::from_datetime(taken).to_string();
            let state = Some(store.put(format!("state {days}").as_bytes()).unwrap());
            store.write(&Snapshot { snapshot_id: id.clone(), state, ..Snapshot::default() }).unwrap();
            id
        })
        .collect();
    site.component("net", &fails(false), json!({ "variables": { "cidr": "two" } }));
    let last = named(&site, &run(&site, "failed"));
    let left = store.list().unwrap();
    assert_eq!((left.len(), &left[0], &left[2..]), (5, &last.snapshot_id, &old[..3]));
    store.object(&state_of(&store, &old[2])).unwrap();
    assert_eq!(store.read(&old[3]).unwrap_err().code, Code::NoSuchSnapshot);
    assert_eq!(below(&control(&site, "net").join("snapshots/objects")).len(), 3 + 1 + 2 * 3);
    assert_eq!(store.lacks(&good).unwrap(), [""; 0]);
}

#[test]
fn a_new_snapshot_is_the_newest_and_stays_although_older_ones_have_later_times() {
    let mut site = site();
    run(&site, "applied");
    let store = store(&site, "net");
    for ahead in 0..25 {
        let id =
            ulid::Ulid::from_datetime(SystemTime::now() + Duration::from_secs(1_000_000 + ahead)).to_string();
        store.write(&Snapshot { snapshot_id: id, ..Snapshot::default() }).unwrap();
    }
    site.component("net", NET, json!({ "variables": { "cidr": "two" } }));
    let taken = named(&site, &run(&site, "applied"));
    let left = store.list().unwrap();
    assert_eq!((left.len(), &left[0]), (20, &taken.snapshot_id));
}

fn state_of(store: &SnapshotStore, id: &str) -> String {
    store.read(id).unwrap().state.unwrap()
}

#[test]
fn snapshots_are_listed_newest_first_with_the_known_good_one() {
    let mut site = site();
    site.component("other", NET, json!({}));
    let good = named(&site, &run(&site, "applied"));
    site.component("net", &fails(false), json!({ "variables": { "cidr": "two" } }));
    let failed = named(&site, &run(&site, "failed"));
    let report = site.run("snapshots", json!({ "components": "net" }));
    let shown = report["snapshots"].as_array().unwrap();
    let ids: Vec<_> = shown.iter().map(|one| one["snapshot_id"].as_str().unwrap()).collect();
    assert_eq!(ids, [failed.snapshot_id.as_str(), good.snapshot_id.as_str()], "{report:#}");
    assert_eq!((&shown[0]["known_good"], &shown[0]["applied"]), (&json!(true), &json!(true)));
    assert_eq!((&shown[1]["known_good"], &shown[1]["configuration"]), (&json!(false), &Value::Null));
    assert_eq!(site.run("snapshots", json!({}))["snapshots"].as_array().unwrap().len(), 3);

    let file = control(&site, "net").join("snapshots").join(format!("{}.json", good.snapshot_id));
    std::fs::write(file, "{").unwrap();
    let report = site.run("snapshots", json!({ "components": ["net"] }));
    assert_eq!(report["snapshots"][0]["snapshot_id"], json!(failed.snapshot_id));
    assert_eq!(report["snapshots"][1]["error"]["code"], "snapshot_corrupt", "{report:#}");
    let unknown = site.run("snapshots", json!({ "components": "nett" }));
    assert_eq!(unknown["error"]["code"], "invalid", "{unknown:#}");
    assert!(unknown["error"]["message"].as_str().unwrap().contains("did you mean \"net\""), "{unknown:#}");
}
