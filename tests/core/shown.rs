//! Claims about what reports say of a plan's changes and of a failed apply, with a real terraform.

use eos::view;
use serde_json::{Value, json};

use crate::support::program;
use crate::support::script::executable;
use crate::support::world::World;
use crate::support::{Site, statuses};

fn site(world: &World, main: &str) -> Site {
    let mut site = Site::new();
    site.infrastructure["settings"]["terraform"] = json!({ "cli_config_file": world.cli_config() });
    has(&mut site, world, main);
    site
}

fn has(site: &mut Site, world: &World, main: &str) {
    site.component("c", &(world.provider("c") + main), json!({}));
}

fn orchestrate(site: &Site) -> Value {
    site.run("orchestrate", json!({}))
}

fn text(report: &Value) -> String {
    view::text(report, false)
}

fn changes(report: &Value) -> &Value {
    &report["components"]["c"]["resource_changes"]
}

fn copied(name: &str) -> String {
    format!(
        "resource \"world_thing\" \"x\" {{\n  name = \"{name}\"\n  lifecycle {{ create_before_destroy = true }}\n}}\n"
    )
}

/// A site whose replacement has created the new thing and could not destroy the old one. Its policy allows nothing.
fn half_replaced(world: &World) -> Site {
    let mut site = site(world, &copied("one"));
    assert_eq!(orchestrate(&site)["result"], true);
    has(&mut site, world, &copied("two"));
    site.infrastructure["components"]["c"]["policy"] = json!({ "allow_destroy": true });
    world.faults(&json!([{ "id": "keep", "on": "delete", "when": "before", "do": "fail" }]));
    let failed = orchestrate(&site);
    assert_eq!(statuses(&failed)["c"], "failed", "{failed:#}");
    assert_eq!(world.names(), ["one", "two"]);
    world.faults(&json!([]));
    site.infrastructure["components"]["c"]["policy"] = json!({});
    site
}

#[test]
fn an_old_copy_that_goes_is_shown_as_such_by_a_plan_by_policy_and_by_its_approval() {
    let Some(world) = World::new() else { return };
    let site = half_replaced(&world);
    // An apply, which reads only the stream as long as it says all.
    for operation in ["plan", "orchestrate"] {
        let report = site.run(operation, json!({}));
        assert_eq!(statuses(&report)["c"], "blocked", "{report:#}");
        let (change, key) = (&changes(&report)[0], changes(&report)[0]["deposed"].as_str());
        let key = key.unwrap_or_else(|| panic!("no old copy in {report:#}"));
        assert_eq!((&change["address"], &change["actions"]), (&json!("world_thing.x"), &json!(["delete"])));
        let text = text(&report);
        assert!(text.contains(&format!("- world_thing.x  (destroys the old copy)  key {key}\n")), "{text}");
        assert!(text.contains(&format!("the plan destroys the old copy {key} of world_thing.x")), "{text}");
        let state = view::returns::one(&report, "n", "c");
        assert!(state["comment"].to_string().contains(&format!("the old copy {key}")), "{state:#}");
        if operation == "orchestrate" {
            let plan_id = report["plan_id"].as_str().unwrap();
            let approved = site.run("approve", json!({ "plan_id": plan_id }));
            assert_eq!(changes(&approved)[0]["deposed"], key, "{approved:#}");
            let applied = site.run("apply", json!({ "plan_id": plan_id }));
            assert_eq!(statuses(&applied)["c"], "applied", "{applied:#}");
            assert_eq!(changes(&applied)[0]["deposed"], key, "{applied:#}");
        }
    }
    assert_eq!(world.names(), ["two"]);
    assert_eq!(statuses(&orchestrate(&site))["c"], "unchanged");
}

