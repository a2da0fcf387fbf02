//! Checks a job with Nomad before it is registered: is it valid, would it find nodes, and does it belong to another
//! owner?

use std::collections::BTreeSet;

use serde_json::Value;

use super::JobName;
use super::client::NomadClient;
use super::error::NomadError;
use super::job_diff::differences;
use super::job_note::JobNote;
use super::objections::objections;
use crate::decide::RegisteredJob;
use crate::decide::layers::VolumeUse;

/// The input of a `nomad_job` resource.
#[derive(Clone, Debug, PartialEq)]
pub struct JobSubmission {
    pub jobspec: String,
    pub is_json: bool,
    /// An HCL variables file, as text.
    pub variables: String,
    /// The job that the resource manages at present.
    pub before: Option<JobName>,
    /// The plan removes that job from Nomad before it registers this one.
    pub is_removed_first: bool,
    /// The registration of that job on which the plan is based. None: any.
    pub planned_from: Option<u64>,
}

/// A job without objections.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedJob {
    pub name: JobName,
    /// Nomad's warnings, and the changes that it would make.
    pub notes: Vec<JobNote>,
    /// Whether the registered job is the same.
    pub is_same: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum JobRefusal {
    /// One sentence for each fault.
    Invalid(Vec<String>),
    /// Each group with the reason why it finds no node.
    Unplaceable(JobName, Vec<String>),
    /// A job of this name runs already, and the resource does not manage it.
    Foreign(JobName),
    Kind(KindChange),
    /// Somebody registered the job again after the plan was made.
    Moved(JobName),
    /// The job that the resource is to take over is another one. The notes have no values.
    Differs(Vec<JobNote>),
    Api(NomadError),
}

/// Nomad never makes a job of another kind from a job that it has, not even from a stopped one. Neither its validation
/// nor its plan says so.
#[derive(Clone, Debug, PartialEq)]
pub struct KindChange {
    pub name: JobName,
    /// Such as `batch` and `periodic batch`.
    pub from: String,
    pub to: String,
    /// Whether the resource manages the job that is there.
    pub is_own: bool,
}

impl JobRefusal {
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Api(error) if error.is_away())
    }
}

impl From<NomadError> for JobRefusal {
    fn from(error: NomadError) -> Self {
        Self::Api(error)
    }
}

impl CheckedJob {
    /// Refuses a job that would change the registered one.
    pub fn unchanged(self) -> Result<Self, JobRefusal> {
        if self.is_same {
            return Ok(self);
        }
        let differs = |note: &&JobNote| !matches!(note, JobNote::Warning { .. });
        let without_values = |note: &JobNote| note.masked(|text| Some(text.to_owned()));
        Err(JobRefusal::Differs(self.notes.iter().filter(differs).filter_map(without_values).collect()))
    }
}

