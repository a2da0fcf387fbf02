//! One service in Consul's catalogue: <https://developer.hashicorp.com/consul/api-docs/health>.

use std::cell::RefCell;
use std::time::Duration;

use reqwest::Url;
use secrecy::SecretString;
use serde::Deserialize;

use super::nomad::{ask, unseen};
use super::{Miss, Never, Outlook};
use crate::decide::{Registered, remembered, served};
use crate::http::{innermost, to_server};
use crate::model::ConsulServer;
use crate::nomad::{Follow, Servers};

const PATIENCE: Duration = Duration::from_secs(5);
/// How much of a check's output is repeated, in characters.
const SHOWN: usize = 200;

/// No Debug: its header holds the token.
pub struct Consul {
    /// As the pillar has it.
    address: String,
    client: reqwest::Client,
    url: Url,
    pub service: String,
    least: u64,
    /// What a check answered is not repeated.
    silent: bool,
    /// The jobs that may have to serve it.
    jobs: Vec<Follow>,
    /// A new instance whose check failed while its deployment went on: it is gone once Nomad has given that up.
    failing: RefCell<Option<Registered>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    service: Service,
    #[serde(default)]
    checks: Vec<Check>,
}

#[derive(Deserialize)]
struct Service {
    #[serde(rename = "ID")]
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Check {
    name: String,
    status: String,
    #[serde(default)]
    output: String,
}

impl Consul {
    /// Reads the files of `tls`.
    pub fn open(
        server: &ConsulServer,
        token: Option<&SecretString>,
        service: String,
        least: u64,
        jobs: Vec<Follow>,
    ) -> Result<Self, String> {
        let builder = to_server(&server.address, &server.tls, "X-Consul-Token", token);
        let client = builder.map_err(|why| format!("Consul: {why}"))?.timeout(PATIENCE).build();
        let client = client.map_err(|error| innermost(&error))?;
        let mut url = Url::parse(&server.address).map_err(|error| error.to_string())?;
        // An address with a host always takes a path.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["v1", "health", "service", &service]);
        }
        let address = server.address.clone();
        Ok(Self { address, client, url, service, least, silent: false, jobs, failing: RefCell::default() })
    }

    /// Where `silent`, nothing is repeated that a check answered.
    pub(super) fn silently(self, silent: bool) -> Self {
        Self { silent, ..self }
    }

    /// Every instance that there is, and not `?passing`: an old one that passes would speak for a new one that does not.
    pub(super) async fn ask(&self) -> Result<String, Miss> {
        let mut new = Vec::new();
        let mut wanted = 0;
        for job in &self.jobs {
            let asked = ask(job).await;
            let Some(servers) = job.servers(&self.service) else {
                // A job that cannot be looked at may be the one.
                match asked {
                    Err(miss) if matches!(miss.outlook, Outlook::Unseen | Outlook::Never(Never::Denied)) => {
                        return Err(miss);
                    }
                    _ => continue,
                }
            };
            if let Err(miss) = asked {
                // On the way back, what runs is not what failed.
                if matches!(miss.outlook, Outlook::UnderWay(_)) && !servers.by_nomad && !servers.goes_back {
                    self.look(&servers).await;
                }
                return Err(miss);
            }
            let count = servers.allocations.len() as u64;
            if count < servers.wanted {
                let what = format!("{count} of {} new allocation(s) of {}", servers.wanted, job.name.id);
                return Err(Miss::new(what, None));
            }
            if servers.by_nomad {
                return self.by_nomad(job, &servers.allocations).await;
            }
            wanted += servers.wanted;
            new.extend(servers.allocations);
        }
        let found = self.found().await?;
        self.remember(&new, wanted, &found);
        served(&new, &found, self.least).map_err(|why| Miss::new(why, None))
    }

    async fn look(&self, servers: &Servers) {
        if let Ok(found) = self.found().await {
            self.remember(&servers.allocations, servers.wanted, &found);
        }
    }

    fn remember(&self, allocations: &[String], wanted: u64, found: &[Registered]) {
        let is_new = |one: &&Registered| {
            allocations.iter().any(|allocation| one.id.starts_with(&format!("_nomad-task-{allocation}-")))
        };
        let new: Vec<_> = found.iter().filter(is_new).cloned().collect();
        self.failing.replace_with(|before| remembered(before.take(), &new, wanted));
    }

    /// What a new instance lacked when its deployment was last seen to go on.
    pub fn seen_failing(&self) -> Option<String> {
        self.failing.borrow().as_ref()?.failing.clone()
    }