#[test]
fn the_comment_of_a_state_lists_an_old_copy_and_the_new_object_separately() {
    let Some(world) = World::new() else { return };
    let mut site = half_replaced(&world);
    has(&mut site, &world, &copied("two").replace("lifecycle", "body = \"new\"\n  lifecycle"));
    site.infrastructure["components"]["c"]["policy"] = json!({ "allow_destroy": true });
    let report = orchestrate(&site);
    let changes = &view::returns::one(&report, "n", "c")["changes"];
    let keys: Vec<_> = changes.as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 2, "{changes:#}");
    assert!(keys[0] == "world_thing.x" && keys[1].starts_with("world_thing.x (the old copy "), "{changes:#}");
}

#[test]
fn a_move_shows_where_from_alone_and_beside_a_change() {
    let module =
        |name: &str, body: &str| format!("resource \"terraform_data\" \"{name}\" {{ input = \"{body}\" }}\n");
    let moved = "moved {\n  from = terraform_data.a\n  to   = terraform_data.b\n}\n";
    let mut site = Site::new();
    site.component("c", &module("a", "one"), json!({}));
    orchestrate(&site);
    for (body, sign) in [("two", "~ terraform_data.b"), ("one", "> terraform_data.b  (moves)")] {
        site.component("c", &(module("b", body) + moved), json!({}));
        let tested = site.run("orchestrate", json!({ "test": true }));
        assert_eq!(changes(&tested)[0]["previous_address"], "terraform_data.a", "{tested:#}");
        let text = text(&tested);
        assert!(text.contains(&format!("  c   {sign}  from terraform_data.a\n")), "{text}");
    }
    let applied = orchestrate(&site);
    assert_eq!(changes(&applied)[0]["previous_address"], "terraform_data.a", "{applied:#}");
    let state = view::returns::one(&applied, "n", "c");
    assert_eq!(
        state["changes"]["terraform_data.b"],
        json!({ "actions": "move", "moved from": "terraform_data.a" })
    );
}

#[test]
fn an_import_shows_its_id_and_what_is_forgotten_is_counted_and_kept_in_the_world() {
    if !program::has("1.7", "1.10") {
        return;
    }
    let Some(world) = World::new() else { return };
    let thing = |name: &str| format!("resource \"world_thing\" \"{name}\" {{\n  name = \"{name}\"\n}}\n");
    let mut site = site(&world, &(thing("one") + &thing("two")));
    orchestrate(&site);
    let id = world.things().into_iter().find(|(_, thing)| thing["name"] == "two").unwrap().0;
    let forget = "removed {\n  from = world_thing.two\n  lifecycle { destroy = false }\n}\n";
    has(&mut site, &world, &(thing("one") + forget));
    let tested = site.run("orchestrate", json!({ "test": true }));
    let forgotten = orchestrate(&site);
    assert_eq!(statuses(&forgotten)["c"], "applied", "{forgotten:#}");
    for report in [&tested, &forgotten] {
        assert_eq!(report["components"]["c"]["changes"]["forget"], 1, "{report:#}");
        assert!(text(report).lines().next().unwrap().contains("+0 ~0 -0 forget 1"), "{}", text(report));
    }
    assert!(text(&tested).contains("x world_thing.two  (forgets; it stays, without Terraform)"));
    assert_eq!(world.names(), ["one", "two"]);

    let import = format!("import {{\n  to = world_thing.two\n  id = \"{id}\"\n}}\n");
    has(&mut site, &world, &(thing("one") + &thing("two") + &import));
    let tested = site.run("orchestrate", json!({ "test": true }));
    assert!(
        text(&tested).contains(&format!("<- world_thing.two  (imports)  by id {id}\n")),
        "{}",
        text(&tested)
    );
    let imported = orchestrate(&site);
    assert_eq!(imported["components"]["c"]["changes"]["import"], 1, "{imported:#}");
    assert_eq!(changes(&imported)[0]["import_id"], json!(id), "{imported:#}");
}

