//! A job that runs already becomes a service of Eos, and its tasks do not notice.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::pair::{Pair, pair};
use crate::support::world::World;
use crate::support::{Site, statuses};

/// A Nomad in which jobs run that people have started, and a pillar without services.
pub(super) struct Scene {
    pub(super) pair: Arc<Pair>,
    pub(super) site: Site,
    _world: World,
}

impl Scene {
    pub(super) fn new() -> Option<Self> {
        let (pair, world) = (pair()?, World::new()?);
        let mut site = Site::new();
        site.infrastructure["settings"]["terraform"] = json!({ "cli_config_file": world.cli_config() });
        site.infrastructure["settings"]["nomad"] = json!({ "address": pair.address() });
        Some(Self { pair, site, _world: world })
    }

    /// Starts a job as `nomad job run` does, and waits until `count` allocations run.
    pub(super) fn runs(&self, name: &str, hcl: &str, variables: &Value, count: usize) {
        self.runs_as(name, hcl, variables, count, "hcl2");
    }

    /// `format`: what the text is to `nomad job run`, which calls the JSON form of its language JSON too.
    fn runs_as(&self, name: &str, hcl: &str, variables: &Value, count: usize, format: &str) {
        let flags = variables.as_object().unwrap().iter();
        let lines: String = flags.map(|(name, value)| format!("{name} = {value}\n")).collect();
        let asked = json!({ "JobHCL": hcl, "Variables": lines, "Canonicalize": true });
        let (status, job) = self.pair.nomad.call("POST", "/v1/jobs/parse", &asked.to_string());
        assert_eq!(status, 200, "{job}");
        let job: Value = serde_json::from_str(&job).unwrap();
        let submission = json!({ "Source": hcl, "Format": format, "VariableFlags": variables });
        self.registers(&json!({ "Job": job, "Submission": submission }));
        self.until_running(name, count);
    }

    fn registers(&self, asked: &Value) {
        let (status, answer) = self.pair.nomad.call("PUT", "/v1/jobs", &asked.to_string());
        assert_eq!(status, 200, "{answer}");
    }