impl NomadClient {
    pub async fn preflight(&self, spec: &JobSubmission) -> Result<CheckedJob, JobRefusal> {
        let job = self.read_spec(spec).await?;
        let text = |key: &str| job[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let Some(id) = text("ID") else {
            return Err(JobRefusal::Invalid(vec!["the jobspec does not contain a job".to_owned()]));
        };
        let namespace = text("Namespace").unwrap_or_else(|| "default".to_owned());
        let name = JobName { namespace, id };
        let validation = self.validate(&name.namespace, &job).await?;
        let errors = validation.validation_errors.unwrap_or_default();
        let error = validation.error.filter(|error| !error.trim().is_empty());
        if !errors.is_empty() || error.is_some() {
            let texts = if errors.is_empty() { error.into_iter().collect() } else { errors };
            return Err(JobRefusal::Invalid(texts.iter().flat_map(|text| objections(text)).collect()));
        }
        let is_own = spec.before.as_ref() == Some(&name);
        match self.job(&name).await {
            Ok(there) if !is_own && !there.stop => return Err(JobRefusal::Foreign(name)),
            Ok(there) if is_own && spec.planned_from.is_some_and(|index| index != there.job_modify_index) => {
                return Err(JobRefusal::Moved(name));
            }
            Ok(there) if !(is_own && spec.is_removed_first) => {
                let (from, to) = (kind_of_registered(&there), kind_of_spec(&job));
                if from != to {
                    return Err(JobRefusal::Kind(KindChange { name, from, to, is_own }));
                }
            }
            Ok(_) | Err(NomadError::Missing(_)) => {}
            Err(api_error) => return Err(api_error.into()),
        }
        self.may_mount(&name, &job).await?;
        let plan = self.plan(&name, &job).await?;
        let unplaced = plan.unplaced.unwrap_or_default();
        if !unplaced.is_empty() {
            let groups = unplaced.iter().map(|(group, why)| format!("{group}: {}", why.explain()));
            return Err(JobRefusal::Unplaceable(name, groups.collect()));
        }
        let warnings = [validation.warnings, plan.warnings].into_iter().flatten();
        let mut notes: Vec<_> = warnings
            .map(|text| words(&text))
            .filter(|text| !text.is_empty())
            .map(|text| JobNote::Warning { job: name.id.clone(), text })
            .collect();
        notes.dedup();
        let is_same = plan.diff["Type"] == "None";
        let changes = differences(&plan.diff);
        if !changes.is_empty() {
            notes.push(JobNote::Changes { job: name.id.clone(), changes });
        }
        let updates = plan.annotations.and_then(|annotations| annotations.updates).unwrap_or_default();
        for (group, updates) in updates {
            let does = updates.iter().filter(|(what, count)| *what != "Ignore" && **count > 0);
            let does: Vec<_> = does.map(|(what, count)| format!("{what} {count}")).collect();
            if !does.is_empty() {
                notes.push(JobNote::Updates { job: name.id.clone(), group, updates: does.join(", ") });
            }
        }
        Ok(CheckedJob { name, notes, is_same })
    }

    /// Nomad asks for the rights of volumes only when it registers a job. Its answer would name none of them.
    async fn may_mount(&self, name: &JobName, job: &Value) -> Result<(), NomadError> {
        let volumes = volumes(job);
        if volumes.is_empty() {
            return Ok(());
        }
        // If the rights cannot be read, Nomad decides when the job is registered.
        let Ok(rights) = self.rights().await else { return Ok(()) };
        let rights = rights.of_volumes(&name.namespace, &volumes);
        let missing: Vec<_> = rights.into_iter().filter(|right| !right.is_allowed).collect();
        match missing.iter().map(|right| right.what.as_str()).collect::<Vec<_>>() {
            none if none.is_empty() => Ok(()),
            some => Err(NomadError::Denied(format!("the token may not: {}", some.join(", ")))),
        }
    }

    async fn read_spec(&self, spec: &JobSubmission) -> Result<Value, JobRefusal> {
        if spec.is_json {
            let job: Value = serde_json::from_str(&spec.jobspec).map_err(|error| {
                JobRefusal::Invalid(vec![format!("the jobspec is not valid JSON: {error}")])
            })?;
            return Ok(if job["Job"].is_object() { job["Job"].clone() } else { job });
        }
        match self.parse(&spec.jobspec, &spec.variables).await {
            Ok(job) => Ok(job),
            Err(NomadError::Refused(message)) => Err(JobRefusal::Invalid(vec![message])),
            Err(api_error) => Err(api_error.into()),
        }
    }
}

/// The volumes of all groups of a job.
fn volumes(job: &Value) -> BTreeSet<VolumeUse> {
    let groups = job["TaskGroups"].as_array().into_iter().flatten();
    let all = groups.filter_map(|group| group["Volumes"].as_object()).flatten();
    let one = |(_, volume): (&String, &Value)| match volume["Type"].as_str()? {
        "host" => Some(VolumeUse::Host {
            source: volume["Source"].as_str()?.to_owned(),
            is_read_only: volume["ReadOnly"] == true,
        }),
        "csi" => Some(VolumeUse::Csi),
        _ => None,
    };
    all.filter_map(one).collect()
}

fn kind_of_registered(job: &RegisteredJob) -> String {
    kind(job.kind.as_str(), &job.periodic, &job.parameterized_job)
}

fn kind_of_spec(job: &Value) -> String {
    kind(job["Type"].as_str().unwrap_or("service"), &job["Periodic"], &job["ParameterizedJob"])
}

fn kind(kind: &str, periodic: &Value, parameterized: &Value) -> String {
    let of_each = [("periodic ", periodic), ("parameterized ", parameterized)];
    let words = of_each.iter().filter(|(_, set)| !set.is_null()).map(|(word, _)| *word);
    words.chain([kind]).collect()
}

/// Nomad's list of errors, as one line.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