    async fn found(&self) -> Result<Vec<Registered>, Miss> {
        let away = |why: String| Miss {
            what: format!("the Consul at {} did not answer", self.address),
            why: Some(why),
            outlook: Outlook::Unseen,
        };
        let unanswered = |error: reqwest::Error| away(innermost(&error));
        let response = self.client.get(self.url.clone()).send().await.map_err(unanswered)?;
        let status = response.status().as_u16();
        let body = response.bytes().await.map_err(unanswered)?;
        match status {
            200 => {}
            403 => {
                let allows = "does not allow this: the token needs service and node read";
                let what = format!("the Consul at {} {allows}", self.address);
                return Err(Miss { what, why: None, outlook: Outlook::Never(Never::Denied) });
            }
            _ => return Err(away(format!("HTTP {status}"))),
        }
        let entries: Vec<Entry> = serde_json::from_slice(&body)
            .map_err(|error| away(format!("its answer is not Consul's: {error}")))?;
        Ok(entries.into_iter().map(|entry| registered(entry, self.silent)).collect())
    }

    /// A service that Nomad itself registers is in no Consul; its checks are those of the allocations.
    async fn by_nomad(&self, job: &Follow, allocations: &[String]) -> Result<String, Miss> {
        let mut found = Vec::new();
        for allocation in allocations {
            let checks = job.checks_of(allocation).await.map_err(|trouble| unseen(job, &trouble))?;
            let mut own = checks.iter().filter(|check| check.service == self.service);
            let failing = own.find(|check| check.status != "success").map(|check| check.explain(self.silent));
            found.push(Registered { id: format!("_nomad-task-{allocation}-"), failing });
        }
        served(allocations, &found, self.least).map_err(|why| Miss::new(why, None))
    }

    /// The job that has to serve it, if there is one.
    pub fn server(&self) -> Option<&Follow> {
        self.jobs.iter().find(|job| job.servers(&self.service).is_some())
    }
}

fn registered(entry: Entry, silent: bool) -> Registered {
    let failing = entry.checks.iter().find(|check| check.status != "passing").map(|check| {
        let output: String = check.output.split_whitespace().collect::<Vec<_>>().join(" ");
        let output: String = output.chars().take(SHOWN).collect();
        let said = if silent || output.is_empty() { String::new() } else { format!(": {output}") };
        format!("check {} is {}{said}", check.name, check.status)
    });
    Registered { id: entry.service.id, failing }
}

#[cfg(test)]
mod tests {
    use super::super::{Gate, Opening};
    use super::*;
    use crate::change::Redactor;
    use crate::model::{Timing, Tls};

    fn gate(hidden: bool) -> Gate {
        let server =
            ConsulServer { address: "http://10.0.0.1:8500".to_owned(), token: None, tls: Tls::default() };
        let consul = Consul::open(&server, None, "web".to_owned(), 1, Vec::new()).unwrap();
        let failing = Some("check up is critical: dial tcp 10.0.0.7:80".to_owned());
        consul.failing.replace(Some(Registered { id: "_nomad-task-a-".to_owned(), failing }));
        let second = Duration::from_secs(1);
        let timing = Timing {
            interval: second,
            timeout: second,
            min_healthy_time: second,
            healthy_deadline: second,
            is_set: true,
        };
        let path = "infrastructure:components:web:health:0".to_owned();
        let redactor = Redactor::default();
        Gate::consul(Opening { path, timing, is_patient: false, hidden, redactor }, consul)
    }

    #[test]
    fn a_check_that_was_seen_failing_is_not_told_where_the_address_is_a_secret() {
        assert!(gate(false).seen_failing().unwrap().contains("10.0.0.7"));
        assert_eq!(gate(true).seen_failing(), None);
    }

    #[test]
    fn what_a_check_answered_is_not_repeated_where_it_may_hold_a_secret() {
        let entry = || Entry {
            service: Service { id: "web".to_owned() },
            checks: vec![Check {
                name: "up".to_owned(),
                status: "critical".to_owned(),
                output: "HTTP 500: hunter2".to_owned(),
            }],
        };
        assert_eq!(
            registered(entry(), false).failing.as_deref(),
            Some("check up is critical: HTTP 500: hunter2")
        );
        assert_eq!(registered(entry(), true).failing.as_deref(), Some("check up is critical"));
        let silent = |gate: Gate| matches!(&gate.probe, super::super::Probe::Consul(consul) if consul.silent);
        assert!(silent(gate(true)) && !silent(gate(false)));
    }
}