    fn until_running(&self, name: &str, count: usize) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.allocations(name).len() != count || !self.is_settled(name) {
            assert!(Instant::now() < deadline, "{name}: {:#}", json!(self.allocations(name)));
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn until_dead(&self, name: &str) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.pair.nomad.get(&format!("/v1/job/{name}")).unwrap()["Status"] != "dead" {
            assert!(Instant::now() < deadline, "{name} does not end");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn is_settled(&self, name: &str) -> bool {
        let all = self.pair.nomad.get(&format!("/v1/job/{name}/deployments")).unwrap_or_default();
        let settled = |one: &Value| one["Status"] == "successful" || one["Status"] == "cancelled";
        all.as_array().into_iter().flatten().all(settled)
    }

    /// The ids of the running allocations, and when each of their tasks has started.
    pub(super) fn allocations(&self, name: &str) -> Vec<(String, String)> {
        let all = self.pair.nomad.get(&format!("/v1/job/{name}/allocations")).unwrap_or_default();
        let all = all.as_array().cloned().unwrap_or_default();
        let running =
            all.iter().filter(|one| one["ClientStatus"] == "running" && one["DesiredStatus"] == "run");
        let tasks = |one: &Value| {
            let tasks = one["TaskStates"].as_object().into_iter().flatten();
            tasks.map(|(name, task)| format!("{name} {} {}", task["StartedAt"], task["Restarts"])).collect()
        };
        let mut found: Vec<_> =
            running.map(|one| (one["ID"].as_str().unwrap().to_owned(), tasks(one))).collect();
        found.sort();
        found
    }

    pub(super) fn adopts(&self, job: &str, more: Value) -> Value {
        let mut arguments = json!({ "jobs": job });
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.site.run("adopt_job", arguments)
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.site.folder.path().join("root/staging/.eos/described_jobs").join(name)
    }

    /// Lets Eos describe a job, and puts the description into the pillar.
    pub(super) fn described(&mut self, job: &str) -> Value {
        let report = self.adopts(job, json!({}));
        let component = &report["components"][format!("nomad-{job}")];
        assert_eq!(
            (&component["status"], &component["reason"]),
            (&json!("planned"), &json!("described")),
            "{report:#}"
        );
        let pillar = read_yaml(&std::fs::read_to_string(self.file(&format!("{job}.sls"))).unwrap());
        let mut entry = pillar["infrastructure"]["services"][job].clone();
        if let Some(template) = entry.get_mut("template") {
            assert_eq!(*template, format!("salt://services/{job}.nomad.tpl"));
            *template = json!(self.file(&format!("{job}.nomad.tpl")));
        }
        self.site.infrastructure["services"][job] = entry.clone();
        entry
    }

    /// Takes a job over, and checks that its tasks did not notice.
    fn taken_over(&self, job: &str) -> Value {
        let before = (self.allocations(job), self.index(job));
        let tested = self.adopts(job, json!({ "test": true }));
        assert_eq!(statuses(&tested)[&format!("nomad-{job}")], "planned", "{tested:#}");
        let report = self.adopts(job, json!({}));
        let component = report["components"][format!("nomad-{job}")].clone();
        assert_eq!(
            (&report["result"], &component["status"]),
            (&json!(true), &json!("applied")),
            "{report:#}"
        );
        assert_eq!(component["changes"]["import"], 1, "{report:#}");
        assert_eq!((self.allocations(job), self.index(job)), before, "{report:#}");
        component
    }

    fn index(&self, job: &str) -> (Value, Value) {
        let job = self.pair.nomad.get(&format!("/v1/job/{job}")).unwrap();
        (job["Version"].clone(), job["JobModifyIndex"].clone())
    }

    /// Checks that nothing is left to do, also by drift, and takes the job down.
    fn is_ours_and_goes(&self, job: &str) {
        let name = format!("nomad-{job}");
        let before = self.allocations(job);
        for (operation, arguments, expected) in [
            ("orchestrate", json!({ "components": [name], "test": true }), "unchanged"),
            ("orchestrate", json!({ "components": [name] }), "unchanged"),
            ("drift", json!({ "components": [name] }), "unchanged"),
            ("adopt_job", json!({ "jobs": job }), "unchanged"),
        ] {
            let report = self.site.run(operation, arguments);
            assert_eq!(statuses(&report)[&name], expected, "{operation}: {report:#}");
        }
        assert_eq!(self.allocations(job), before);
        let destroyed = self.site.run("destroy", json!({ "components": [name], "confirm": "staging" }));
        assert_eq!(statuses(&destroyed)[&name], "destroyed", "{destroyed:#}");
        assert!(self.pair.nomad.get(&format!("/v1/job/{job}")).is_none());
    }

    fn refused(&self, job: &str, more: Value, code: &str, words: &[&str]) {
        let report = self.adopts(job, more);
        let error =
            report["components"].as_object().and_then(|all| all.values().next()).map(|one| &one["error"]);
        let error = error.unwrap_or(&report["error"]);
        assert_eq!((&report["result"], &error["code"]), (&json!(false), &json!(code)), "{report:#}");
        let text = format!("{} {}", error["message"], error["remedy"]);
        for word in words {
            assert!(text.contains(word), "{word}: {text}");
        }
    }
}

/// The YAML of a description, read by the YAML of Python.
fn read_yaml(text: &str) -> Value {
    use std::io::Write;
    let read = "import sys, json, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)";
    // `make build` makes it.
    let python = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/python");
    let mut child = Command::new(python)
        .args(["-c", read])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap()
}

/// A job whose group and task have its name, with much that keys do not say.
pub(super) fn plain(name: &str) -> String {
    format!(
        r#"
job "{name}" {{
  datacenters = ["*"]
  priority    = 60
  meta {{
    owner = "people"
  }}
  update {{
    min_healthy_time = "100ms"
  }}
  group "{name}" {{
    count = 2
    network {{
      port "http" {{}}
    }}
    restart {{
      attempts = 0
      mode     = "fail"
    }}
    service {{
      name     = "{name}"
      port     = "http"
      provider = "nomad"
      tags     = ["a", "b:${{NOMAD_ALLOC_INDEX}}"]
    }}
    task "{name}" {{
      driver = "raw_exec"
      config {{
        command = "sleep"
        args    = ["3600"]
      }}
      env {{
        PASSWORD = "hunter2"
        ODD      = "$${{x}} %%{{y}} {{{{ z }}}}: #"
      }}
      template {{
        destination = "local/a"
        data        = <<-EOT
          one {{{{ env "NOMAD_TASK_NAME" }}}}
            two
          EOT
      }}
      logs {{
        max_files     = 2
        max_file_size = 1
      }}
      resources {{
        cpu    = 20
        memory = 32
      }}
    }}
  }}
}}
"#
    )
}

/// A job of one task that ends, or works, by this command.
fn batch(name: &str, kind: &str, rest: &str, command: &str) -> String {
    let (command, argument) = command.split_once(' ').unwrap_or((command, ""));
    let args = if argument.is_empty() { String::new() } else { format!("args = [{argument:?}]") };
    format!(
        r#"
job "{name}" {{
  type = "{kind}"
  {rest}
  group "{name}" {{
    task "{name}" {{
      driver = "raw_exec"
      config {{
        command = "{command}"
        {args}
      }}
      resources {{
        cpu    = 20
        memory = 20
      }}
    }}
  }}
}}
"#
    )
}

#[test]
fn a_running_job_becomes_a_service_and_its_tasks_do_not_notice() {
    let Some(mut scene) = Scene::new() else { return };
    scene.runs("taken", &plain("taken"), &json!({}), 2);
    let refused = scene.adopts("taken", json!({}));
    assert!(!refused.to_string().contains("hunter2"), "{refused:#}");
    let entry = scene.described("taken");
    assert_eq!((&entry["replicas"], &entry["command"]), (&json!(2), &json!("sleep")), "{entry:#}");
    assert_eq!(entry["env"]["PASSWORD"], "hunter2", "{entry:#}");
    assert_eq!(entry["job"]["meta!"], json!({ "owner": "people" }), "{entry:#}");
    use std::os::unix::fs::MetadataExt;
    let mode = |path: &std::path::Path| path.metadata().unwrap().mode() & 0o777;
    let file = scene.file("taken.sls");
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));

