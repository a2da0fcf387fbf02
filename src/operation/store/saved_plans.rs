//! Plans that are kept, to be applied later: exactly as shown, or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::facts::Facts;
use crate::change::{Changes, Redactor};
use crate::decide::{Blocked, State};
use crate::digest::sha256;
use crate::error::{Error, Layer, Phase, Result};
use crate::model::{Blueprint, Name};
use crate::report::{ComponentReport, Status};
use crate::words::Words;
use crate::workdir::{ensure_private, read_json, write_json};

/// Beside it each component has `NAME.tfplan`, `NAME.json` and, by and by, what `approval` writes.
const CONTENTS: &str = "plan.json";

/// The remedy for what is kept of a plan and cannot be used.
pub const ANEW: &str = "make a new plan";

#[derive(Serialize, Deserialize)]
struct Meta {
    facts: Facts,
    lineage: String,
    serial: u64,
    /// sha256 of the plan file.
    plan: String,
    destroy: bool,
    changes: Changes,
    stopped: Option<Stopped>,
    /// RFC 3339, UTC. Its id may be later than the clock.
    #[serde(default)]
    made: String,
}

/// Why policy stopped it, judged before secrets were taken out of addresses.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stopped {
    code: String,
    message: String,
    remedy: String,
    addresses: Vec<String>,
}

impl Stopped {
    /// With secrets taken out.
    pub fn of(blocked: &Blocked, redactor: &Redactor) -> Self {
        let redacted = |words: &Words| {
            let mut words = words.clone();
            redactor.words(&mut words);
            words.to_string()
        };
        Self {
            code: blocked.code.to_owned(),
            message: redacted(&blocked.message),
            remedy: redacted(&blocked.remedy),
            addresses: blocked.addresses.iter().map(|address| redactor.text(address)).collect(),
        }
    }

    pub fn blocked(self) -> Blocked {
        let Self { code, message, remedy, addresses } = self;
        // The strictest, where the word is one of a newer version.
        let code =
            ["destroys", "max_destroys"].into_iter().find(|known| *known == code).unwrap_or("protected");
        Blocked { code, message: Words::own(message), remedy: Words::own(remedy), addresses }
    }
}

/// A kept plan, as it was made.
pub struct Kept {
    pub file: PathBuf,
    pub changes: Changes,
    pub destroy: bool,
    /// sha256 of the plan file as it was made.
    pub plan: String,
    pub lineage: String,
    pub serial: u64,
    pub stopped: Option<Stopped>,
    facts: Facts,
    made: String,
}

pub fn plan_file(folder: &Path, component: &Name) -> Result<PathBuf> {
    ensure_private(folder)?;
    Ok(folder.join(format!("{component}.tfplan")))
}

/// Writes down what the plan in this folder was made from.
pub fn keep(
    folder: &Path,
    component: &Name,
    facts: &Facts,
    before: Option<&State>,
    changes: &Changes,
    destroy: bool,
    stopped: Option<Stopped>,
) -> Result<()> {
    let file = plan_file(folder, component)?;
    let (lineage, serial) = before.map(|state| (state.lineage.clone(), state.serial)).unwrap_or_default();
    let meta = Meta {
        facts: facts.clone(),
        lineage,
        serial,
        plan: file_digest(&file)?,
        destroy,
        changes: changes.clone(),
        stopped,
        made: humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
    };
    write_json(&folder.join(format!("{component}.json")), &meta)
}

/// Finds a kept plan, however things stand now.
pub fn find(folder: &Path, component: &Name) -> Result<Kept> {
    let Some(meta) = read_json::<Meta>(&folder.join(format!("{component}.json")), ANEW)? else {
        let message = "there is no plan of it under this plan_id";
        return Err(refused("no_such_plan", message.to_owned()).of(component));
    };
    let Meta { facts, lineage, serial, plan, destroy, changes, stopped, made } = meta;
    let file = plan_file(folder, component)?;
    Ok(Kept { file, changes, destroy, plan, lineage, serial, stopped, facts, made })
}

