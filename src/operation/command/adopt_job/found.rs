//! Reads a job that is to be taken over, and refuses one that nobody can take over.

use serde_json::{Value, json};

use crate::command_line::{command, option};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{self, Name};
use crate::nomad::{JobName, JobText, NomadClient, NomadError};
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
    /// The text in Nomad's language from which it was registered, if Nomad has it.
    pub text: Option<String>,
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
    let text = text.filter(|text| text.format == "hcl2");
    match text.as_ref().is_some_and(JobText::has_variables) {
        true => Err(varies(&wanted.name)),
        false => Ok(FoundJob { job, text: text.map(|text| text.source) }),
    }
}

/// Terraform would register the old text again without its variables, and Nomad keeps that text for this version.
fn varies(name: &JobName) -> Error {
    let message = format!("job {} was registered with variables, and Terraform cannot import them", name.id);
    let remedy = "register it once from a text without variables and with another priority, which restarts \
                  nothing. Then call it again";
    Error::new(Layer::Nomad, Phase::Validation, Code::NotAdoptable, message, remedy)
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
        let message = format!(
            "job {id} belongs to the component {} of the environment {}",
            owner.1.unwrap_or("(unknown)"),
            owner.0.unwrap_or("(unknown)")
        );
        let remedy = "one job belongs to one environment. First remove it from the state of that one, with \
                      eos_terraform.remove_resource";
        return refuse(Code::NomadJobForeign, message, remedy.into());
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
