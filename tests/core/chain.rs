//! Claims about the states of one state run in a test: what reads an output that a pending change decides is pending.

use std::sync::Mutex;

use eos::host::Host;
use serde_json::{Map, Value, json};

use crate::support::script::executable;
use crate::support::{Site, statuses, without_salt};

const ECHO: &str = r#"
variable "text" { type = string }
resource "terraform_data" "x" { input = var.text }
output "said" { value = terraform_data.x.output }
output "fixed" { value = "fixed" }
"#;

/// A Salt that keeps what is pending, as the `__context__` of one state run does.
#[derive(Default)]
struct StateRun {
    pending: Mutex<Value>,
    events: Mutex<Vec<String>>,
    states: Vec<Map<String, Value>>,
}

impl Host for StateRun {
    without_salt!();

    fn emit(&self, tag: &str, _: &Value) {
        self.events.lock().unwrap().push(tag.to_owned());
    }
    fn log(&self, _: tracing::Level, _: &str) {}
    fn pending(&self) -> Value {
        self.pending.lock().unwrap().clone()
    }
    fn keep_pending(&self, pending: &Value) {
        *self.pending.lock().unwrap() = pending.clone();
    }
    fn apply_states(&self) -> Vec<Map<String, Value>> {
        self.states.clone()
    }
}

impl StateRun {
    /// A state of one component, as `salt-call state.apply test=True` calls it.
    fn test(&self, site: &Site, component: &str) -> Value {
        site.run_on(self, "state.apply", json!({ "component": component, "test": true }))
    }
}

/// `app` reads `net`, and `net` reads `base`. Each terraform that starts adds a line to `calls`.
fn site() -> Site {
    let mut site = Site::new();
    site.component("base", ECHO, json!({ "variables": { "text": "one" } }));
    site.component("net", ECHO, json!({ "from_outputs": { "text": "base.said" } }));
    site.component("app", ECHO, json!({ "from_outputs": { "text": "net.said" } }));
    let wrapper = site.folder.path().join("counting");
    let calls = site.folder.path().join("calls");
    let text = format!("#!/bin/sh\necho \"$1 $PWD\" >>'{}'\nexec terraform \"$@\"\n", calls.display());
    executable(&wrapper, &text);
    site.infrastructure["settings"]["terraform"] = json!({ "binary": wrapper });
    site
}

fn plans_of(site: &Site, component: &str) -> usize {
    let calls = std::fs::read_to_string(site.folder.path().join("calls")).unwrap_or_default();
    let folder = format!("staging/{component}/module");
    calls.lines().filter(|line| line.starts_with("plan ") && line.ends_with(&folder)).count()
}

fn forget_calls(site: &Site) {
    std::fs::write(site.folder.path().join("calls"), "").unwrap();
}

fn pending(report: &Value, component: &str) {
    assert_eq!((&report["result"], &report["retcode"]), (&json!(null), &json!(0)), "{report:#}");
    assert_eq!(statuses(report), [(component.into(), "pending_inputs".into())].into(), "{report:#}");
}

#[test]
fn a_later_state_is_pending_by_what_earlier_states_would_change_and_nothing_is_planned_twice() {
    let mut site = site();
    let fresh = StateRun::default();
    assert_eq!(statuses(&fresh.test(&site, "base"))["base"], "planned");
    pending(&fresh.test(&site, "net"), "net");
    pending(&fresh.test(&site, "app"), "app");
    assert_eq!((plans_of(&site, "base"), plans_of(&site, "net")), (1, 0));
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);

    let nothing = StateRun::default();
    for name in ["base", "net", "app"] {
        let report = nothing.test(&site, name);
        assert_eq!((statuses(&report)[name].as_str(), &report["result"]), ("unchanged", &json!(true)));
    }
    site.infrastructure["components"]["base"]["variables"]["text"] = json!("two");
    let changed = StateRun::default();
    assert_eq!(statuses(&changed.test(&site, "base"))["base"], "planned");
    pending(&changed.test(&site, "net"), "net");
    pending(&changed.test(&site, "app"), "app");
}

#[test]
fn a_state_alone_plans_what_it_reads_first_and_reports_only_itself() {
    let mut site = site();
    let alone = StateRun::default();
    pending(&alone.test(&site, "app"), "app");
    assert_eq!(plans_of(&site, "base"), 1);
    let events = alone.events.lock().unwrap().clone();
    assert!(events.iter().any(|tag| tag.starts_with("eos/staging/app/")), "{events:?}");
    assert!(!events.iter().any(|tag| tag.contains("/net/") || tag.contains("/base/")), "{events:?}");
    let history = site.run("history", json!({}));
    assert!(!history["runs"].to_string().contains("base"), "{history:#}");

    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    assert_eq!(StateRun::default().test(&site, "app")["result"], true);
    site.infrastructure["components"]["base"]["variables"]["text"] = json!("two");
    pending(&StateRun::default().test(&site, "app"), "app");
    let state = std::fs::read_to_string(site.workdir("base").join("terraform.tfstate")).unwrap();
    assert!(state.contains("one") && !state.contains("two"));
}

