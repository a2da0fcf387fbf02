//! The health of one service in Consul's catalogue.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use secrecy::SecretString;

use super::answer::{FailedMeasurement, FinalReason, NoConnection, Outlook};
use super::nomad::{ask, unseen};
use crate::consul::{
    ConsulClient, ConsulError, InstanceCheck, ServiceInstance, add_missing_outputs, instances,
};
use crate::count::counted;
use crate::decide::{CheckStatus, RegisteredInstance, SIDECAR, remembered, served, with_sidecars};
use crate::model::ConsulServer;
use crate::nomad::{DeploymentWatch, ServingAllocations};

/// The check of a sidecar that passes if the checks of its service pass. Without such checks, it may stay critical.
const ALIASING: &str = "Connect Sidecar Aliasing";
/// Characters of a check's output that are repeated.
const SHOWN: usize = 200;

/// A service, and the Nomad jobs that may serve it.
pub struct ConsulGate {
    client: ConsulClient,
    pub service: String,
    least: u64,
    /// The output of checks is not repeated.
    silent: bool,
    jobs: Vec<DeploymentWatch>,
    /// A new instance whose check failed while its deployment was running. The instance disappears when Nomad gives up
    /// the deployment.
    failing: RefCell<Option<RegisteredInstance>>,
    /// The pause that Consul asked for in its last failed answer.
    retry_after: Cell<Duration>,
}

impl ConsulGate {
    /// Reads the files of `tls`.
    pub fn open(
        server: &ConsulServer,
        token: Option<SecretString>,
        service: String,
        least: u64,
        jobs: Vec<DeploymentWatch>,
    ) -> Result<Self, String> {
        let client = ConsulClient::open(&server.address, &server.tls, token)
            .map_err(|why| format!("Consul: {why}"))?;
        let (failing, retry_after) = (RefCell::default(), Cell::default());
        Ok(Self { client, service, least, silent: false, jobs, failing, retry_after })
    }

    /// If `silent`, the output of checks is not repeated.
    pub(super) fn silently(self, silent: bool) -> Self {
        Self { silent, ..self }
    }

    /// Measures the gate with all instances, not with `?passing`: otherwise an old instance that passes would hide a
    /// new one that does not.
    pub(super) async fn ask(&self) -> Result<String, FailedMeasurement> {
        let mut new = Vec::new();
        let mut wanted = 0;
        let mut meshed = false;
        for job in &self.jobs {
            let asked = ask(job).await;
            let Some(servers) = job.servers(&self.service) else {
                // If a job cannot be read, it may be the one that serves the service.
                match asked {
                    Err(miss)
                        if matches!(
                            miss.outlook,
                            Outlook::Unseen(_) | Outlook::Never(FinalReason::Denied)
                        ) =>
                    {
                        return Err(miss);
                    }
                    _ => continue,
                }
            };
            if let Err(miss) = asked {
                // If Nomad reverts the job, the running allocations are not those that failed.
                if matches!(miss.outlook, Outlook::UnderWay(_)) && !servers.by_nomad && !servers.goes_back {
                    self.look(&servers).await;
                }
                return Err(miss);
            }
            let count = servers.allocations.len() as u64;
            if count < servers.wanted {
                let what =
                    format!("{count} of {} of {}", counted(servers.wanted, "new allocation"), job.name.id);
                return Err(FailedMeasurement::new(what, None));
            }
            if servers.by_nomad {
                return self.by_nomad(job, &servers.allocations).await;
            }
            wanted += servers.wanted;
            meshed |= servers.meshed;
            new.extend(servers.allocations);
        }
        let registered = self.found(meshed).await?;
        self.remember(&new, wanted, &registered);
        served(&new, &registered, self.least).map_err(|why| FailedMeasurement::new(why, None))
    }

    async fn look(&self, servers: &ServingAllocations) {
        if let Ok(registered) = self.found(servers.meshed).await {
            self.remember(&servers.allocations, servers.wanted, &registered);
        }
    }

    fn remember(&self, allocations: &[String], wanted: u64, registered: &[RegisteredInstance]) {
        let is_new = |one: &&RegisteredInstance| {
            allocations.iter().any(|allocation| one.id.starts_with(&format!("_nomad-task-{allocation}-")))
        };
        let new: Vec<_> = registered.iter().filter(is_new).cloned().collect();
        self.failing.replace_with(|before| remembered(before.take(), &new, wanted));
    }

    /// The failing check of a new instance, as it was last seen while the deployment was running.
    pub fn seen_failing(&self) -> Option<String> {
        self.failing.borrow().as_ref()?.failing.clone()
    }

    /// The instances of the service. If it is in the mesh, an instance also needs a sidecar that passes.
    async fn found(&self, meshed: bool) -> Result<Vec<RegisteredInstance>, FailedMeasurement> {
        let found = self.registered(&self.service).await?;
        if !meshed {
            return Ok(found);
        }
        let sidecars = self.registered(&format!("{}{SIDECAR}", self.service)).await?;
        Ok(with_sidecars(found, &sidecars))
    }

