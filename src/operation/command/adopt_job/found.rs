//! Reads a job that is to be taken over, and refuses one that nobody can take over.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::command_line::{command, option};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{self, Name};
use crate::nomad::{JobName, JobText, NomadClient, NomadError};
use crate::shell::quote;
use crate::words::{Words, words};

pub const OPERATION: &str = "adopt_job";

pub struct WantedJob {
    pub name: JobName,
    /// The service that it becomes.
    pub service: Name,
    pub environment: Name,
}

pub struct FoundJob {
    /// As Nomad has it.
    pub job: Value,
    pub source: JobSource,
}

/// From what a job was registered. No Debug, because it may contain a secret.
pub enum JobSource {
    /// The text in Nomad's language.
    Text(String),
    /// Such a text alone is not the whole job. `files` has the contents of files of variables.
    Variables { text: String, flags: BTreeMap<String, String>, files: String },
    /// A job of Nomad's API, which is not the JSON form of Nomad's language.
    Json,
    /// Nomad does not have it.
    Unknown,
}

impl JobSource {
    async fn of(found: JobText, nomad: &NomadClient) -> Self {
        match found.format.as_str() {
            "json" if nomad.parse(&found.source, "").await.is_ok() => Self::Text(found.source),
            "json" => Self::Json,
            "hcl2" if found.has_variables() => Self::Variables {
                text: found.source,
                flags: found.variable_flags.unwrap_or_default(),
                files: found.variables,
            },
            "hcl2" => Self::Text(found.source),
            _ => Self::Unknown,
        }
    }
}

impl FoundJob {
    /// A text that is the whole job.
    pub fn text(&self) -> Option<&String> {
        match &self.source {
            JobSource::Text(text) => Some(text),
            _ => None,
        }
    }
}

pub async fn find(nomad: &NomadClient, wanted: &WantedJob) -> Result<FoundJob> {
    let explain = |error: NomadError| error.explain(&nomad.address, Phase::Validation);
    let job = match nomad.whole_job(&wanted.name).await {
        Ok(job) => job,
        Err(NomadError::Missing(_)) => return Err(missing(nomad, &wanted.name).await),
        Err(error) => return Err(explain(error)),
    };
    refuse(wanted, &job)?;
    let version = job["Version"].as_u64().unwrap_or_default();
    let text = nomad.job_text(&wanted.name, version).await.map_err(explain)?;
    let source = match text {
        Some(text) => JobSource::of(text, nomad).await,
        None => JobSource::Unknown,
    };
    Ok(FoundJob { job, source })
}

/// The refusal of a job of another component of Eos. `state` is the file that has it, if it is known.
pub fn belongs(job: &str, component: &str, environment: &str, state: Option<&Path>) -> Error {
    let message = format!("job {job} belongs to the component {component} of the environment {environment}");
    let address = format!("nomad_job.{}", model::service_name(component).unwrap_or(component));
    let remove = match state {
        Some(path) => {
            format!("terraform state rm -state={} {}", quote(&path.display().to_string()), quote(&address))
        }
        None => format!("terraform state rm {}", quote(&address)),
    };
    let remedy = words![
        "one job belongs to one environment. To move it, remove it there from the pillar and then from the state: ",
        Words::shell(remove)
    ];
    Error::new(Layer::Nomad, Phase::Validation, Code::NomadJobForeign, message, remedy)
        .with(json!({ "job": job, "component": component, "environment": environment }))
}

async fn missing(nomad: &NomadClient, name: &JobName) -> Error {
    let JobName { namespace, id } = name;
    let message = format!("the Nomad at {} has no job {id} in namespace {namespace}", nomad.address);
    // A token that may not list the jobs of all namespaces finds nothing.
    let elsewhere = nomad.namespaces_of_job(id).await.unwrap_or_default();
    let remedy = match elsewhere.first() {
        Some(other) => words!["namespace ", other, " has one: ", option("namespace", other)],
        None => words![Words::shell("nomad job status -namespace '*'"), " lists all jobs"],
    };
    Error::new(Layer::Nomad, Phase::Validation, Code::NomadNotFound, message, remedy)
        .with(json!({ "job": id, "namespace": namespace, "namespaces": elsewhere }))
}

fn refuse(wanted: &WantedJob, job: &Value) -> Result<()> {
    let id = &wanted.name.id;
    let text = |key: &str| job[key].as_str().filter(|text| !text.is_empty());
    let refuse = |code: Code, message: String, remedy: Words| {
        Err(Error::new(Layer::Nomad, Phase::Validation, code, message, remedy))
    };
    if let Some(parent) = text("ParentID") {
        let message = format!("job {id} was started by the job {parent}, and ends by itself");
        let adopt = command(OPERATION).here().with("jobs", parent);
        return refuse(Code::NotAdoptable, message, words!["adopt that job: ", adopt]);
    }
    let meta = |key: &str| job["Meta"][key].as_str();
    let component = model::component_name(wanted.service.as_str());
    let owner = (meta("environment"), meta("component"));
    if meta("managed_by") == Some("eos") && owner != (Some(wanted.environment.as_str()), Some(&component)) {
        let (environment, component) = owner;
        return Err(belongs(id, component.unwrap_or("(unknown)"), environment.unwrap_or("(unknown)"), None));
    }
    let ends = matches!(text("Type"), Some("batch" | "sysbatch"));
    if job["Stop"] == true || (text("Status") == Some("dead") && !ends) {
        let message = format!("job {id} does not run: it was stopped or has failed");
        let remedy = words![
            "nothing has to be taken over. Describe it as a service, and deploy that: ",
            command("orchestrate").here().with("components", component)
        ];
        return refuse(Code::JobStopped, message, remedy);
    }
    Ok(())
}