#[test]
fn a_run_of_some_components_in_a_test_is_pending_by_what_they_read() {
    let mut site = site();
    let only = json!({ "components": "app", "test": true });
    pending(&site.run("orchestrate", only.clone()), "app");
    // Without a test, the same call still needs a value.
    let real = site.run("orchestrate", json!({ "components": "app" }));
    assert_eq!(real["components"]["app"]["error"]["code"], "missing_output", "{real:#}");
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    assert_eq!(site.run("orchestrate", only.clone())["result"], true);
    site.infrastructure["components"]["base"]["variables"]["text"] = json!("two");
    pending(&site.run("orchestrate", only), "app");
    // Two readers of the same component plan it once.
    site.component("web", ECHO, json!({ "from_outputs": { "text": "net.said" } }));
    forget_calls(&site);
    let two = site.run("orchestrate", json!({ "components": "app,web", "test": true }));
    assert_eq!(statuses(&two).into_keys().collect::<Vec<_>>(), ["app", "web"], "{two:#}");
    assert_eq!((&two["result"], plans_of(&site, "base")), (&json!(null), 1), "{two:#}");
}

#[test]
fn an_output_that_no_change_touches_is_used_although_its_component_changes() {
    let mut site = site();
    site.component("app", ECHO, json!({ "from_outputs": { "text": "base.fixed" } }));
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    site.infrastructure["components"]["base"]["variables"]["text"] = json!("two");
    let run = StateRun::default();
    assert_eq!(statuses(&run.test(&site, "base"))["base"], "planned");
    for report in [run.test(&site, "app"), StateRun::default().test(&site, "app")] {
        assert_eq!(statuses(&report)["app"], "unchanged", "{report:#}");
    }
}

#[test]
fn a_component_that_cannot_be_planned_makes_its_reader_pending_and_the_reason_is_told() {
    let mut site = site();
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    site.component(
        "net",
        &format!("{ECHO}resource \"terraform_data\" \"y\" {{ input = file(\"gone\") }}\n"),
        json!({ "from_outputs": { "text": "base.said" } }),
    );
    let report = StateRun::default().test(&site, "app");
    pending(&report, "app");
    let notes = report["components"]["app"]["notes"].to_string();
    assert!(notes.contains("net: its pending changes are not known") && notes.contains("gone"), "{notes}");
}

#[test]
fn the_values_that_another_state_of_the_run_gives_are_planned() {
    let mut site = site();
    site.component("base", ECHO, json!({}));
    let given = json!({ "text": "from a state" });
    let applied = site.run("state.apply", json!({ "component": "base", "variables": given }));
    assert_eq!(applied["result"], true, "{applied:#}");
    assert_eq!(site.run("orchestrate", json!({ "components": "net,app" }))["result"], true);
    // The value is stored nowhere but in the last apply.
    assert_eq!(StateRun::default().test(&site, "app")["result"], true);
    let low = |value: &str| {
        let low =
            json!({ "name": "base", "environment": "staging", "variables": { "text": value }, "order": 1 });
        StateRun { states: vec![low.as_object().unwrap().clone()], ..StateRun::default() }
    };
    assert_eq!(low("from a state").test(&site, "app")["result"], true);
    pending(&low("another").test(&site, "app"), "app");
    // A wrong value is reported by the state that gives it.
    let mut wrong = low("from a state");
    wrong.states[0]["variables"] = json!({ "nothing": 1 });
    assert_eq!(wrong.test(&site, "app")["result"], true);
}

#[test]
fn after_a_state_without_test_its_outputs_are_not_pending() {
    let mut site = site();
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    site.infrastructure["components"]["base"]["variables"]["text"] = json!("two");
    let run = StateRun::default();
    assert_eq!(statuses(&run.test(&site, "base"))["base"], "planned");
    let applied = run_for_real(&run, &site, "base");
    assert_eq!(statuses(&applied)["base"], "applied", "{applied:#}");
    assert_eq!(statuses(&run.test(&site, "net"))["net"], "planned");
    pending(&run.test(&site, "app"), "app");
}

fn run_for_real(run: &StateRun, site: &Site, component: &str) -> Value {
    site.run_on(run, "state.apply", json!({ "component": component, "test": false }))
}
