//! Describes a job for the pillar. A description counts only if Nomad's own plan says that it is the same job.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::found::{FoundJob, OPERATION, WantedJob};
use crate::command_line::command;
use crate::disk::{ensure_private, replace};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{self, Name, Overrides, Source};
use crate::nomad::{CheckedJob, JobNote, JobRefusal, JobSubmission, NomadClient};
use crate::operation::session::Session;
use crate::render;
use crate::render::described;
use crate::report::{ComponentReport, Status};
use crate::words::{Words, words};

/// An entry of the pillar, the user's template that it names, and the job that both mean.
struct Description {
    entry: Map<String, Value>,
    template: Option<String>,
    job: String,
}

/// Writes the description into files that only Salt's user can read, because a job may contain secrets.
pub(super) async fn describe(
    session: &Session,
    pillar: &Value,
    nomad: &NomadClient,
    wanted: &WantedJob,
    job: &FoundJob,
) -> Result<ComponentReport> {
    let mut why = None;
    for description in descriptions(pillar, nomad, wanted, job).await {
        let checked = nomad.preflight(&submission(wanted, &description.job)).await;
        match checked.and_then(CheckedJob::unchanged) {
            // Nomad keeps the text of a job that does not change, and the provider compares with that text.
            Ok(_) if !is_same_to_the_provider(nomad, job, &description).await => {}
            Ok(_) => return written(session, wanted, &description),
            Err(JobRefusal::Api(error)) => return Err(error.explain(&nomad.address, Phase::Validation)),
            Err(refusal) => why = Some(refusal),
        }
    }
    Err(undescribed(wanted, why))
}

pub(super) fn submission(wanted: &WantedJob, job: &str) -> JobSubmission {
    JobSubmission {
        jobspec: job.to_owned(),
        is_json: false,
        variables: String::new(),
        before: Some(wanted.name.clone()),
        is_removed_first: false,
        planned_from: None,
    }
}

/// The provider sees differences that are none to Nomad, such as an empty mapping in place of none.
async fn is_same_to_the_provider(nomad: &NomadClient, job: &FoundJob, description: &Description) -> bool {
    let Some(text) = job.text() else { return true };
    match (nomad.parse(text, "").await, nomad.parse(&description.job, "").await) {
        (Ok(before), Ok(after)) => before == after,
        _ => false,
    }
}

/// All descriptions that may be right, the best first.
async fn descriptions(
    pillar: &Value,
    nomad: &NomadClient,
    wanted: &WantedJob,
    found: &FoundJob,
) -> Vec<Description> {
    let (job, text) = (&found.job, found.text());
    let as_written = match text {
        Some(text) => nomad.parse_as_written(text, "").await.ok(),
        None => None,
    };
    // What somebody has written is shorter than what Nomad has made of it.
    let trees: Vec<_> = as_written.iter().chain([job]).map(described::tree).collect();
    let keys = trees.iter().filter_map(|tree| of_keys(pillar, wanted, described::entry(job, tree)?));
    let mut all: Vec<_> = keys.collect();
    let file = template_file(&wanted.service);
    let of_template = |template: String, job_text: String| Description {
        entry: described::of_a_template(job, &format!("salt://{file}")),
        template: Some(template),
        job: job_text,
    };
    if let Some(text) = text {
        all.push(of_template(described::verbatim(text), text.clone()));
    }
    all.extend(trees.into_iter().map(|mut tree| {
        tree.insert("namespace".to_owned(), job["Namespace"].clone());
        let template = described::in_json(&wanted.name.id, &tree);
        of_template(template.clone(), template)
    }));
    all
}

/// None if the pillar's reader refuses this entry, or the keys do not decide the job alone.
fn of_keys(pillar: &Value, wanted: &WantedJob, entry: Map<String, Value>) -> Option<Description> {
    let mut pillar = pillar.clone();
    pillar["services"][wanted.service.as_str()] = entry.clone().into();
    let (draft, problems) = model::read(&pillar, wanted.environment.as_str(), &Overrides::default());
    let component = draft?.components.remove(model::component_name(wanted.service.as_str()).as_str())?;
    let Some(Source::Service(service)) = component.source.as_ref().filter(|_| problems.is_empty()) else {
        return None;
    };
    let environment = Value::from(wanted.environment.as_str());
    let literals = component.inputs.iter().filter_map(|(name, one)| Some((name.as_str(), one.literal()?)));
    let values: BTreeMap<_, _> = literals.chain([("environment", &environment)]).collect();
    let job = render::job(service, &values)?;
    Some(Description { entry, template: None, job })
}

fn template_file(service: &Name) -> String {
    format!("services/{service}.nomad.tpl")
}

fn written(session: &Session, wanted: &WantedJob, description: &Description) -> Result<ComponentReport> {
    let (folder, service) = (session.call.layout.described_jobs(), &wanted.service);
    ensure_private(&folder)?;
    let mut notes = vec![Words::own(
        "A job may contain secrets, so its description is in a file that only Salt's user can read",
    )];
    if let Some(template) = &description.template {
        let path = folder.join(format!("{service}.nomad.tpl"));
        replace(&path, template.as_bytes())?;
        let file = template_file(service);
        notes.push(words!["save ", path.display().to_string(), " as ", file, " in your file_roots"]);
    }
    let path = folder.join(format!("{service}.sls"));
    let comments = comments(wanted, description.template.is_some());
    replace(&path, described::pillar(service.as_str(), &description.entry, &comments).as_bytes())?;
    let again = command(OPERATION).here().with("jobs", &wanted.name.id);
    notes.push(words!["put ", path.display().to_string(), " into the pillar, and run again: ", again]);
    Ok(ComponentReport { notes: notes.into(), ..ComponentReport::new(Status::Planned, Code::Described) })
}

fn comments(wanted: &WantedJob, has_template: bool) -> Vec<String> {
    let name = &wanted.name;
    let about = format!("The job {} of the namespace {}, as Nomad has it.", name.id, name.namespace);
    let meta =
        "The line meta keeps the job's own meta. Without it Eos adds its own, and the tasks restart once.";
    let secrets = "Move passwords out of env into secrets: everybody who may inspect the job can read env.";
    match has_template {
        true => vec![about],
        false => vec![about, meta.to_owned(), secrets.to_owned()],
    }
}

/// Nomad's own words about a text that nobody has seen may repeat a secret of the job.
pub(super) fn undescribed(wanted: &WantedJob, why: Option<JobRefusal>) -> Error {
    if let Some(JobRefusal::Unplaceable(name, groups)) = &why {
        let message = format!("no node can run all of job {}: {}", name.id, groups.join("; "));
        let remedy = "correct its constraints or free resources, until all of it runs. Then call it again";
        return Error::new(Layer::Nomad, Phase::Validation, Code::NomadUnplaceable, message, remedy);
    }
    let differences = match why {
        Some(JobRefusal::Differs(notes)) => notes.iter().map(JobNote::text).collect::<Vec<_>>().join("; "),
        _ => "Nomad does not accept it".to_owned(),
    };
    let message = format!(
        "job {} cannot be described so that nothing would change: {differences}; nothing was changed",
        wanted.name.id
    );
    let remedy = "write the service or its template yourself, and call it again";
    Error::new(Layer::Nomad, Phase::Validation, Code::NotAdoptable, message, remedy)
}
