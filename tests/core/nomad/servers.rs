//! Jobs for the Nomad that all tests of this program share.

use std::time::{Duration, Instant};

use eos::model::{NomadServer, RETRY_FOR, Tls};
use eos::nomad::{DeploymentWatch, JobHealth, JobName, NomadClient};
use serde_json::{Value, json};

pub use crate::support::pair::{Pair, pair};

/// Long enough for any machine: the wait ends as soon as the condition holds.
pub const PATIENCE: Duration = Duration::from_secs(90);

impl Pair {
    pub fn client(&self) -> NomadClient {
        client(&self.address())
    }

    /// Registers a job, and returns the `JobModifyIndex`.
    pub fn register(&self, hcl: &str) -> u64 {
        let asked = json!({ "JobHCL": hcl, "Canonicalize": true }).to_string();
        let (status, job) = self.nomad.call("PUT", "/v1/jobs/parse", &asked);
        assert_eq!(status, 200, "{job}\n{hcl}");
        let job: Value = serde_json::from_str(&job).unwrap();
        let (status, said) = self.nomad.call("PUT", "/v1/jobs", &json!({ "Job": job }).to_string());
        assert_eq!(status, 200, "{said}");
        serde_json::from_str::<Value>(&said).unwrap()["JobModifyIndex"].as_u64().unwrap()
    }

    pub fn job(&self, name: &str) -> Option<Value> {
        self.nomad.get(&format!("/v1/job/{name}"))
    }

    /// The number of running allocations of this version.
    pub fn running(&self, name: &str, version: u64) -> usize {
        let all = self.nomad.get(&format!("/v1/job/{name}/allocations")).unwrap();
        let is = |one: &&Value| one["JobVersion"] == version && one["ClientStatus"] == "running";
        all.as_array().unwrap().iter().filter(is).count()
    }

    pub fn follow(&self, name: &str, registered: u64) -> DeploymentWatch {
        DeploymentWatch::new(self.client(), job_name(name), Some(registered))
    }

    /// Registers a job and waits until it runs.
    pub fn runs(&self, hcl: &str, name: &str) -> u64 {
        let index = self.register(hcl);
        let found = ending(&self.follow(name, index));
        assert!(matches!(found, JobHealth::Passing(_)), "{found:?}");
        index
    }
}

pub fn client(address: &str) -> NomadClient {
    client_with(address, None)
}

pub fn client_with(address: &str, token: Option<&str>) -> NomadClient {
    NomadClient::open(&server(address), token.map(|token| token.to_owned().into())).unwrap()
}

pub fn server(address: &str) -> NomadServer {
    NomadServer {
        address: address.to_owned(),
        token: None,
        region: None,
        namespace: "default".to_owned(),
        secrets: Default::default(),
        tls: Tls::default(),
        retry_for: RETRY_FOR,
    }
}

pub fn job_name(id: &str) -> JobName {
    JobName { namespace: "default".to_owned(), id: id.to_owned() }
}

pub fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Looks until the result is not `Waiting`.
pub fn ending(follow: &DeploymentWatch) -> JobHealth {
    until(follow, |found| !matches!(found, JobHealth::Waiting(..)))
}

pub fn until(follow: &DeploymentWatch, wanted: impl Fn(&JobHealth) -> bool) -> JobHealth {
    let deadline = Instant::now() + PATIENCE;
    block(async {
        loop {
            let found = follow.look().await;
            if wanted(&found) {
                return found;
            }
            assert!(Instant::now() < deadline, "{found:?}");
            follow.rest(Duration::from_secs(1)).await;
        }
    })
}

pub fn eventually(what: &str, fact: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !fact() {
        assert!(Instant::now() < deadline, "{what}: never");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A job with one group `web` and one task `web`, in parts that a test may change.
#[derive(Clone)]
pub struct Job {
    pub name: String,
    /// Text within `job`.
    pub job: String,
    /// Text within `update`.
    pub update: String,
    /// Text within `group`.
    pub group: String,
    pub count: u64,
    pub driver: &'static str,
    /// Text within the task's `config`.
    pub config: String,
    pub memory: u64,
    pub reschedule: bool,
    /// Seconds in which the job must become healthy. A good job succeeds in this time on any machine.
    pub deadline: u64,
    /// The time that the job must run to be healthy. A bad job ends earlier on any machine.
    pub proof: &'static str,
}

impl Job {
    /// A service that runs for an hour, and is healthy or failed within seconds.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            job: String::new(),
            update: String::new(),
            group: String::new(),
            count: 1,
            driver: "mock_driver",
            config: "run_for = \"1h\"".to_owned(),
            memory: 10,
            reschedule: true,
            deadline: 40,
            proof: "100ms",
        }
    }

    /// Makes this shell script the task.
    pub fn script(mut self, script: &str) -> Self {
        self.driver = "raw_exec";
        self.config = format!("command = \"/bin/sh\"\n args = [\"-c\", {}]", json!(script));
        self.proof = "20s";
        self
    }

    pub fn text(&self) -> String {
        let Self { name, job, update, group, count, driver, config, memory, reschedule, deadline, proof } =
            self;
        let update = match job.contains("type") {
            true => String::new(),
            false => format!(
                "update {{\n min_healthy_time = \"{proof}\"\n healthy_deadline = \"{deadline}s\"\n progress_deadline = \"{}s\"\n {update}\n }}",
                deadline + 60
            ),
        };
        let reschedule = match reschedule {
            true => "reschedule {\n attempts = 0\n unlimited = false\n }",
            false => "",
        };
        format!(
            "job \"{name}\" {{
  {job}
  {update}
  group \"web\" {{
    count = {count}
    {group}
    restart {{
      attempts = 0
      mode = \"fail\"
    }}
    {reschedule}
    task \"web\" {{
      driver = \"{driver}\"
      kill_timeout = \"1s\"
      config {{
        {config}
      }}
      resources {{
        cpu = 10
        memory = {memory}
      }}
    }}
  }}
}}
"
        )
    }
}
