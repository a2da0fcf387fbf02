//! A text for a job whose own text Terraform cannot use: a person registers the job once more from it.
//!
//! Terraform imports the text of a job and compares with it. Nomad keeps the text of a job that does not change, so the
//! new text has another priority.

use serde_json::{Map, Value};

use super::described::{submission, undescribed};
use super::found::{FoundJob, JobSource, OPERATION, WantedJob};
use crate::command_line::command;
use crate::disk::{ensure_private, replace};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::nomad::{CheckedJob, JobNote, JobRefusal, NomadClient};
use crate::operation::session::Session;
use crate::render;
use crate::render::described;
use crate::shell::quote;
use crate::words::{Words, words};

/// What Nomad says about groups whose tasks do not notice.
const IN_PLACE: &str = "InPlaceUpdate";
const HIGHEST_PRIORITY: u64 = 100;

/// The refusal of this job, with the text that a person can register. None if Terraform can use the job's own text.
pub async fn refuse_unusable(
    session: &Session,
    nomad: &NomadClient,
    wanted: &WantedJob,
    found: &FoundJob,
) -> Result<()> {
    let why = match &found.source {
        JobSource::Text(_) | JobSource::Unknown => return Ok(()),
        JobSource::Variables { .. } => "with variables",
        JobSource::Json => "as JSON",
    };
    let mut tree = same_job(nomad, wanted, found).await?;
    let priority = found.job["Priority"].as_u64().unwrap_or(50);
    let other = if priority < HIGHEST_PRIORITY { priority + 1 } else { priority - 1 };
    tree.insert("priority".to_owned(), other.into());
    let text = described::in_json(&wanted.name.id, &tree);
    let planned =
        nomad.preflight(&submission(wanted, &text)).await.map_err(|why| refused(nomad, wanted, why))?;
    let folder = session.call.layout.described_jobs();
    ensure_private(&folder)?;
    let path = folder.join(format!("{}.nomad.hcl", wanted.service));
    replace(&path, text.as_bytes())?;
    let id = &wanted.name.id;
    let message = format!("job {id} was registered {why}, and Terraform cannot import that");
    let remedy = words![
        "register it once from the text that Eos has written: ",
        Words::shell(format!("nomad job run {}", quote(&path.display().to_string()))),
        format!(
            ". This changes its priority from {priority} to {other}, and {}. Then run again: ",
            effect(&planned)
        ),
        command(OPERATION).here().with("jobs", id)
    ];
    Err(Error::new(Layer::Nomad, Phase::Validation, Code::NotAdoptable, message, remedy))
}

/// The shortest tree that Nomad takes for the job that it has.
async fn same_job(nomad: &NomadClient, wanted: &WantedJob, found: &FoundJob) -> Result<Map<String, Value>> {
    let mut written = None;
    if let JobSource::Variables { text, flags, files } = &found.source
        && let Ok(flags) = render::hcl_variables(flags)
    {
        written = nomad.parse_as_written(text, &format!("{files}\n{flags}")).await.ok();
    }
    let mut why = None;
    for job in written.iter().chain([&found.job]) {
        let mut tree = described::tree(job);
        tree.insert("namespace".to_owned(), wanted.name.namespace.as_str().into());
        let text = described::in_json(&wanted.name.id, &tree);
        match nomad.preflight(&submission(wanted, &text)).await.and_then(CheckedJob::unchanged) {
            Ok(_) => return Ok(tree),
            Err(refusal) => why = Some(refusal),
        }
    }
    Err(why.map_or_else(|| undescribed(wanted, None), |why| refused(nomad, wanted, why)))
}

fn refused(nomad: &NomadClient, wanted: &WantedJob, why: JobRefusal) -> Error {
    match why {
        JobRefusal::Api(error) => error.explain(&nomad.address, Phase::Validation),
        why => undescribed(wanted, Some(why)),
    }
}

/// What the registration does to the tasks, by Nomad's plan.
fn effect(planned: &CheckedJob) -> String {
    let starts = |note: &&JobNote| match note {
        JobNote::Updates { updates, .. } => updates.split(", ").any(|one| !one.starts_with(IN_PLACE)),
        _ => false,
    };
    let starts: Vec<_> = planned.notes.iter().filter(starts).map(JobNote::text).collect();
    match starts.is_empty() {
        true => "restarts no task".to_owned(),
        false => format!("is not without effect: {}", starts.join("; ")),
    }
}
