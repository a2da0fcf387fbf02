//! Nomad is killed during a run.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::away::Away;
use super::scene::{Scene, Show, address, failed, thing, until};
use crate::support::proxy::{Mode, Proxy};
use crate::support::server::Server;
use crate::support::statuses;
use crate::support::web::Web;

/// A driver and its configuration: a process that outlives Nomad, and a simulated process.
const PROCESS: [&str; 2] = ["raw_exec", "command = \"sleep\"\n args = [\"3600\"]"];
const MOCK: [&str; 2] = ["mock_driver", "run_for = \"1h\""];

fn task(name: &str, [driver, config]: [&str; 2], more: &str) -> String {
    format!(
        "task \"{name}\" {{\n driver = \"{driver}\"\n {more}\n config {{\n {config}\n }}\n logs {{\n disabled = true\n }}\n \
         resources {{\n cpu = 10\n memory = 10\n }}\n }}\n"
    )
}

fn job(name: &str, tasks: &str, rest: &str) -> String {
    format!(
        r#"resource "nomad_job" "{name}" {{
  purge_on_destroy = true
  {rest}
  jobspec = <<-SPEC
    job "{name}" {{
      update {{
        min_healthy_time  = "100ms"
        healthy_deadline  = "5m"
        progress_deadline = "6m"
      }}
      group "group" {{
        {tasks}
      }}
    }}
  SPEC
}}
"#
    )
}

/// A task that must run first, and ends when this file exists.
fn waits_for(file: &Path) -> String {
    let script = json!(format!("until [ -e {} ]; do sleep 0.1; done", file.display()));
    let config = format!("command = \"sh\"\n args = [\"-c\", {script}]");
    task("before", ["raw_exec", &config], "lifecycle {\n hook = \"prestart\"\n }")
}

fn provider(port: u16) -> String {
    format!("provider \"nomad\" {{\n  address = {}\n}}\n", json!(address(port)))
}

fn gates(job: &str) -> Value {
    json!([{ "nomad": { "job": job, "interval": "200ms", "min_healthy_time": 0 } }])
}

struct Stage {
    nomad: Server,
    scene: Scene,
    /// A file. When it exists, `followed` may become healthy.
    ready: PathBuf,
    /// The server of the second gate of `watched`.
    gate: Web,
    show: Show,
}

/// Each component has the name of the phase in which it is when Nomad is killed.
const PHASES: [&str; 5] = ["applying", "asked", "followed", "registered", "watched"];

impl Stage {
    fn new() -> Option<Self> {
        let nomad = Server::nomad_on_disk(None)?;
        let mut scene = Scene::new(&HELD)?;
        let (ready, gate) = (scene.site.folder.path().join("ready"), Web::always(503));
        scene.site.infrastructure["settings"]["nomad"] = json!({ "address": address(nomad.port) });
        let mut both = gates("watched");
        let http = json!({ "url": gate.url(), "interval": "200ms", "min_healthy_time": 0 });
        both.as_array_mut().unwrap().push(json!({ "http": http }));
        let mock = task("task", MOCK, "");
        let then_held = |name: &str, tasks: &str| {
            job(name, tasks, "") + &thing(name, &format!("depends_on = [nomad_job.{name}]"))
        };
        for (name, resources, health) in [
            ("asked", job("asked", &mock, ""), gates("asked")),
            (
                "applying",
                thing("applying", "") + &job("applying", &mock, "depends_on = [world_thing.applying]"),
                gates("applying"),
            ),
            ("registered", then_held("registered", &mock), gates("registered")),
            ("followed", then_held("followed", &(waits_for(&ready) + &mock)), gates("followed")),
            ("watched", then_held("watched", &task("task", PROCESS, "")), both),
        ] {
            scene.component(name, &(provider(nomad.port) + &resources), json!({ "health": health }));
        }
        let show = scene.hold_show("asked");
        Some(Self { nomad, scene, ready, gate, show })
    }

    /// Sets the deadline of all gates. Each deadline begins when all other components are in their phases.
    fn patience(&mut self, deadline: &str) {
        for name in PHASES {
            let gates = &mut self.scene.site.infrastructure["components"][name]["health"];
            for gate in
                gates.as_array_mut().unwrap().iter_mut().flat_map(|gate| gate.as_object_mut().unwrap())
            {
                gate.1["healthy_deadline"] = json!(deadline);
            }
        }
    }