impl Kept {
    /// In words, what no new plan of the same changes could mend.
    pub fn overtaken(&self, before: Option<&State>) -> Result<Vec<&'static str>> {
        let found = before.map(|state| (state.lineage.as_str(), state.serial)).unwrap_or_default();
        let state = (found != (self.lineage.as_str(), self.serial)).then_some("the state");
        let file = (file_digest(&self.file)? != self.plan).then_some("the plan file itself");
        Ok(state.into_iter().chain(file).collect())
    }

    /// Without end where the clock has gone back behind it: nobody knows, and what is old is planned again.
    pub fn age(&self) -> Duration {
        let made = humantime::parse_rfc3339(&self.made).ok();
        made.and_then(|made| made.elapsed().ok()).unwrap_or(Duration::MAX)
    }

    /// In words, what it was made from and is another now.
    pub fn moved(&self, now: &Facts) -> Vec<&'static str> {
        self.facts.moved(now)
    }
}

/// Its folder has its name.
pub fn plan_id(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The error of a plan that what it was made from has left behind.
pub fn moved(folder: &Path, component: &Name, moved: &[&str]) -> Error {
    let message = format!("since plan {} was made, these moved: {}", plan_id(folder), moved.join(", "));
    refused("plan_moved", Words::own(message)).of(component)
}

pub fn refused(code: &'static str, message: impl Into<Words>) -> Error {
    Error::new(Layer::Salt, Phase::Planning, code, message, ANEW)
}

/// What a `plan` left under its plan_id.
#[derive(Serialize, Deserialize)]
pub struct Contents {
    pub statuses: BTreeMap<String, String>,
    /// Whether these are destructions, to be done in reverse.
    #[serde(default)]
    pub destroy: bool,
}

impl Contents {
    /// Components whose plans are here, and the reports of those that were left without one.
    ///
    /// A plan that policy stopped is among them: it is applied once it is approved.
    pub fn split(
        &self,
        blueprint: &Blueprint,
        only: &Option<BTreeSet<Name>>,
    ) -> Result<(BTreeSet<Name>, BTreeMap<Name, ComponentReport>)> {
        let (mut planned, mut left) = (BTreeSet::new(), BTreeMap::new());
        for (name, status) in &self.statuses {
            let node = Name::new(name).ok().and_then(|name| blueprint.nodes.get_key_value(&name));
            let planned_now = |status| matches!(Status::from_word(status), Status::Planned | Status::Blocked);
            let Some((name, _)) =
                node.filter(|(_, node)| node.component.step.is_none() || !planned_now(status))
            else {
                let message = format!(
                    "since this plan was made, {name} went from the pillar, or became a step of Salt's own"
                );
                return Err(Error::new(
                    Layer::Salt,
                    Phase::Planning,
                    "plan_moved",
                    message,
                    "make a new plan",
                ));
            };
            if only.as_ref().is_some_and(|only| !only.contains(name)) {
                continue;
            }
            match Status::from_word(status) {
                Status::Planned | Status::Blocked => drop(planned.insert(name.clone())),
                Status::PendingInputs => {
                    left.insert(
                        name.clone(),
                        ComponentReport::new(Status::PendingInputs, "left_without_a_plan"),
                    );
                }
                _ => {}
            }
        }
        Ok((planned, left))
    }
}

pub fn write_contents(folder: &Path, contents: &Contents) -> Result<()> {
    ensure_private(folder)?;
    write_json(&folder.join(CONTENTS), contents)
}

pub fn read_contents(folder: &Path) -> Result<Contents> {
    read_json(&folder.join(CONTENTS), ANEW)?.ok_or_else(|| {
        let message = format!("there is no plan {}", plan_id(folder));
        let remedy = "make one by infrastructure.plan, in the same environment; only the newest are kept";
        Error::new(Layer::Salt, Phase::Validation, "no_such_plan", message, remedy)
    })
}

fn file_digest(file: &Path) -> Result<String> {
    std::fs::read(file).map(sha256).map_err(|error| Error::file(file, "read", &error))
}
