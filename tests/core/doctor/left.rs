//! What killed runs left.

use serde_json::json;

use super::{doctor, found, tree, with_code};
use crate::support::Site;
use crate::support::killed;
use crate::support::world::World;

#[test]
fn what_a_killed_run_left_is_told_with_its_command_until_a_later_run_completes_it() {
    let Some(world) = World::new() else { return };
    let mut site = Site::new();
    site.infrastructure["settings"]["terraform"] = json!({ "cli_config_file": world.cli_config() });
    let main = world.provider("thing") + "resource \"world_thing\" \"it\" {\n  name = \"it\"\n}\n";
    site.component("thing", &main, json!({}));
    world.faults(&json!([{ "id": "create", "do": "hang", "on": "create", "when": "after", "name": "it" }]));
    let eos = killed::start(&site);
    let call = killed::until_hangs(&world, "create", "it");
    killed::kill_all(eos, &call);
    // Until the guardian has ended, it holds the lock.
    killed::until("the lock is free", || site.run("locks", json!({}))["locks"] == json!([]));
    let before = tree(&site.folder.path().join("root"));
    let report = doctor(&site);
    assert_eq!(tree(&site.folder.path().join("root")), before);
    let apply = with_code(&report, "unfinished_apply");
    assert_eq!((&apply["status"], &apply["name"]), (&json!("wrong"), &json!("runs")), "{apply:#}");
    let run_id =
        std::fs::read_dir(site.folder.path().join("root/staging/.eos/runs")).unwrap().next().unwrap();
    let run_id = run_id.unwrap().file_name().into_string().unwrap();
    let remedy = apply["remedy"].as_str().unwrap();
    assert!(remedy.contains(&format!("infrastructure.resume run_id={run_id}")), "{remedy}");

    // What resume refuses is called again.
    let journal = site.folder.path().join("root/staging/.eos/runs").join(&run_id).join("journal.jsonl");
    let steps = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, steps.replace("\"orchestrate\"", "\"rollback\"")).unwrap();
    let remedy = with_code(&doctor(&site), "unfinished_apply")["remedy"].to_string();
    assert!(remedy.contains("call rollback again") && !remedy.contains("resume"), "{remedy}");
    let shown = eos::view::text(&site.run("show", json!({ "run_id": run_id })), false);
    assert!(shown.contains("and has no report; call rollback again") && !shown.contains("resume"), "{shown}");
    assert_eq!(site.run("resume", json!({ "run_id": run_id }))["error"]["code"], "not_resumable");
    std::fs::write(&journal, steps).unwrap();

    world.faults(&json!([]));
    assert_eq!(site.run("resume", json!({ "run_id": run_id }))["result"], true);
    assert_eq!(found(&doctor(&site), &["runs"]), ["terraform runs ok -"]);
}