    let component = scene.taken_over("taken");
    assert!(!component.to_string().contains("hunter2"), "{component:#}");
    assert!(component["snapshot_id"].is_string(), "{component:#}");

    // A later change is a change like any other.
    scene.site.infrastructure["services"]["taken"]["memory"] = json!(33);
    let report = scene.site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report)["nomad-taken"], "applied", "{report:#}");
    let job = scene.pair.nomad.get("/v1/job/taken").unwrap();
    assert_eq!(job["TaskGroups"][0]["Tasks"][0]["Resources"]["MemoryMB"], 33);
    scene.is_ours_and_goes("taken");
}

#[test]
fn a_job_of_another_form_becomes_a_template_as_its_author_wrote_it() {
    let Some(mut scene) = Scene::new() else { return };
    let job = plain("other").replace("group \"other\"", "group \"servers\"");
    scene.runs("other", &job, &json!({}), 2);
    let entry = scene.described("other");
    assert_eq!(entry["namespace"], "default", "{entry:#}");
    let template = std::fs::read_to_string(scene.file("other.nomad.tpl")).unwrap();
    assert!(template.contains("tags     = [\"a\", \"b:$${NOMAD_ALLOC_INDEX}\"]"), "{template}");
    scene.taken_over("other");
    scene.is_ours_and_goes("other");
}

