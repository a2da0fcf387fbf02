//! One component's saved plan, to be applied later: exactly as shown, or not at all.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::plan_basis::PlanBasis;
use super::saved_plans::{ANEW, SavedPlan};
use crate::change::{Changes, Redactor};
use crate::decide::{PolicyViolation, State};
use crate::digest::sha256;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{Component, Input};
use crate::record::Record;
use crate::words::Words;
use crate::workdir::{read_json, write_json};

impl SavedPlan<'_> {
    /// Records the facts on which the plan in this folder is based.
    pub fn store(
        &self,
        basis: &PlanBasis,
        before: Option<&State>,
        changes: &Changes,
        destroy: bool,
        stopped: Option<PolicyStop>,
    ) -> Result<()> {
        let file = self.file()?;
        let (lineage, serial) = before.map(|state| (state.lineage.clone(), state.serial)).unwrap_or_default();
        let meta = PlanMetadata {
            facts: basis.clone(),
            lineage,
            serial,
            plan: file_digest(&file)?,
            destroy,
            changes: changes.clone(),
            stopped,
            made: humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
        };
        write_json(&self.path("json"), &meta)
    }

    /// Reads a saved plan, whether or not it can still be applied.
    pub fn read(&self) -> Result<StoredPlan> {
        let Some(meta) = read_json::<PlanMetadata>(&self.path("json"), ANEW)? else {
            let message = "this plan_id has no plan of it";
            return Err(refused(Code::NoSuchPlan, message.to_owned()).of(self.component));
        };
        let PlanMetadata { facts: basis, lineage, serial, plan, destroy, changes, stopped, made } = meta;
        let file = self.file()?;
        Ok(StoredPlan { file, changes, destroy, plan, lineage, serial, stopped, basis, made })
    }

    /// The error of a plan whose facts have changed.
    pub fn moved(&self, moved: &[String]) -> Error {
        let begun = self.applied().ok().flatten();
        let begun = begun.map(|applied| format!(". {}", applied.sentence())).unwrap_or_default();
        let (plan_id, moved) = (self.plan_id(), moved.join(", "));
        let message = format!("these changed after plan {plan_id} was made: {moved}{begun}");
        refused(Code::PlanMoved, Words::own(message)).of(self.component)
    }
}

#[derive(Serialize, Deserialize)]
struct PlanMetadata {
    facts: PlanBasis,
    lineage: String,
    serial: u64,
    /// sha256 of the plan file.
    plan: String,
    destroy: bool,
    changes: Changes,
    stopped: Option<PolicyStop>,
    /// RFC 3339, UTC. The id of the plan may be later than the clock.
    #[serde(default)]
    made: String,
}

/// Why policy stopped it. The decision used the addresses before secrets were removed from them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PolicyStop {
    code: String,
    message: String,
    remedy: String,
    addresses: Vec<String>,
}

impl PolicyStop {
    /// With secrets removed.
    pub fn of(violation: &PolicyViolation, redactor: &Redactor) -> Self {
        let redacted = |words: &Words| {
            let mut words = words.clone();
            redactor.words(&mut words);
            words.to_string()
        };
        Self {
            code: violation.code.to_string(),
            message: redacted(&violation.message),
            remedy: redacted(&violation.remedy),
            addresses: violation.addresses.iter().map(|address| redactor.text(address)).collect(),
        }
    }

    pub fn blocked(self) -> PolicyViolation {
        let Self { code, message, remedy, addresses } = self;
        // A code of a newer version is treated as the strictest one.
        let known = Code::OF_POLICY.into_iter().find(|known| known.as_str() == code);
        let code = known.unwrap_or(Code::Protected);
        PolicyViolation { code, message: Words::own(message), remedy: Words::own(remedy), addresses }
    }
}

/// A saved plan, as it was made.
pub struct StoredPlan {
    pub file: PathBuf,
    pub changes: Changes,
    pub destroy: bool,
    /// sha256 of the plan file when it was made.
    pub plan: String,
    pub lineage: String,
    pub serial: u64,
    pub stopped: Option<PolicyStop>,
    basis: PlanBasis,
    made: String,
}

impl StoredPlan {
    /// In words: differences that a new plan with the same changes would still have.
    ///
    /// `record` knows which run has written the state.
    pub fn is_superseded(&self, before: Option<&State>, record: Option<&Record>) -> Result<Vec<String>> {
        let found = before.map(|state| (state.lineage.as_str(), state.serial)).unwrap_or_default();
        let by = record.filter(|record| (record.lineage.as_str(), record.serial) == found);
        let by = by.map(|record| format!(" (by run {})", record.run_id)).unwrap_or_default();
        let state = (found != (self.lineage.as_str(), self.serial)).then(|| format!("the state{by}"));
        let file = (file_digest(&self.file)? != self.plan).then(|| "the plan file itself".to_owned());
        Ok(state.into_iter().chain(file).collect())
    }

    /// When it was made: RFC 3339, UTC. Empty in plans of earlier versions.
    pub fn made(&self) -> &str {
        &self.made
    }

    /// Unlimited if the clock is now before the time of the plan: its age is unknown, and an old plan is made again.
    pub fn age(&self) -> Duration {
        let made = humantime::parse_rfc3339(&self.made).ok();
        made.and_then(|made| made.elapsed().ok()).unwrap_or(Duration::MAX)
    }

    /// In words: the facts that have changed since the plan was made.
    pub fn moved(&self, now: &PlanBasis, component: &Component) -> Vec<String> {
        self.basis.moved(now, |variable| {
            let read = component.inputs.get(variable).map(Input::outputs).unwrap_or_default();
            let read: Vec<_> = read.iter().map(|one| format!("{}.{}", one.component, one.output)).collect();
            let reads =
                if read.is_empty() { String::new() } else { format!(" (it reads {})", read.join(", ")) };
            format!("{variable:?}{reads}")
        })
    }
}

pub fn refused(code: Code, message: impl Into<Words>) -> Error {
    Error::new(Layer::Salt, Phase::Planning, code, message, ANEW)
}

fn file_digest(file: &Path) -> Result<String> {
    std::fs::read(file).map(sha256).map_err(|error| Error::file(file, "read", error))
}
