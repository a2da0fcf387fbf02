//! What only OpenTofu has, and what its reports are like, with a real one.

use serde_json::{Value, json};

use crate::support::killed;
use crate::support::program::{self, Program};
use crate::support::world::World;
use crate::support::{Site, statuses};

struct Bench {
    world: World,
    site: Site,
    tofu: Program,
}

impl Bench {
    fn new(main: &str) -> Option<Self> {
        let (world, tofu) = (World::new()?, program::opentofu()?);
        let mut bench = Self { world, site: Site::new(), tofu };
        // As for the terraform of the other tests: without the keys for each start of a provider.
        let env = json!({ "TF_DISABLE_PLUGIN_TLS": "1" });
        let terraform =
            json!({ "binary": bench.tofu.path, "cli_config_file": bench.world.cli_config(), "env": env });
        bench.site.infrastructure["settings"]["terraform"] = terraform;
        bench.has(main);
        Some(bench)
    }

    fn has(&mut self, main: &str) {
        self.site.component("c", &(self.world.provider("c") + main), json!({}));
    }

    fn file(&self, name: &str, text: &str) {
        let path = self.site.folder.path().join("modules/c").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn run(&self, operation: &str, arguments: Value) -> Value {
        self.site.run(operation, arguments)
    }

    fn status(&self, operation: &str, arguments: Value) -> String {
        let report = self.run(operation, arguments);
        statuses(&report).remove("c").unwrap_or_else(|| panic!("{report:#}"))
    }
}

fn thing(name: &str, rest: &str) -> String {
    format!("resource \"world_thing\" \"{name}\" {{\n  name = \"{name}\"\n{rest}}}\n")
}

#[test]
fn opentofu_plans_applies_finds_drift_rolls_back_and_destroys_and_each_report_names_it() {
    let versions = |report: &Value, bench: &Bench| {
        assert_eq!(report["versions"]["opentofu"], json!(bench.tofu.version), "{report:#}");
        assert!(report["versions"].get("terraform").is_none(), "{report:#}");
    };
    let body = |body: &str| thing("one", &format!("  body = \"{body}\"\n"));
    let output = "output \"body\" { value = world_thing.one.body }\n";
    let Some(mut bench) = Bench::new(&(body("v1") + output)) else { return };
    let plan = bench.run("plan", json!({}));
    let applied = bench.run("apply", json!({ "plan_id": plan["plan_id"] }));
    assert_eq!(statuses(&applied)["c"], "applied", "{applied:#}");
    assert!(applied["components"]["c"]["warnings"].is_null(), "{applied:#}");
    assert_eq!(applied["components"]["c"]["outputs"]["body"], "v1", "{applied:#}");
    assert_eq!(bench.status("orchestrate", json!({})), "unchanged");
    let id = bench.world.things().into_keys().next().unwrap();
    bench.world.change(&id, "by hand");
    let drift = bench.run("drift", json!({}));
    assert_eq!(statuses(&drift)["c"], "drifted", "{drift:#}");
    bench.has(&(body("v2") + output));
    let second = bench.run("orchestrate", json!({}));
    assert_eq!(second["components"]["c"]["changes"]["change"], 1, "{second:#}");
    let back = bench.run("rollback", json!({ "components": "c" }));
    assert_eq!(back["components"]["c"]["outputs"]["body"], "v1", "{back:#}");
    let destroyed = bench.run("destroy", json!({ "confirm": "staging" }));
    assert_eq!(statuses(&destroyed)["c"], "destroyed", "{destroyed:#}");
    assert!(bench.world.names().is_empty());
    [plan, applied, drift, second, back, destroyed].iter().for_each(|report| versions(report, &bench));
}

/// OpenTofu writes also a local state at most every 20 seconds.
#[test]
fn after_a_kill_the_next_run_names_what_opentofu_had_created_and_not_stored() {
    let second = thing("two", "  body = world_thing.one.body\n");
    let Some(bench) = Bench::new(&(thing("one", "") + &second)) else { return };
    bench.world.faults(&json!([{ "id": "h", "do": "hang", "on": "create", "when": "after", "name": "two" }]));
    let us = killed::start(&bench.site);
    killed::kill_all(us, &killed::until_hangs(&bench.world, "create", "two"));
    bench.world.faults(&json!([]));
    let one = bench.world.things().into_iter().find(|(_, thing)| thing["name"] == "one").unwrap().0;
    let next = bench.run("orchestrate", json!({ "test": true }));
    let orphans =
        next["components"]["c"]["possible_orphans"].as_array().unwrap_or_else(|| panic!("{next:#}"));
    let found: Vec<_> = orphans.iter().map(|one| (one["address"].as_str().unwrap(), &one["id"])).collect();
    assert_eq!(found, [("world_thing.one", &json!(one)), ("world_thing.two", &Value::Null)], "{next:#}");
}

#[test]
fn a_tofu_file_replaces_the_tf_file_with_its_name_and_its_variables_are_those_of_the_module() {
    let Some(mut bench) = Bench::new("") else { return };
    bench.file("thing.tf", "variable \"terraform\" {}\n");
    bench.file("thing.tofu", &("variable \"body\" {}\n".to_owned() + &thing("one", "  body = var.body\n")));
    bench.site.infrastructure["components"]["c"]["variables"] = json!({ "body": "x" });
    assert_eq!(bench.status("orchestrate", json!({})), "applied");
    // An edit in the workdir is found, as in a `.tf` file.
    std::fs::write(bench.site.workdir("c").join("module/thing.tofu"), "").unwrap();
    let edited = bench.run("orchestrate", json!({}));
    assert_eq!(edited["components"]["c"]["error"]["code"], "edited_by_hand", "{edited:#}");
    // Under a name of Terraform, the program would read other files than Eos.
    let renamed = bench.site.folder.path().join("terraform");
    std::os::unix::fs::symlink(&bench.tofu.path, &renamed).unwrap();
    bench.site.infrastructure["settings"]["terraform"]["binary"] = json!(renamed);
    bench.site.infrastructure["components"]["c"]["variables"] = json!({ "terraform": "x" });
    let refused = bench.run("orchestrate", json!({}));
    assert_eq!(refused["error"]["code"], "terraform_version", "{refused:#}");
    assert!(refused["error"]["message"].as_str().unwrap().contains(".tofu files"), "{refused:#}");
}

#[test]
fn the_source_of_a_child_module_may_be_a_variable() {
    const MAIN: &str = "variable \"child\" {}\nmodule \"m\" {\n  source = \"./${var.child}\"\n}\n\
                        output \"name\" { value = module.m.name }\n";
    let Some(mut bench) = Bench::new(MAIN) else { return };
    for child in ["a", "b"] {
        bench.file(&format!("{child}/main.tf"), &format!("output \"name\" {{ value = \"{child}\" }}\n"));
    }
    for child in ["a", "b"] {
        bench.site.infrastructure["components"]["c"]["variables"] = json!({ "child": child });
        let tested = bench.run("orchestrate", json!({ "test": true }));
        assert_eq!(statuses(&tested)["c"], "planned", "{tested:#}");
        let plan = bench.run("plan", json!({}));
        let applied = bench.run("apply", json!({ "plan_id": plan["plan_id"] }));
        assert_eq!(statuses(&applied)["c"], "applied", "{applied:#}");
        assert_eq!(applied["components"]["c"]["outputs"]["name"], child);
    }
    assert_eq!(bench.status("drift", json!({})), "unchanged");
    assert_eq!(bench.status("destroy", json!({ "confirm": "staging" })), "destroyed");
}

#[test]
fn a_module_that_encrypts_its_state_is_refused_before_anything_runs() {
    const ENCRYPTS: &str = "terraform {\n  encryption {\n    key_provider \"pbkdf2\" \"k\" { passphrase = \"a long passphrase\" }\n    \
                            method \"aes_gcm\" \"m\" { keys = key_provider.pbkdf2.k }\n    state { method = method.aes_gcm.m }\n  }\n}\n";
    let Some(bench) = Bench::new(ENCRYPTS) else { return };
    let refused = bench.run("orchestrate", json!({}));
    assert!(refused["error"]["message"].as_str().unwrap().contains("encrypts its state"), "{refused:#}");
    assert!(!bench.site.workdir("c").join("terraform.tfstate").exists());
}

#[test]
fn a_newer_opentofu_that_a_module_requires_is_named_as_the_cause() {
    let Some(bench) = Bench::new("") else { return };
    // OpenTofu 1.12 leaves `required_version` in a `.tf` file to Terraform.
    bench.file("version.tofu", "terraform {\n  required_version = \">= 99.0\"\n}\n");
    let failed = bench.run("orchestrate", json!({}));
    assert_eq!(failed["components"]["c"]["error"]["code"], "terraform_too_old", "{failed:#}");
}

/// With `destroy = false` in a resource, OpenTofu keeps the real object when it replaces or destroys the resource.
#[test]
fn what_a_resource_keeps_is_counted_as_forgotten_and_a_destroy_that_keeps_it_succeeds() {
    if !program::used().is_tofu || !program::has("never", "1.12") {
        return;
    }
    let keeps = |place: &str| {
        thing("one", &format!("  replace_on = \"{place}\"\n  lifecycle {{\n    destroy = false\n  }}\n"))
    };
    let Some(mut bench) = Bench::new(&keeps("a")) else { return };
    assert_eq!(bench.status("orchestrate", json!({})), "applied");
    bench.has(&keeps("b"));
    // By default, a plan that destroys is stopped. This one destroys nothing.
    let replaced = bench.run("orchestrate", json!({}));
    assert_eq!(statuses(&replaced)["c"], "applied", "{replaced:#}");
    let counts = &replaced["components"]["c"]["changes"];
    assert_eq!(
        [&counts["add"], &counts["remove"], &counts["forget"]],
        [&json!(1), &json!(0), &json!(1)],
        "{replaced:#}"
    );
    assert_eq!(bench.world.names(), ["one", "one"]);
    let destroyed = bench.run("destroy", json!({ "confirm": "staging" }));
    assert_eq!(statuses(&destroyed)["c"], "destroyed", "{destroyed:#}");
    assert_eq!(destroyed["components"]["c"]["changes"]["forget"], 1, "{destroyed:#}");
    assert_eq!(bench.world.names(), ["one", "one"]);
}