#[test]
fn a_job_without_a_text_is_described_from_what_nomad_has() {
    let Some(mut scene) = Scene::new() else { return };
    let bare = super::parsed(&scene.pair.nomad, &plain("bare"));
    scene.registers(&json!({ "Job": bare }));
    scene.until_running("bare", 2);
    let entry = scene.described("bare");
    assert_eq!(entry["job"]["group"]["bare"]["restart"]["attempts"], 0, "{entry:#}");
    scene.taken_over("bare");
    scene.is_ours_and_goes("bare");

    let shaped = plain("shaped").replace("group \"shaped\"", "group \"servers\"");
    scene.registers(&json!({ "Job": super::parsed(&scene.pair.nomad, &shaped) }));
    scene.until_running("shaped", 2);
    scene.described("shaped");
    let template = std::fs::read_to_string(scene.file("shaped.nomad.tpl")).unwrap();
    assert!(template.starts_with("{\n") && template.contains("\"servers\""), "{template}");
    scene.taken_over("shaped");
    scene.is_ours_and_goes("shaped");
}

#[test]
fn a_job_whose_text_terraform_cannot_use_is_adopted_after_it_was_registered_once_from_the_text_of_eos() {
    let Some(mut scene) = Scene::new() else { return };
    let varied = plain("varied").replace("count = 2\n    network", "count = var.count\n    network")
        + "variable \"count\" {\n  type = number\n}\n";
    scene.runs("varied", &varied, &json!({ "count": "2" }), 2);
    let spec = json!({ "Job": super::parsed(&scene.pair.nomad, &plain("of-json")) });
    scene.registers(&json!({
        "Job": spec["Job"], "Submission": { "Source": spec.to_string(), "Format": "json" },
    }));
    scene.until_running("of-json", 2);

    for (job, how) in [("varied", "with variables"), ("of-json", "as JSON")] {
        let before = scene.allocations(job);
        let file = scene.file(&format!("{job}.nomad.hcl"));
        let run = format!("nomad job run {}", file.display());
        scene.refused(
            job,
            json!({}),
            "not_adoptable",
            &[how, &run, "changes its priority from 60 to 61, and restarts no task", "Then run again: "],
        );
        assert!(!scene.adopts(job, json!({})).to_string().contains("hunter2"));
        use std::os::unix::fs::MetadataExt;
        assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o600);
        scene.runs_as(job, &std::fs::read_to_string(&file).unwrap(), &json!({}), 2, "json");
        assert_eq!(scene.allocations(job), before);
        let entry = scene.described(job);
        assert_eq!((&entry["replicas"], &entry["job"]["priority"]), (&json!(2), &json!(61)), "{entry:#}");
        scene.taken_over(job);
        scene.is_ours_and_goes(job);
    }
}

#[test]
fn a_text_for_a_job_that_has_ended_says_that_nomad_would_run_it_again() {
    let Some(scene) = Scene::new() else { return };
    let job = batch("ended-varied", "batch", "", "true").replace("cpu    = 20", "cpu    = var.cpu")
        + "variable \"cpu\" {\n  type = number\n}\n";
    scene.runs("ended-varied", &job, &json!({ "cpu": "20" }), 0);
    scene.until_dead("ended-varied");
    scene.refused(
        "ended-varied",
        json!({}),
        "not_adoptable",
        &["is not without effect: Nomad's plan for ended-varied.ended-varied: Place 1"],
    );
}

#[test]
fn a_job_that_another_environment_has_taken_over_is_refused() {
    let Some(mut scene) = Scene::new() else { return };
    scene.runs("shared", &plain("shared"), &json!({}), 2);
    let entry = scene.described("shared");
    scene.taken_over("shared");
    scene.site.infrastructure.as_object_mut().unwrap().remove("services");
    scene.site.infrastructure["environments"] =
        json!({ "staging": { "services": { "shared": entry } }, "production": {} });
    let production = json!({ "environment": "production" });
    let words = ["job shared belongs to the component nomad-shared of the environment staging"];
    // Neither described nor imported, also if the pillar of the first one does not have it any more.
    scene.refused("shared", production.clone(), "nomad_job_foreign", &words);
    scene.site.infrastructure["environments"]["production"] = json!({ "services": { "shared": entry } });
    scene.refused("shared", production.clone(), "nomad_job_foreign", &words);
    scene.site.infrastructure["environments"]["staging"] = json!({});
    scene.refused("shared", production.clone(), "nomad_job_foreign", &words);

    // A Nomad of its own has a job of its own.
    scene.site.infrastructure["environments"]["staging"] =
        json!({ "settings": { "nomad": { "address": "http://127.0.0.1:1" } } });
    let mut shown = production.clone();
    shown["test"] = true.into();
    let report = scene.adopts("shared", shown);
    assert_eq!(statuses(&report)["nomad-shared"], "planned", "{report:#}");

    // The command of the error moves the job.
    scene.site.infrastructure["environments"]["staging"] = json!({});
    let report = scene.adopts("shared", production.clone());
    let commands = &report["components"]["nomad-shared"]["error"]["commands"];
    let moved = Command::new("sh").arg("-c").arg(commands[0].as_str().unwrap()).output().unwrap();
    assert!(moved.status.success(), "{commands} {moved:?}");
    let before = scene.allocations("shared");
    let report = scene.adopts("shared", production);
    assert_eq!(statuses(&report)["nomad-shared"], "applied", "{report:#}");
    assert_eq!(scene.allocations("shared"), before);
}