#[test]
fn protect_stops_a_plan_that_forgets_until_it_is_approved() {
    if !program::has("1.7", "1.10") {
        return;
    }
    let keeps = "resource \"terraform_data\" \"a\" {}\n";
    let mut site = Site::new();
    site.component("c", &format!("{keeps}resource \"terraform_data\" \"b\" {{}}\n"), json!({}));
    orchestrate(&site);
    let forget = "removed {\n  from = terraform_data.b\n  lifecycle { destroy = false }\n}\n";
    site.component(
        "c",
        &format!("{keeps}{forget}"),
        json!({ "policy": { "protect": ["terraform_data.b"] } }),
    );
    let stopped = orchestrate(&site);
    assert_eq!(stopped["components"]["c"]["reason"], "protected", "{stopped:#}");
    let plan_id = stopped["plan_id"].as_str().unwrap();
    site.run("approve", json!({ "plan_id": plan_id }));
    let applied = site.run("apply", json!({ "plan_id": plan_id }));
    assert_eq!(applied["components"]["c"]["changes"]["forget"], 1, "{applied:#}");
}

#[test]
fn outputs_of_an_apply_that_failed_are_not_shown_and_the_stored_ones_are_marked() {
    let Some(world) = World::new() else { return };
    let module = |body: &str| {
        format!(
            "resource \"world_thing\" \"x\" {{\n  name = \"x\"\n  body = \"{body}\"\n}}\noutput \"body\" {{ value = \
             world_thing.x.body }}\noutput \"wanted\" {{ value = \"{body}\" }}\n"
        )
    };
    let mut site = site(&world, &module("one"));
    assert_eq!(orchestrate(&site)["components"]["c"]["outputs"]["body"], "one");
    has(&mut site, &world, &module("two"));
    world.faults(&json!([{ "id": "no", "on": "update", "when": "before", "do": "fail" }]));
    let failed = orchestrate(&site);
    assert_eq!(statuses(&failed)["c"], "failed", "{failed:#}");
    assert_eq!(failed["components"]["c"]["outputs"], json!({}), "{failed:#}");
    let outputs = site.run("outputs", json!({}));
    let of_c = &outputs["components"]["c"];
    assert_eq!(
        (&outputs["result"], &of_c["reason"]),
        (&json!(true), &json!("last_run_failed")),
        "{outputs:#}"
    );
    assert!(of_c["notes"].to_string().contains("the last apply did not complete (failed)"), "{outputs:#}");
    world.faults(&json!([]));
    assert_eq!(statuses(&orchestrate(&site))["c"], "applied");
    assert_eq!(site.run("outputs", json!({}))["components"]["c"]["reason"], "");
}

#[test]
fn a_plan_in_which_everything_failed_has_no_plan_to_apply() {
    const BAD: &str = "resource \"terraform_data\" \"a\" { input = no.such.thing }\n";
    let mut site = Site::new();
    site.component("c", BAD, json!({}));
    let failed = site.run("plan", json!({}));
    assert_eq!(statuses(&failed)["c"], "failed", "{failed:#}");
    assert!(failed.get("plan_id").is_none(), "{failed:#}");
    assert!(!text(&failed).contains("to apply this plan"), "{}", text(&failed));
    site.component("d", "resource \"terraform_data\" \"a\" {}\n", json!({}));
    let partly = site.run("plan", json!({}));
    assert!(partly["plan_id"].is_string() && text(&partly).contains("to apply this plan"), "{partly:#}");
}

#[test]
fn the_versions_of_a_report_name_the_program() {
    let mut site = Site::new();
    site.component("c", "resource \"terraform_data\" \"a\" {}\n", json!({}));
    let (used, keys) = (program::used(), ["terraform", "opentofu"]);
    let [own, other] = if used.is_tofu { [keys[1], keys[0]] } else { keys };
    for operation in ["orchestrate", "drift"] {
        let report = site.run(operation, json!({}));
        assert_eq!((&report["result"], &report["versions"][own]), (&json!(true), &json!(used.version)));
        assert!(report["versions"].get(other).is_none(), "{report:#}");
    }
}

