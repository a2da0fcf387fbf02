//! The API calls that Eos uses, with their types.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
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
        self.put(&["jobs", "parse"], &[], &asked).await
    }

    /// A registered job, as Nomad has it.
    pub async fn whole_job(&self, name: &JobName) -> Result<Value, NomadError> {
        self.get(&["job", &name.id], &[("namespace", &name.namespace)]).await
    }

    /// The text from which this version was registered. None if Nomad does not have it.
    pub async fn job_text(&self, name: &JobName, version: u64) -> Result<Option<JobText>, NomadError> {
        let version = version.to_string();
        let query = [("namespace", name.namespace.as_str()), ("version", version.as_str())];
        match self.get(&["job", &name.id, "submission"], &query).await {
            Err(NomadError::Missing(_)) => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// The namespaces that have a job of this name, as far as the token may see them.
    pub async fn namespaces_of_job(&self, id: &str) -> Result<Vec<String>, NomadError> {
        let found: Vec<ListedJob> = self.get(&["jobs"], &[("prefix", id), ("namespace", "*")]).await?;
        Ok(found.into_iter().filter(|one| one.id == id).filter_map(|one| one.namespace).collect())
    }

    pub async fn validate(&self, namespace: &str, job: &Value) -> Result<JobValidation, NomadError> {
        self.put(&["validate", "job"], &[("namespace", namespace)], &json!({ "Job": job })).await
    }

    pub async fn plan(&self, name: &JobName, job: &Value) -> Result<JobPlan, NomadError> {
        let asked = json!({ "Job": job, "Diff": true });
        self.put(&["job", &name.id, "plan"], &[("namespace", &name.namespace)], &asked).await
    }

    pub async fn job(&self, name: &JobName) -> Result<RegisteredJob, NomadError> {
        self.get(&["job", &name.id], &[("namespace", &name.namespace)]).await
    }

    pub async fn versions(&self, name: &JobName) -> Result<JobVersions, NomadError> {
        self.get(&["job", &name.id, "versions"], &[("namespace", &name.namespace)]).await
    }

    pub async fn evaluations(&self, name: &JobName) -> Result<Vec<Evaluation>, NomadError> {
        let path = ["job", &name.id, "evaluations"];
        Ok(self.get::<Option<_>>(&path, &[("namespace", &name.namespace)]).await?.unwrap_or_default())
    }

    pub async fn deployments(&self, name: &JobName) -> Result<Vec<Deployment>, NomadError> {
        let path = ["job", &name.id, "deployments"];
        Ok(self.get::<Option<_>>(&path, &[("namespace", &name.namespace)]).await?.unwrap_or_default())
    }

    pub async fn allocations(&self, name: &JobName) -> Result<Vec<Allocation>, NomadError> {
        let path = ["job", &name.id, "allocations"];
        Ok(self.get::<Option<_>>(&path, &[("namespace", &name.namespace)]).await?.unwrap_or_default())
    }

    /// Returns when the deployment has changed since `index`, or when `wait` has passed.
    pub async fn deployment_after(
        &self,
        namespace: &str,
        id: &str,
        index: u64,
        wait: Duration,
    ) -> Result<NomadReply, NomadError> {
        self.wait(&["deployment", id], &[("namespace", namespace)], index, wait).await
    }

    pub async fn promote(&self, namespace: &str, deployment: &str) -> Result<(), NomadError> {
        let asked = json!({ "DeploymentID": deployment, "All": true });
        let path = ["deployment", "promote", deployment];
        self.put::<Value>(&path, &[("namespace", namespace)], &asked).await.map(drop)
    }

    pub async fn checks(
        &self,
        namespace: &str,
        allocation: &str,
    ) -> Result<Vec<AllocationCheck>, NomadError> {
        let path = ["client", "allocation", allocation, "checks"];
        let found: Option<BTreeMap<String, AllocationCheck>> =
            self.get(&path, &[("namespace", namespace)]).await?;
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
        self.text(&["client", "fs", "logs", allocation], &query).await
    }
}
