//! Checks a job with Nomad before it is registered: is it valid, would it find nodes, and does it belong to another
//! owner?

use serde_json::Value;

use super::JobName;
use super::client::Nomad;
use super::trouble::Trouble;

/// The input of a `nomad_job` resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    pub jobspec: String,
    pub is_json: bool,
    /// An HCL variables file, as text.
    pub variables: String,
    /// The job that the resource manages at present.
    pub before: Option<JobName>,
}

/// A job without objections.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    pub name: JobName,
    /// Nomad's warnings, and the changes that it would make.
    pub notes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    Invalid(String),
    /// Each group with the reason why it finds no node.
    Unplaceable(JobName, Vec<String>),
    /// A job of this name runs already, and the resource does not manage it.
    Foreign(JobName),
    Trouble(Trouble),
}

impl Refusal {
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Trouble(trouble) if trouble.is_away())
    }
}

impl From<Trouble> for Refusal {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl Nomad {
    pub async fn preflight(&self, spec: &Spec) -> Result<Checked, Refusal> {
        let job = self.read_spec(spec).await?;
        let text = |key: &str| job[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let Some(id) = text("ID") else {
            return Err(Refusal::Invalid("the jobspec does not contain a job".to_owned()));
        };
        let namespace = text("Namespace").unwrap_or_else(|| "default".to_owned());
        let name = JobName { namespace, id };
        let validation = self.validate(&name.namespace, &job).await?;
        let errors = validation.validation_errors.unwrap_or_default();
        let error = validation.error.filter(|error| !error.trim().is_empty());
        if !errors.is_empty() || error.is_some() {
            let said = if errors.is_empty() { error.unwrap_or_default() } else { errors.join("; ") };
            return Err(Refusal::Invalid(words(&said)));
        }
        if spec.before.as_ref() != Some(&name) {
            match self.job(&name).await {
                Ok(there) if !there.stop => return Err(Refusal::Foreign(name)),
                Ok(_) | Err(Trouble::Missing(_)) => {}
                Err(trouble) => return Err(trouble.into()),
            }
        }
        let plan = self.plan(&name, &job).await?;
        let unplaced = plan.unplaced.unwrap_or_default();
        if !unplaced.is_empty() {
            let groups = unplaced.iter().map(|(group, why)| format!("{group}: {}", why.explain()));
            return Err(Refusal::Unplaceable(name, groups.collect()));
        }
        let warnings = [validation.warnings, plan.warnings].into_iter().flatten();
        let mut notes: Vec<_> = warnings
            .map(|text| words(&text))
            .filter(|text| !text.is_empty())
            .map(|text| format!("Nomad's warning about job {}: {text}", name.id))
            .collect();
        notes.dedup();
        let updates = plan.annotations.and_then(|annotations| annotations.updates).unwrap_or_default();
        for (group, updates) in updates {
            let does = updates.iter().filter(|(what, count)| *what != "Ignore" && **count > 0);
            let does: Vec<_> = does.map(|(what, count)| format!("{what} {count}")).collect();
            if !does.is_empty() {
                notes.push(format!("Nomad's plan for {}.{group}: {}", name.id, does.join(", ")));
            }
        }
        Ok(Checked { name, notes })
    }

    async fn read_spec(&self, spec: &Spec) -> Result<Value, Refusal> {
        if spec.is_json {
            let job: Value = serde_json::from_str(&spec.jobspec)
                .map_err(|error| Refusal::Invalid(format!("the jobspec is not valid JSON: {error}")))?;
            return Ok(if job["Job"].is_object() { job["Job"].clone() } else { job });
        }
        match self.parse(&spec.jobspec, &spec.variables).await {
            Ok(job) => Ok(job),
            Err(Trouble::Refused(said)) => Err(Refusal::Invalid(said)),
            Err(trouble) => Err(trouble.into()),
        }
    }
}

/// Nomad's list of errors, as one line.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