    async fn registered(&self, service: &str) -> Result<Vec<RegisteredInstance>, FailedMeasurement> {
        let mut found = instances(&self.client, service).await;
        if let Ok(found) = &mut found
            && !self.silent
        {
            add_missing_outputs(&self.client, found).await;
        }
        let trouble = found.as_ref().err();
        self.retry_after.set(trouble.and_then(ConsulError::retry_after).unwrap_or_default());
        match found {
            Ok(found) => Ok(found.into_iter().map(|one| registered(one, self.silent)).collect()),
            Err(error) => Err(self.unseen(&error)),
        }
    }

    fn unseen(&self, error: &ConsulError) -> FailedMeasurement {
        let (did, outlook) = match error {
            ConsulError::Denied(_) => (
                "denies access: the token of infrastructure:settings:consul:token needs service_prefix \"\" \
                 read and node_prefix \"\" read",
                Outlook::Never(FinalReason::Denied),
            ),
            ConsulError::Unreachable(unavailable) => {
                let reason = NoConnection::of("infrastructure:settings:consul", unavailable);
                ("did not answer", Outlook::Unseen(reason))
            }
            ConsulError::Refused(_) => ("did not answer", Outlook::Unseen(None)),
        };
        let what = format!("the Consul at {} {did}", self.client.address);
        FailedMeasurement { what, why: Some(error.text().to_owned()), outlook }
    }

    /// The pause that Consul asks for before the next measurement.
    pub fn retry_after(&self) -> Duration {
        self.retry_after.get()
    }

    /// Measures a service that is registered with Nomad. Consul does not know it; its checks are those of the
    /// allocations.
    async fn by_nomad(
        &self,
        job: &DeploymentWatch,
        allocations: &[String],
    ) -> Result<String, FailedMeasurement> {
        let mut registered = Vec::new();
        for allocation in allocations {
            let checks = job.checks_of(allocation).await.map_err(|error| unseen(job, &error))?;
            let mut own = checks.iter().filter(|check| check.service == self.service);
            let failing = own
                .find(|check| check.status != CheckStatus::Success)
                .map(|check| check.explain(self.silent));
            registered.push(RegisteredInstance { id: format!("_nomad-task-{allocation}-"), failing });
        }
        served(allocations, &registered, self.least).map_err(|why| FailedMeasurement::new(why, None))
    }

    /// The job that must serve the service, if there is one.
    pub fn server(&self) -> Option<&DeploymentWatch> {
        self.jobs.iter().find(|job| job.servers(&self.service).is_some())
    }
}

fn registered(instance: ServiceInstance, silent: bool) -> RegisteredInstance {
    let failing = instance.checks.iter().find(|check| check.status != "passing");
    RegisteredInstance { failing: failing.map(|check| explain(check, silent)), id: instance.id }
}

fn explain(check: &InstanceCheck, silent: bool) -> String {
    let output: String = check.output.split_whitespace().collect::<Vec<_>>().join(" ");
    let output: String = output.chars().take(SHOWN).collect();
    let said = match output.as_str() {
        _ if silent => String::new(),
        "" if check.name == ALIASING => {
            ": Consul has no answer for it. If the service has no check, give it one, such as health_path"
                .to_owned()
        }
        "" => String::new(),
        output => format!(": {output}"),
    };
    format!("check {} is {}{said}", check.name, check.status)
}

#[cfg(test)]
mod tests {
    use super::super::gate::{GateContext, HealthGate, Probe};
    use super::*;
    use crate::change::Redactor;
    use crate::model::{GateTiming, Tls};

    fn gate(hidden: bool) -> HealthGate {
        let server = ConsulServer {
            address: "http://10.0.0.1:8500".to_owned(),
            token: None,
            tls: Tls::default(),
            retry_for: Duration::ZERO,
        };
        let consul = ConsulGate::open(&server, None, "web".to_owned(), 1, Vec::new()).unwrap();
        let failing = Some("check up is critical: dial tcp 10.0.0.7:80".to_owned());
        consul.failing.replace(Some(RegisteredInstance { id: "_nomad-task-a-".to_owned(), failing }));
        let second = Duration::from_secs(1);
        let timing = GateTiming {
            interval: second,
            timeout: second,
            min_healthy_time: second,
            healthy_deadline: second,
            is_set: true,
        };
        let path = "infrastructure:components:web:health:0".to_owned();
        let redactor = Redactor::default();
        HealthGate::consul(GateContext { path, timing, is_patient: false, hidden, redactor }, consul)
    }

    #[test]
    fn a_failing_check_is_not_shown_if_its_address_is_a_secret() {
        assert!(gate(false).seen_failing().unwrap().contains("10.0.0.7"));
        assert_eq!(gate(true).seen_failing(), None);
    }

    #[test]
    fn the_answer_of_a_check_is_not_shown_if_it_may_contain_a_secret() {
        let entry = || ServiceInstance {
            id: "web".to_owned(),
            checks: vec![InstanceCheck {
                id: "up".to_owned(),
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
        let silent = |gate: HealthGate| matches!(&gate.probe, Probe::Consul(consul) if consul.silent);
        assert!(silent(gate(true)) && !silent(gate(false)));
    }
}
