//! A person's approval of one saved plan: who gave it, for which changes, and whether it was used.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::audit;
use super::saved_plan::StoredPlan;
use super::saved_plans::{ANEW, SavedPlan, SavedPlans};
use crate::digest::sha256;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::host::UserGroups;
use crate::lock::Holder;
use crate::model::{ApprovalRules, Name};
use crate::record::Record;
use crate::report::Status;
use crate::words::Words;
use crate::workdir::{Layout, create_json, read_json, sync_file, sync_folder, write_json};

/// `NAME.approval.json` beside the plan, 0600.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    pub by: Holder,
    /// The groups of this user, if the rules of the pillar named a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<UserGroups>,
    /// RFC 3339, UTC.
    pub at: String,
    /// Digest of the changes as they were shown, and of the values that were masked.
    pub change_set: String,
    pub plan_id: String,
    /// sha256 of the plan file. Two plans of the same second can have identical bytes.
    pub plan: String,
}

/// Whether the approval of a plan counts, and so is used by its apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApprovalUse {
    Yes,
    /// There is none, or it does not count. Policy allows the plan without it.
    No,
}

impl Approval {
    /// An approval of exactly this plan, by this caller, given now.
    pub fn of(plans: &SavedPlans, stored: &StoredPlan, by: Holder, groups: Option<UserGroups>) -> Self {
        let at = by.since.clone();
        let (plan_id, plan) = (plans.plan_id(), stored.plan.clone());
        Self { by, groups, at, change_set: change_set(stored), plan_id, plan }
    }

    pub fn covers(&self, stored: &StoredPlan) -> bool {
        (self.change_set.as_str(), &self.plan) == (change_set(stored).as_str(), &stored.plan)
    }

    /// For people: who approved it, how that is known, and when.
    pub fn words(&self) -> String {
        let Holder { user, host, jid, .. } = &self.by;
        let who = self.by.who();
        let sudo = match user.strip_prefix("sudo_") {
            Some(person) if *user != who.name => format!(", by sudo of {person}"),
            _ => String::new(),
        };
        let job = if jid.is_empty() { String::new() } else { format!(", job {jid}") };
        format!("{who}{sudo} on {host} at {}{job}", self.at)
    }
}

fn change_set(stored: &StoredPlan) -> String {
    sha256(json!([stored.changes, stored.destroy]).to_string())
}

/// `NAME.spent.json`: written once, and never removed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UsedApproval {
    pub run_id: String,
    pub at: String,
}

impl SavedPlan<'_> {
    /// The approval of this plan, if it has one.
    pub fn approval(&self) -> Result<Option<Approval>> {
        let found: Option<Approval> = read_json(&self.path("approval.json"), ANEW)?;
        Ok(found.filter(|approval| approval.plan_id == self.plan_id()))
    }

    /// Stores the approval. `replaces`: whether the plan has one that does not count.
    pub fn grant(&self, approval: &Approval, replaces: bool) -> Result<()> {
        // The approval is of no use without the plan, which was written without a sync.
        sync_file(&self.file()?)?;
        self.plans.folder().ancestors().skip(1).take(2).try_for_each(sync_folder)?;
        let file = self.path("approval.json");
        match replaces {
            true => write_json(&file, approval),
            false => create_json(&file, approval).map(drop),
        }
    }

    pub fn used_approval(&self) -> Result<Option<UsedApproval>> {
        read_json(&self.path("spent.json"), ANEW)
    }

    /// Refuses a plan that was already applied, or whose approval was used.
    pub fn refuse_used(&self) -> Result<()> {
        let (applied, used) = (self.applied()?, self.used_approval()?);
        let applied_well = applied.as_ref().filter(|applied| applied.ended_well());
        let message = match (applied_well, used) {
            (Some(applied), _) => format!("plan {} was already applied by {}", self.plan_id(), applied.run()),
            (None, Some(UsedApproval { run_id, at })) => {
                let run = applied.map_or_else(|| format!("run {run_id} at {at}"), |applied| applied.run());
                format!("its approval was already used by {run}: an approval is valid for one apply")
            }
            (None, None) => return Ok(()),
        };
        let remedy = "make a new plan; if policy stops it, get it approved";
        let (message, phase) = (Words::own(message), Phase::Planning);
        Err(Error::new(Layer::Salt, phase, Code::PlanSpent, message, remedy).of(self.component))
    }

    /// Marks the approval as used, right before the apply. It stays used, whatever the result is. Returns who gave it.
    pub fn use_approval(&self, layout: &Layout, run_id: &str) -> Result<Option<Words>> {
        let Some(approval) = self.approval()? else { return Ok(None) };
        let now = Holder::here().since;
        let line = json!({
            "did": "apply_approved", "at": now, "run_id": run_id, "component": self.component,
            "plan_id": self.plan_id(), "approval": approval,
        });
        audit::note(layout, &line)?;
        let used = UsedApproval { run_id: run_id.to_owned(), at: now };
        match create_json(&self.path("spent.json"), &used)? {
            true => Ok(Some(Words::own(format!("approved by {}", approval.words())))),
            false => self.refuse_used().map(|()| None),
        }
    }
}

/// Whether this folder has an approved plan that has not been applied yet.
pub fn is_awaited(folder: &Path) -> bool {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    names
        .filter_map(|name| Some(name.strip_suffix(".approval.json")?.to_owned()))
        .any(|component| !folder.join(format!("{component}.spent.json")).exists())
}

/// Plans that policy stopped and that are still current by the records: approved, or waiting for approval. A plan that
/// cannot be read is listed with its error.
pub fn waiting(layout: &Layout, rules: Option<&ApprovalRules>) -> Vec<Value> {
    let folders = std::fs::read_dir(layout.plans()).into_iter().flatten().flatten();
    let mut folders: Vec<_> = folders.map(|folder| folder.path()).collect();
    folders.sort_unstable();
    let mut waiting = BTreeMap::new();
    for plans in folders.into_iter().map(SavedPlans::at) {
        // A plan that is being written has no contents yet.
        let Ok(contents) = plans.contents() else { continue };
        // A later plan of the component replaces it, also where it has none.
        waiting.retain(|name, _| !contents.unplanned.contains_key(name));
        for (name, status) in contents.statuses {
            let Ok(name) = Name::new(&name) else { continue };
            waiting.remove(&name);
            if status == Status::Blocked.word() {
                let one = waits(layout, rules, plans.of(&name)).unwrap_or_else(|error| {
                    Some(json!({ "plan_id": plans.plan_id(), "component": name, "error": error }))
                });
                waiting.extend(one.map(|one| (name, one)));
            }
        }
    }
    waiting.into_values().collect()
}

/// None if the plan was applied, or if the state has changed since.
fn waits(layout: &Layout, rules: Option<&ApprovalRules>, plan: SavedPlan<'_>) -> Result<Option<Value>> {
    if plan.used_approval()?.is_some() {
        return Ok(None);
    }
    let stored = plan.read()?;
    // A problem with a record is reported where the component is shown.
    let record = layout.component(plan.component).and_then(|paths| Record::read(&paths.record()));
    let record = record.ok().flatten().unwrap_or_default();
    if (&stored.lineage, stored.serial) != (&record.lineage, record.serial) {
        return Ok(None);
    }
    let approval = plan.approval()?;
    let void = approval.as_ref().and_then(|approval| plan.why_void(rules, approval));
    Ok(Some(json!({
        "plan_id": plan.plan_id(), "component": plan.component, "changes": stored.changes.counts,
        "approved": approval.filter(|_| void.is_none()).map(|approval| approval.words()),
        "not_approved": void,
    })))
}
