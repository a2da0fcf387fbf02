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

impl NomadClient {
    /// Parses a jobspec in HCL, and returns the job as JSON.
    pub async fn parse(&self, hcl: &str, variables: &str) -> Result<Value, NomadError> {
        let asked = json!({ "JobHCL": hcl, "Variables": variables, "Canonicalize": true });
        self.put(&["jobs", "parse"], &[], &asked).await
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