#[test]
fn ended_jobs_and_jobs_that_start_others_are_adopted_and_their_children_are_not() {
    let Some(mut scene) = Scene::new() else { return };
    let job = |name: &str, rest: &str| batch(name, "batch", rest, "true");
    let cron = "periodic {\n    crons = [\"0 0 1 1 *\"]\n    prohibit_overlap = true\n  }";
    scene.runs("yearly", &job("yearly", cron), &json!({}), 0);
    scene.runs(
        "dispatched",
        &job("dispatched", "parameterized {\n    payload = \"optional\"\n  }"),
        &json!({}),
        0,
    );
    scene.runs("ended", &job("ended", ""), &json!({}), 0);
    scene.until_dead("ended");
    for job in ["yearly", "dispatched", "ended"] {
        let entry = scene.described(job);
        assert!(job != "yearly" || entry["template"].is_null(), "{entry:#}");
        scene.taken_over(job);
    }
    let (status, child) = scene.pair.nomad.call("PUT", "/v1/job/dispatched/dispatch", "{}");
    assert_eq!(status, 200, "{child}");
    let child: Value = serde_json::from_str(&child).unwrap();
    let child = child["DispatchedJobID"].as_str().unwrap();
    scene.refused(
        child,
        json!({}),
        "not_adoptable",
        &["was started by the job dispatched", "adopt that job"],
    );
    for job in ["yearly", "dispatched", "ended"] {
        scene.is_ours_and_goes(job);
    }
}

#[test]
fn jobs_of_every_other_kind_that_still_work_come_over_without_a_wait_for_their_end() {
    let Some(mut scene) = Scene::new() else { return };
    for kind in ["batch", "sysbatch", "system"] {
        let name = format!("working-{kind}");
        scene.runs(&name, &batch(&name, kind, "", "sleep 3600"), &json!({}), 1);
        let entry = scene.described(&name);
        assert_eq!((&entry["type"], &entry["template"]), (&json!(kind), &Value::Null), "{entry:#}");
        scene.taken_over(&name);
        let health = scene.site.run("health", json!({ "components": [format!("nomad-{name}")] }));
        assert_eq!(statuses(&health)[&format!("nomad-{name}")], "healthy", "{health:#}");
        scene.is_ours_and_goes(&name);
    }
}

