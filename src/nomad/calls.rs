//! The API calls that Eos uses, with their types.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::JobName;
use super::client::{NomadClient, NomadReply};
use super::error::NomadError;
use crate::decide::{
    Allocation, CheckStatus, Deployment, Evaluation, JobVersions, PlacementFailure, RegisteredJob,
};

/// The answer to a validation. Nomad answers 200 for invalid jobs too.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct JobValidation {
    pub validation_errors: Option<Vec<String>>,
    pub error: Option<String>,
    pub warnings: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct JobPlan {
    #[serde(rename = "FailedTGAllocs")]
    pub unplaced: Option<BTreeMap<String, PlacementFailure>>,
    pub warnings: Option<String>,
    pub annotations: Option<JobPlanAnnotations>,
    /// How the job differs from the registered one.
    pub diff: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct JobPlanAnnotations {
    /// From a group's name to the numbers of its updates: `Place`, `Stop`, `DestructiveUpdate`, ...
    #[serde(rename = "DesiredTGUpdates")]
    pub updates: Option<BTreeMap<String, BTreeMap<String, u64>>>,
}

/// A check that Nomad itself runs, for one allocation.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AllocationCheck {
    pub status: CheckStatus,
    pub service: String,
    pub check: String,
    pub output: String,
}

/// The text from which a job was registered. No Debug, because it may contain a secret.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct JobText {
    pub source: String,
    /// `hcl2`, `hcl1` or `json`.
    pub format: String,
    /// The variables of the call.
    pub variable_flags: Option<BTreeMap<String, String>>,
    /// Files of variables.
    pub variables: String,
}

