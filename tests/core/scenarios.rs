//! Eight components change from v1 to v2, with a fault at each single operation. What is the result in the world?
//!
//! The world's files decide, not Eos's report. If everything is approved in advance, the result is v1 again. With the
//! default settings, the report names every difference from v1.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::support::Site;
use crate::support::web::Web;
use crate::support::world::World;

/// A component: its name, the components that it reads, and its things. A thing has a name, a body, and a value that
/// replaces it when it changes.
type Component =
    (&'static str, &'static [&'static str], &'static [(&'static str, &'static str, &'static str)]);

#[rustfmt::skip]
const V1: [Component; 8] = [
    ("net",   &[],               &[("a", "one", ""), ("b", "one", "")]),
    ("dns",   &["net"],          &[("zone", "in", "")]),
    ("store", &[],               &[("disk", "one", "one"), ("old", "one", "")]),
    ("cache", &["net"],          &[("main", "one", "")]),
    ("app",   &["net", "store"], &[("web", "in", ""), ("job", "one", "one")]),
    ("jobs",  &["app"],          &[("cron", "in", "")]),
    ("front", &["app", "cache"], &[("page", "in", "")]),
    ("extra", &[],               &[("gone", "one", ""), ("kept", "one", "")]),
];

/// Version 2 has changes, creations, deletions, replacements, changes through outputs, and one component without a
/// change.
#[rustfmt::skip]
const V2: [Component; 8] = [
    ("net",   &[],               &[("a", "two", ""), ("b", "one", ""), ("c", "two", "")]),
    ("dns",   &["net"],          &[("zone", "in", "")]),
    ("store", &[],               &[("disk", "one", "two")]),
    ("cache", &["net"],          &[("main", "one", ""), ("more", "two", "")]),
    ("app",   &["net", "store"], &[("web", "in", ""), ("job", "two", "two")]),
    ("jobs",  &["app"],          &[("cron", "in", ""), ("new", "two", "")]),
    ("front", &["app", "cache"], &[("page", "in", "")]),
    ("extra", &[],               &[("kept", "one", "")]),
];

/// From a thing's name to its body and the value of its last replacement.
type Things = BTreeMap<String, (String, String)>;

fn things(world: &World) -> Things {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let one = |thing: &Value| (text(&thing["name"]), (text(&thing["body"]), text(&thing["replace_on"])));
    world.things().values().map(one).collect()
}

struct Stage {
    world: World,
    site: Site,
    web: Web,
    v1: Things,
}

impl Stage {
    /// A stage on which v1 is applied. None, with a message, if the provider is missing.
    fn set(approved: bool) -> Option<Self> {
        let (world, web) = (World::new()?, Web::always(200));
        let mut site = Site::new();
        let needs: &[&str] = if approved { &[] } else { &["delete", "replace"] };
        let settings = &mut site.infrastructure["settings"];
        settings["terraform"] = json!({ "cli_config_file": world.cli_config() });
        settings["on_failure"] = json!("rollback");
        settings["policy"] = json!({ "allow_destroy": true });
        settings["rollback"] = json!({ "needs_approval_for": needs });
        let mut stage = Self { world, site, web, v1: Things::new() };
        stage.write(&V1);
        stage.up();
        stage.v1 = things(&stage.world);
        Some(stage)
    }

    fn write(&mut self, version: &[Component]) {
        for (component, reads, things) in version {
            let mut module = self.world.provider(component);
            for read in *reads {
                module.push_str(&format!("variable \"{read}\" {{}}\n"));
            }
            let inputs: Vec<String> = reads.iter().map(|read| format!("var.{read}")).collect();
            for (name, body, replace_on) in *things {
                let body = match *body {
                    "in" => format!("join(\"+\", [{}])", inputs.join(", ")),
                    literal => json!(literal).to_string(),
                };
                let replace_on = match *replace_on {
                    "" => String::new(),
                    on => format!("  replace_on = {}\n", json!(on)),
                };
                module.push_str(&format!(
                    "resource \"world_thing\" \"{name}\" {{\n  name = \"{component}-{name}\"\n  body = {body}\n{replace_on}}}\n"
                ));
            }
            let first = things[0].0;
            module.push_str(&format!("output \"out\" {{\n  value = world_thing.{first}.body\n}}\n"));
            let from: BTreeMap<_, _> = reads.iter().map(|read| (*read, format!("{read}.out"))).collect();
            let mut rest = json!({ "from_outputs": from });
            if *component == "front" {
                let url = format!("http://127.0.0.1:{}/", self.web.port);
                let timing = json!({ "url": url, "interval": "50ms", "min_healthy_time": "0s", "healthy_deadline": "400ms" });
                rest["health"] = json!([{ "http": timing }]);
            }
            self.site.component(component, &module, rest);
        }
    }

    fn up(&self) -> Value {
        let report = self.site.run("orchestrate", json!({}));
        assert_eq!(report["result"], true, "{report:#}");
        report
    }

    /// Restores v1 for the next case.
    fn back_to_v1(&mut self) {
        self.world.faults(&json!([]));
        self.web.answers_now(200);
        self.write(&V1);
        let all = V1.map(|(name, ..)| name).join(",");
        self.site.run("acknowledge", json!({ "components": all }));
        self.up();
        assert_eq!(things(&self.world), self.v1);
    }

    /// Runs the step once. Returns its operations and the resulting things.
    fn rehearse(&mut self) -> (BTreeSet<(String, String)>, Things) {
        let before = self.world.operations().len();
        self.write(&V2);
        self.up();
        let v2 = things(&self.world);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let done = self.world.operations().into_iter().skip(before).filter(|call| call["event"] == "start");
        let done = done.map(|call| (text(&call["kind"]), text(&call["name"]))).collect();
        self.back_to_v1();
        (done, v2)
    }
}

#[derive(Clone, Debug)]
enum Case {
    /// The first call of this kind fails.
    Fault {
        on: String,
        name: String,
        when: &'static str,
    },
    Unhealthy,
}

fn cases(operations: BTreeSet<(String, String)>) -> Vec<Case> {
    let faults = operations.into_iter().flat_map(|(on, name)| {
        ["before", "after"].map(|when| Case::Fault { on: on.clone(), name: name.clone(), when })
    });
    faults.chain([Case::Unhealthy]).collect()
}

#[derive(Debug, Default)]
struct Tally {
    cases: usize,
    /// The fault had no effect, or the step succeeded in spite of it.
    at_v2: usize,
    at_v1: usize,
    /// The report names every difference from v1.
    named: usize,
    unnamed: Vec<String>,
}

/// The things, as `component-thing`, that differ from v1 according to the report.
fn named(report: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (component, one) in report["components"].as_object().unwrap() {
        let back = ["rolled_back", "unchanged", "skipped"].iter().any(|status| one["status"] == *status);
        let changes = [&one["resource_changes"], &one["rollback"]["resource_changes"]];
        let all = changes.into_iter().filter_map(Value::as_array).flatten().filter(|_| !back);
        names.extend(all.map(|change| {
            format!("{component}-{}", change["address"].as_str().unwrap().trim_start_matches("world_thing."))
        }));
    }
    names
}

fn play(approved: bool, which: impl Fn(usize) -> bool) -> Option<Tally> {
    let mut stage = Stage::set(approved)?;
    let (operations, v2) = stage.rehearse();
    let mut tally = Tally::default();
    for (number, case) in cases(operations).into_iter().enumerate().filter(|(number, _)| which(*number)) {
        stage.write(&V2);
        match &case {
            Case::Fault { on, name, when } => stage.world.faults(&json!([
                { "id": format!("f{number}"), "do": "fail", "on": on, "when": when, "name": name, "nth": 1, "message": "no" }
            ])),
            Case::Unhealthy => stage.web.answers_now(500),
        }
        let report = stage.site.run("orchestrate", json!({}));
        let now = things(&stage.world);
        tally.cases += 1;
        let differs: BTreeSet<&String> =
            stage.v1.keys().chain(now.keys()).filter(|name| stage.v1.get(*name) != now.get(*name)).collect();
        let named = named(&report);
        if now == stage.v1 {
            tally.at_v1 += 1;
        } else if now == v2 && report["result"] == true {
            tally.at_v2 += 1;
        } else if approved || differs.iter().any(|name| !named.contains(*name)) {
            tally.unnamed.push(format!("{case:?}: {differs:?}, named {named:?}\n{report:#}"));
        } else {
            tally.named += 1;
        }
        stage.back_to_v1();
    }
    println!(
        "approved {approved}: cases {}, back at v1 {}, at v2 in spite of it {}, named differences {}, unnamed {}",
        tally.cases,
        tally.at_v1,
        tally.at_v2,
        tally.named,
        tally.unnamed.len()
    );
    Some(tally)
}

fn hold(approved: bool, which: impl Fn(usize) -> bool) {
    let Some(tally) = play(approved, which) else { return };
    assert!(tally.unnamed.is_empty(), "{}", tally.unnamed.join("\n"));
    assert!(tally.cases > 0 && tally.at_v1 > 0, "{tally:?}");
}

#[test]
fn with_everything_approved_the_resources_are_as_before_after_a_failure() {
    hold(true, |number| number == 14);
}

#[test]
#[ignore = "soak"]
fn with_everything_approved_the_resources_are_as_before_after_each_failure() {
    hold(true, |_| true);
}

#[test]
#[ignore = "soak"]
fn by_default_every_difference_is_named_after_each_failure() {
    hold(false, |_| true);
}