#[test]
fn a_job_that_nobody_can_take_over_is_refused_with_the_next_step() {
    let Some(mut scene) = Scene::new() else { return };
    scene.refused("nowhere", json!({}), "nomad_not_found", &["no job nowhere in namespace default"]);
    scene.refused("a b", json!({}), "invalid", &["is not the name of a job"]);
    scene.refused("", json!({}), "invalid", &["is missing: name the jobs"]);

    let space = json!({ "Name": "elsewhere" }).to_string();
    assert_eq!(scene.pair.nomad.call("PUT", "/v1/namespace", &space).0, 200);
    let job = plain("away").replace("priority ", "namespace = \"elsewhere\"\n  priority ");
    let body = super::parsed(&scene.pair.nomad, &job);
    scene.registers(&json!({ "Job": body }));
    scene.refused(
        "away",
        json!({}),
        "nomad_not_found",
        &["namespace elsewhere has one", "namespace=elsewhere"],
    );
    let found = scene.adopts("away", json!({ "namespace": "elsewhere" }));
    assert_eq!(found["components"]["nomad-away"]["reason"], "described", "{found:#}");

    let job = plain("of-others").replace(
        "owner = \"people\"",
        "managed_by = \"eos\"\n environment = \"production\"\n component = \"nomad-of-others\"",
    );
    scene.registers(&json!({ "Job": super::parsed(&scene.pair.nomad, &job) }));
    scene.refused(
        "of-others",
        json!({}),
        "nomad_job_foreign",
        &["component nomad-of-others of the environment production"],
    );

    assert_eq!(scene.pair.nomad.call("DELETE", "/v1/job/of-others", "").0, 200);
    let job = plain("of-others");
    scene.runs("of-others", &job, &json!({}), 2);
    assert_eq!(scene.pair.nomad.call("DELETE", "/v1/job/of-others", "").0, 200);
    scene.refused("of-others", json!({}), "job_stopped", &["was stopped or has failed"]);

    let nowhere = plain("waiting").replace(
        "group \"waiting\" {",
        "group \"waiting\" {\n constraint {\n attribute = \"${attr.kernel.name}\"\n value = \"plan9\"\n }",
    );
    scene.registers(&json!({ "Job": super::parsed(&scene.pair.nomad, &nowhere) }));
    scene.refused(
        "waiting",
        json!({}),
        "nomad_unplaceable",
        &["no node can run all of job waiting", "plan9"],
    );

    // A component of the same name that is no service.
    scene.runs("mine", &plain("mine"), &json!({}), 2);
    scene.site.component("nomad-mine", "", json!({}));
    scene.refused("mine", json!({}), "not_adoptable", &["is not a service"]);
}

#[test]
fn a_job_that_differs_from_the_pillar_is_not_imported_and_the_differences_are_named_without_values() {
    let Some(mut scene) = Scene::new() else { return };
    scene.runs("differs", &plain("differs"), &json!({}), 2);
    scene.described("differs");
    let service = &mut scene.site.infrastructure["services"]["differs"];
    service["memory"] = json!(40);
    service["env"]["PASSWORD"] = json!("hunter3");
    let before = scene.allocations("differs");
    for test in [true, false] {
        let report = scene.adopts("differs", json!({ "test": test }));
        let error = &report["components"]["nomad-differs"]["error"];
        assert_eq!(error["code"], "nomad_job_differs", "{report:#}");
        let message = error["message"].as_str().unwrap();
        for words in ["Resources.MemoryMB", "Env[PASSWORD]", "nothing was changed"] {
            assert!(message.contains(words), "{words}: {message}");
        }
        assert!(!report.to_string().contains("hunter"), "{report:#}");
    }
    assert_eq!(scene.allocations("differs"), before);
    assert!(!scene.site.workdir("nomad-differs").join("terraform.tfstate").exists());
    let report = scene.site.run("orchestrate", json!({}));
    let error = &report["components"]["nomad-differs"]["error"];
    assert_eq!(error["code"], "nomad_job_foreign", "{report:#}");
    assert!(error["remedy"].as_str().unwrap().contains("adopt_job staging jobs=differs"), "{error:#}");
}

#[test]
fn one_call_takes_over_the_jobs_that_the_pillar_has_and_describes_the_others() {
    let Some(mut scene) = Scene::new() else { return };
    scene.runs("first", &plain("first"), &json!({}), 2);
    scene.described("first");
    scene.runs("second", &plain("second"), &json!({}), 2);
    let report = scene.adopts("first,second,third", json!({}));
    let found = statuses(&report);
    let of = |name: &str| found[name].as_str();
    assert_eq!(
        (of("nomad-first"), of("nomad-second"), of("nomad-third")),
        ("applied", "planned", "failed"),
        "{report:#}"
    );
    assert_eq!(report["result"], false, "{report:#}");
}