impl JobText {
    /// Whether the text alone is not the whole job.
    pub fn has_variables(&self) -> bool {
        let flags = self.variable_flags.as_ref();
        flags.is_some_and(|flags| !flags.is_empty()) || !self.variables.trim().is_empty()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedJob {
    #[serde(rename = "ID")]
    id: String,
    namespace: Option<String>,
}
/// Rights in a namespace: <https://developer.hashicorp.com/nomad/docs/other-specifications/acl-policy>.
const READ: &str = "read-job";
const SUBMIT: &str = "submit-job";
const LOGS: &str = "read-logs";

impl NomadClient {
    /// Parses a jobspec in HCL, and returns the job as JSON, with all defaults.
    pub async fn parse(&self, hcl: &str, variables: &str) -> Result<Value, NomadError> {
        self.parse_as(hcl, variables, true).await
    }

    /// The same without defaults: only what the jobspec says.
    pub async fn parse_as_written(&self, hcl: &str, variables: &str) -> Result<Value, NomadError> {
        self.parse_as(hcl, variables, false).await
    }

    async fn parse_as(&self, hcl: &str, variables: &str, canonicalize: bool) -> Result<Value, NomadError> {
        let asked = json!({ "JobHCL": hcl, "Variables": variables, "Canonicalize": canonicalize });
        // A token may have rights in one namespace only.
        let namespace = self.namespace.as_str();
        let parsed = self.put(&["jobs", "parse"], &[("namespace", namespace)], &asked).await;
        parsed.map_err(lacking(SUBMIT, namespace))
    }

    /// Whether the token may do what a plan needs. An error if it may not, or if Nomad does not answer.
    pub async fn may_plan(&self) -> Result<(), NomadError> {
        self.parse("job \"asked\" {}", "").await?;
        let name = JobName { namespace: self.namespace.clone(), id: "asked".to_owned() };
        match self.job(&name).await {
            Ok(_) | Err(NomadError::Missing(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A registered job, as Nomad has it.
    pub async fn whole_job(&self, name: &JobName) -> Result<Value, NomadError> {
        self.of_job(name, &[]).await
    }

    /// The text from which this version was registered. None if Nomad does not have it.
    pub async fn job_text(&self, name: &JobName, version: u64) -> Result<Option<JobText>, NomadError> {
        let version = version.to_string();
        let query = [("namespace", name.namespace.as_str()), ("version", version.as_str())];
        match self.get(&["job", &name.id, "submission"], &query).await {
            Err(NomadError::Missing(_)) => Ok(None),
            answer => answer.map(Some).map_err(lacking(READ, &name.namespace)),
        }
    }

    /// The namespaces that have a job of this name, as far as the token may see them.
    pub async fn namespaces_of_job(&self, id: &str) -> Result<Vec<String>, NomadError> {
        let found: Vec<ListedJob> = self.get(&["jobs"], &[("prefix", id), ("namespace", "*")]).await?;
        Ok(found.into_iter().filter(|one| one.id == id).filter_map(|one| one.namespace).collect())
    }

    pub async fn validate(&self, namespace: &str, job: &Value) -> Result<JobValidation, NomadError> {
        let asked = json!({ "Job": job });
        let validation = self.put(&["validate", "job"], &[("namespace", namespace)], &asked).await;
        validation.map_err(lacking(SUBMIT, namespace))
    }

    pub async fn plan(&self, name: &JobName, job: &Value) -> Result<JobPlan, NomadError> {
        let asked = json!({ "Job": job, "Diff": true });
        let plan = self.put(&["job", &name.id, "plan"], &[("namespace", &name.namespace)], &asked).await;
        plan.map_err(lacking(SUBMIT, &name.namespace))
    }

    pub async fn job(&self, name: &JobName) -> Result<RegisteredJob, NomadError> {
        self.of_job(name, &[]).await
    }

    pub async fn versions(&self, name: &JobName) -> Result<JobVersions, NomadError> {
        self.of_job(name, &["versions"]).await
    }

    pub async fn evaluations(&self, name: &JobName) -> Result<Vec<Evaluation>, NomadError> {
        Ok(self.of_job::<Option<_>>(name, &["evaluations"]).await?.unwrap_or_default())
    }

    pub async fn deployments(&self, name: &JobName) -> Result<Vec<Deployment>, NomadError> {
        Ok(self.of_job::<Option<_>>(name, &["deployments"]).await?.unwrap_or_default())
    }

    pub async fn allocations(&self, name: &JobName) -> Result<Vec<Allocation>, NomadError> {
        Ok(self.of_job::<Option<_>>(name, &["allocations"]).await?.unwrap_or_default())
    }

    async fn of_job<T: DeserializeOwned>(&self, name: &JobName, part: &[&str]) -> Result<T, NomadError> {
        let path: Vec<_> = ["job", &name.id].into_iter().chain(part.iter().copied()).collect();
        let found = self.get(&path, &[("namespace", &name.namespace)]).await;
        found.map_err(lacking(READ, &name.namespace))
    }

    /// Returns when the deployment has changed since `index`, or when `wait` has passed.
    pub async fn deployment_after(
        &self,
        namespace: &str,
        id: &str,
        index: u64,
        wait: Duration,
    ) -> Result<NomadReply, NomadError> {
        let reply = self.wait(&["deployment", id], &[("namespace", namespace)], index, wait).await;
        reply.map_err(lacking(READ, namespace))
    }

    pub async fn promote(&self, namespace: &str, deployment: &str) -> Result<(), NomadError> {
        let asked = json!({ "DeploymentID": deployment, "All": true });
        let path = ["deployment", "promote", deployment];
        let promoted = self.put::<Value>(&path, &[("namespace", namespace)], &asked).await;
        promoted.map(drop).map_err(lacking(SUBMIT, namespace))
    }

    pub async fn checks(
        &self,
        namespace: &str,
        allocation: &str,
    ) -> Result<Vec<AllocationCheck>, NomadError> {
        let path = ["client", "allocation", allocation, "checks"];
        let found = self.get(&path, &[("namespace", namespace)]).await;
        let found: Option<BTreeMap<String, AllocationCheck>> = found.map_err(lacking(READ, namespace))?;
        Ok(found.unwrap_or_default().into_values().collect())
    }

    /// Returns the last bytes of a task's stderr.
    pub async fn stderr(
        &self,
        namespace: &str,
        allocation: &str,
        task: &str,
        bytes: usize,
    ) -> Result<String, NomadError> {
        let bytes = bytes.to_string();
        let query = [
            ("task", task),
            ("type", "stderr"),
            ("origin", "end"),
            ("offset", &bytes),
            ("plain", "true"),
            ("namespace", namespace),
        ];
        let text = self.text(&["client", "fs", "logs", allocation], &query).await;
        text.map_err(lacking(LOGS, namespace))
    }
}

fn lacking(right: &str, namespace: &str) -> impl FnOnce(NomadError) -> NomadError {
    move |error| error.lacking(right, &format!("in namespace {namespace}"))
}
