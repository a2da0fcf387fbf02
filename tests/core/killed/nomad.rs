//! Nomad.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::away::Away;
use crate::scene::{Scene, Show, address, failed, thing, until};
use crate::server::Server;
use crate::support::statuses;
use crate::web::Web;

/// Runs for an hour, once a task that is given here has ended.
fn job(name: &str, before: &str, rest: &str) -> String {
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
        {before}
        task "task" {{
          driver = "raw_exec"
          config {{
            command = "sleep"
            args    = ["3600"]
          }}
          resources {{
            cpu    = 10
            memory = 10
          }}
        }}
      }}
    }}
  SPEC
}}
"#
    )
}

/// A task that ends once this file is there.
fn waits_for(file: &Path) -> String {
    let script = format!("until [ -e {} ]; do sleep 0.1; done", file.display());
    format!(
        "task \"before\" {{\n driver = \"raw_exec\"\n lifecycle {{\n hook = \"prestart\"\n }}\n config {{\n \
         command = \"sh\"\n args = [\"-c\", {}]\n }}\n resources {{\n cpu = 10\n memory = 10\n }}\n }}",
        json!(script)
    )
}

fn gates(job: &str, deadline: &str) -> Value {
    json!([{ "nomad": {
        "job": job, "interval": "200ms", "min_healthy_time": 0, "healthy_deadline": deadline,
    } }])
}

struct Stage {
    nomad: Server,
    scene: Scene,
    /// There from when `followed` may become healthy.
    ready: PathBuf,
    /// What the second gate of `watched` asks.
    gate: Web,
    show: Show,
}

/// Each component is named for the phase in which it is when Nomad is killed.
const PHASES: [&str; 5] = ["applying", "asked", "followed", "registered", "watched"];

impl Stage {
    /// `patience` is the deadline of gates that begin when all others have come to where they are held.
    fn new(patience: &str) -> Option<Self> {
        let nomad = Server::nomad_on_disk(None)?;
        let mut scene = Scene::new(&HELD)?;
        let (ready, gate) = (scene.site.folder.path().join("ready"), Web::always(503));
        scene.site.infrastructure["settings"]["nomad"] = json!({ "address": address(nomad.port) });
        let mut both = gates("watched", patience);
        let http = json!({
            "url": gate.url(), "interval": "200ms", "min_healthy_time": 0, "healthy_deadline": patience,
        });
        both.as_array_mut().unwrap().push(json!({ "http": http }));
        let then_held = |name: &str, before: &str| {
            job(name, before, "") + &thing(name, &format!("depends_on = [nomad_job.{name}]"))
        };
        for (name, resources, health) in [
            ("asked", job("asked", "", ""), gates("asked", patience)),
            (
                "applying",
                thing("applying", "") + &job("applying", "", "depends_on = [world_thing.applying]"),
                gates("applying", patience),
            ),
            ("registered", then_held("registered", ""), gates("registered", patience)),
            ("followed", then_held("followed", &waits_for(&ready)), gates("followed", patience)),
            ("watched", then_held("watched", ""), both),
        ] {
            let main =
                format!("provider \"nomad\" {{\n  address = {}\n}}\n{resources}", json!(address(nomad.port)));
            scene.component(name, &main, json!({ "health": health }));
        }
        let show = scene.hold_show("asked");
        Some(Self { nomad, scene, ready, gate, show })
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

    /// Whatever can be asked is well from now on.
    fn is_well(&self) {
        std::fs::write(&self.ready, "").unwrap();
        self.gate.answers_now(200);
    }

    /// Each job runs as it was registered first and in its one allocation, and the state of its component has it.
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
fn a_nomad_that_begins_again_is_waited_for_in_each_phase_of_a_run() {
    let Some(mut stage) = Stage::new("2m") else { return };
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
fn a_nomad_that_stays_away_is_named_in_each_phase_of_a_run_and_what_was_done_is_in_the_states() {
    let Some(mut stage) = Stage::new("8s") else { return };
    let report = std::thread::scope(|scope| {
        let run = scope.spawn(|| stage.scene.run());
        stage.until_each_is_in_its_phase();
        stage.nomad.kill();
        stage.scene.held(&[]);
        stage.show.go();
        run.join().unwrap()
    });
    let server = format!("127.0.0.1:{}", stage.nomad.port);
    failed(&report, "asked", "nomad_unreachable", &server);
    failed(&report, "applying", "terraform_failed", &server);
    for name in ["followed", "registered", "watched"] {
        failed(&report, name, "health_unknown", &server);
        assert_eq!(stage.scene.state(name), [format!("nomad_job.{name}"), format!("world_thing.{name}")]);
    }
    assert!(stage.scene.state("asked").is_empty());
    assert_eq!(stage.scene.state("applying"), ["world_thing.applying"]);
    // Nobody holds a lock, and nothing is there that no state has.
    stage.nomad.begin_again();
    stage.is_well();
    let again = stage.scene.run();
    assert_eq!(again["result"], true, "{again:#}");
    stage.has_each_job_once();
}