/// This terraform says of each plan what these `sed` commands make of it.
fn as_if(site: &mut Site, plan: &str, show: &str) {
    let program = site.folder.path().join("terraform");
    let script = format!(
        "#!/bin/bash\nset -o pipefail\ncase $1 in\n  plan) terraform \"$@\" | sed -e '{plan}' ;;\n  show) terraform \"$@\" | \
         sed -e '{show}' ;;\n  *) exec terraform \"$@\" ;;\nesac\n"
    );
    executable(&program, &script);
    site.infrastructure["settings"]["terraform"] = json!({ "binary": program });
}

/// Terraform has actions since 1.14; the words are those of its stream and of its plan.
#[test]
fn an_invoked_action_is_counted_and_shown_and_protect_stops_it() {
    let mut site = Site::new();
    site.component("c", "resource \"terraform_data\" \"a\" {}\n", json!({}));
    let address = json!({ "addr": "action.t.n", "action_type": "t", "action_name": "n" });
    let trigger = json!({ "triggering_resource": { "addr": "terraform_data.a", "resource_type": "terraform_data", "resource_name": "a" },
        "triggering_event": "AfterCreate" });
    let invocation = json!({ "action_addr": address, "lifecycle_trigger": trigger });
    let planned = json!({ "type": "planned_action_invocation", "invocation": invocation });
    let trigger =
        json!({ "triggering_resource_address": "terraform_data.a", "action_trigger_event": "AfterCreate" });
    let shown =
        json!([{ "address": "action.t.n", "type": "t", "name": "n", "lifecycle_action_trigger": trigger }]);
    let plan = format!(
        "/\"type\":\"change_summary\"/{{i\\\n{planned}\ns/\"changes\":{{/&\"action_invocation\":1,/\n}}"
    );
    as_if(&mut site, &plan, &format!("s/^{{/{{\"action_invocations\":{shown},/"));
    let tested = site.run("orchestrate", json!({ "test": true }));
    assert_eq!(tested["components"]["c"]["changes"]["action_invocation"], 1, "{tested:#}");
    let text = text(&tested);
    assert!(
        text.contains("+1 ~0 -0 invoke 1")
            && text.contains("! action.t.n  (invokes: AfterCreate of terraform_data.a)\n"),
        "{text}"
    );
    site.infrastructure["components"]["c"]["policy"] = json!({ "protect": ["t"] });
    let stopped = orchestrate(&site);
    assert_eq!(stopped["components"]["c"]["reason"], "protected", "{stopped:#}");
    let plan_id = stopped["plan_id"].as_str().unwrap();
    site.run("approve", json!({ "plan_id": plan_id }));
    let applied = site.run("apply", json!({ "plan_id": plan_id }));
    assert_eq!(applied["components"]["c"]["action_invocations"][0]["address"], "action.t.n", "{applied:#}");
}

/// With `destroy = false`, a replacement forgets the old object. No stream has a word for that.
#[test]
fn a_plan_whose_stream_says_less_than_its_summary_is_read_completely() {
    let mut site = Site::new();
    let main = |value: u64| format!("resource \"terraform_data\" \"a\" {{ triggers_replace = {value} }}\n");
    site.component("c", &main(1), json!({}));
    orchestrate(&site);
    site.component("c", &main(2), json!({}));
    as_if(
        &mut site,
        "/\"type\":\"change_summary\"/s/\"remove\":1/\"remove\":0/",
        "s/\\[\"delete\",\"create\"\\]/[\"create\",\"forget\"]/",
    );
    // By default, a plan that destroys is stopped.
    let report = orchestrate(&site);
    assert_eq!(statuses(&report)["c"], "applied", "{report:#}");
    assert_eq!(changes(&report)[0]["actions"], json!(["create", "forget"]), "{report:#}");
    let counts = &report["components"]["c"]["changes"];
    assert_eq!((&counts["add"], &counts["remove"], &counts["forget"]), (&json!(1), &json!(0), &json!(1)));
}