    fn until_each_is_in_its_phase(&self) {
        let Self { nomad, scene, gate, show, .. } = self;
        show.is_reached();
        HELD.into_iter().for_each(|held| scene.is_creating(held));
        let deployment = |name: &str| nomad.get(&format!("/v1/job/{name}/deployment")).unwrap_or_default();
        until("the deployment is under way", || deployment("followed")["Status"] == "running");
        until("the deployment is over", || deployment("watched")["Status"] == "successful");
        scene.held(&["applying", "registered"]);
        scene.is_recorded("followed");
        until("the gates are asked", || !gate.asked().is_empty());
    }

    /// Makes all gates pass from now on.
    fn is_well(&self) {
        std::fs::write(&self.ready, "").unwrap();
        self.gate.answers_now(200);
    }

    /// Checks that each job runs in its first version and in its only allocation, and that the state of its component
    /// has it.
    fn has_each_job_once(&self) {
        for name in PHASES {
            let allocations = self.nomad.get(&format!("/v1/job/{name}/allocations")).unwrap_or_default();
            let statuses: Vec<_> =
                allocations.as_array().unwrap().iter().map(|one| &one["ClientStatus"]).collect();
            assert_eq!(statuses, ["running"], "{name}: {allocations:#}");
            let job = self.nomad.get(&format!("/v1/job/{name}")).unwrap_or_default();
            assert_eq!((&job["Version"], &job["Status"]), (&json!(0), &json!("running")), "{name}: {job:#}");
            assert!(self.scene.state(name).contains(&format!("nomad_job.{name}")), "{name}");
        }
    }
}

const HELD: [&str; 4] = ["applying", "registered", "followed", "watched"];

#[test]
fn each_phase_of_a_run_waits_for_a_restarting_nomad() {
    let Some(mut stage) = Stage::new() else { return };
    stage.patience("2m");
    let report = std::thread::scope(|scope| {
        let run = scope.spawn(|| stage.scene.run());
        stage.until_each_is_in_its_phase();
        stage.nomad.kill();
        let away = Away::at(stage.nomad.port);
        stage.scene.held(&["applying"]);
        for name in ["followed", "registered", "watched"] {
            away.is_asked(&format!("/v1/job/{name}"));
        }
        stage.show.go();
        away.is_asked("/v1/jobs/parse");
        drop(away);
        stage.nomad.begin_again();
        stage.scene.held(&[]);
        stage.is_well();
        run.join().unwrap()
    });
    assert_eq!(report["result"], true, "{report:#}");
    assert!(statuses(&report).values().all(|status| status == "applied"), "{report:#}");
    stage.has_each_job_once();
}

#[test]
fn an_unreachable_nomad_is_named_in_each_phase_and_completed_changes_are_in_the_states() {
    let Some(mut stage) = Stage::new() else { return };
    stage.patience("8s");
    stage.scene.site.infrastructure["settings"]["nomad"]["retry_for"] = json!("1s");
    // Nomad accepts this job, and dies before it answers.
    let proxy = Proxy::start(stage.nomad.port);
    proxy.set(Mode::Unanswered("PUT /v1/jobs?"));
    let resources = provider(proxy.port) + &job("unanswered", &task("task", MOCK, ""), "");
    stage.scene.component("unanswered", &resources, json!({}));
    let report = std::thread::scope(|scope| {
        let run = scope.spawn(|| stage.scene.run());
        stage.until_each_is_in_its_phase();
        until("it is registered", || stage.nomad.get("/v1/job/unanswered").is_some());
        stage.nomad.kill();
        stage.scene.held(&[]);
        stage.show.go();
        run.join().unwrap()
    });
    let server = format!("127.0.0.1:{}", stage.nomad.port);
    failed(&report, "asked", "nomad_unreachable", &server);
    failed(&report, "applying", "terraform_failed", &server);
    failed(&report, "unanswered", "terraform_failed", &format!("127.0.0.1:{}", proxy.port));
    for name in ["followed", "registered", "watched"] {
        failed(&report, name, "health_unknown", &server);
        assert_eq!(stage.scene.state(name), [format!("nomad_job.{name}"), format!("world_thing.{name}")]);
    }
    assert!(stage.scene.state("asked").is_empty());
    assert_eq!(stage.scene.state("applying"), ["world_thing.applying"]);
    // Nobody holds a lock, and the job that no state has is reported.
    stage.nomad.begin_again();
    stage.is_well();
    stage.patience("2m");
    let again = stage.scene.run();
    failed(&again, "unanswered", "nomad_job_foreign", "job unanswered");
    let mut others = statuses(&again).into_iter().filter(|(name, _)| name != "unanswered");
    assert!(others.all(|(_, status)| status == "applied" || status == "unchanged"), "{again:#}");
    stage.has_each_job_once();
}
