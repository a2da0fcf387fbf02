//! A person's word for one kept plan: who gave it, for exactly what, and that it was used.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::facts::Facts;
use super::gather::{Gathered, Hands, gather};
use super::intent::{Act, Intent};
use super::invoke::Invoker;
use super::kept::{self, Kept, Stopped};
use super::session::Session;
use super::{audit, lacking, plan, records, state};
use crate::change::Changes;
use crate::decide::{Blocked, Consent, Fate, KeptPlan, State, fate, judge};
use crate::digest::sha256;
use crate::error::{Error, Layer, Phase, Result};
use crate::lock::Holder;
use crate::model::Name;
use crate::record::Record;
use crate::report::{ComponentReport, ResourceChange, Status};
use crate::words::{Words, words};
use crate::workdir::{Layout, create_json, read_json};

/// `NAME.approval.json` beside the plan, 0600.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    pub by: Holder,
    /// RFC 3339, UTC.
    pub at: String,
    /// Digest of the changes as they were shown, and of the values that were masked.
    pub change_set: String,
    pub plan_id: String,
    /// sha256 of the plan file; two plans of one second can be the same byte for byte.
    pub plan: String,
}

impl Approval {
    /// Of exactly this plan, by this caller, now.
    pub fn of(folder: &Path, kept: &Kept, by: Holder) -> Self {
        let at = by.since.clone();
        Self { by, at, change_set: change_set(kept), plan_id: kept::plan_id(folder), plan: kept.plan.clone() }
    }

    fn covers(&self, kept: &Kept) -> bool {
        (self.change_set.as_str(), &self.plan) == (change_set(kept).as_str(), &kept.plan)
    }

    /// For people: who, and when.
    pub fn words(&self) -> String {
        let Holder { user, host, jid, .. } = &self.by;
        let job = if jid.is_empty() { String::new() } else { format!(", job {jid}") };
        format!("{user} on {host} at {}{job}", self.at)
    }
}

fn change_set(kept: &Kept) -> String {
    sha256(json!([kept.changes, kept.destroy]).to_string())
}

/// `NAME.spent.json`: made once, and never taken back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Spent {
    pub run_id: String,
    pub at: String,
}

/// What was given for this very plan.
pub fn read(folder: &Path, component: &Name) -> Result<Option<Approval>> {
    let found: Option<Approval> = read_json(&folder.join(format!("{component}.approval.json")), kept::ANEW)?;
    Ok(found.filter(|approval| approval.plan_id == kept::plan_id(folder)))
}

/// False where there is one already.
pub fn grant(folder: &Path, component: &Name, approval: &Approval) -> Result<bool> {
    create_json(&folder.join(format!("{component}.approval.json")), approval)
}

pub fn spent(folder: &Path, component: &Name) -> Result<Option<Spent>> {
    read_json(&folder.join(format!("{component}.spent.json")), kept::ANEW)
}

/// Refuses a plan that was applied under its approval.
pub fn refuse_spent(folder: &Path, component: &Name) -> Result<()> {
    let Some(Spent { run_id, at }) = spent(folder, component)? else { return Ok(()) };
    let message =
        Words::own(format!("its approval was used by run {run_id} at {at}: it stands for one apply"));
    let remedy = "make a new plan and, where policy stops it, have that approved";
    Err(Error::new(Layer::Salt, Phase::Planning, "plan_spent", message, remedy).of(component))
}

/// Whether somebody approved a plan in this folder that has not been applied yet.
pub fn is_awaited(folder: &Path) -> bool {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    names
        .filter_map(|name| Some(name.strip_suffix(".approval.json")?.to_owned()))
        .any(|component| !folder.join(format!("{component}.spent.json")).exists())
}

/// Plans that policy stopped, and nothing has overtaken by what the records say: approved, or waiting for it. One that
/// cannot be read is there with its error.
pub fn waiting(layout: &Layout) -> Vec<Value> {
    let folders = std::fs::read_dir(layout.plans()).into_iter().flatten().flatten();
    let mut folders: Vec<_> = folders.map(|folder| folder.path()).collect();
    folders.sort_unstable();
    let mut waiting = BTreeMap::new();
    for folder in folders {
        // One that is being written has none yet.
        let Ok(contents) = kept::read_contents(&folder) else { continue };
        for (name, status) in contents.statuses {
            let Ok(name) = Name::new(&name) else { continue };
            waiting.remove(&name);
            if status == Status::Blocked.word() {
                let one = waits(layout, &folder, &name).unwrap_or_else(|error| {
                    Some(json!({ "plan_id": kept::plan_id(&folder), "component": name, "error": error }))
                });
                waiting.extend(one.map(|one| (name, one)));
            }
        }
    }
    waiting.into_values().collect()
}

/// None where the plan was applied, or the state has moved since.
fn waits(layout: &Layout, folder: &Path, name: &Name) -> Result<Option<Value>> {
    if spent(folder, name)?.is_some() {
        return Ok(None);
    }
    let kept = kept::find(folder, name)?;
    // What is wrong with a record is said where the component is shown.
    let record = layout.place(name).and_then(|place| Record::read(&place.record()));
    let record = record.ok().flatten().unwrap_or_default();
    if (&kept.lineage, kept.serial) != (&record.lineage, record.serial) {
        return Ok(None);
    }
    let approval = read(folder, name)?;
    Ok(Some(json!({
        "plan_id": kept::plan_id(folder), "component": name, "changes": kept.changes.counts,
        "approved": approval.map(|approval| approval.words()),
    })))
}

/// What a kept plan's turn comes to.
pub enum Ready {
    Apply(Kept),
    /// Plan again: the same changes may be applied.
    Again(Kept),
    Blocked(Kept, Blocked),
}

/// Holds a kept plan against how things stand now.
pub fn ready(invoker: &Invoker<'_>, folder: &Path, now: &Facts, before: Option<&State>) -> Result<Ready> {
    let component = invoker.component;
    let kept = kept::find(folder, &component.name)?;
    let approval = read(folder, &component.name)?;
    let consent = if kept.destroy { Consent::Confirmed } else { Consent::None };
    let now_blocked = || judge(&component.policy, &kept.changes, consent).err();
    let blocked = kept.stopped.clone().map(Stopped::blocked).or_else(now_blocked);
    let (overtaken, moved) = (kept.overtaken(before)?, kept.moved(now));
    let plan = KeptPlan {
        spent: spent(folder, &component.name)?.is_some(),
        overtaken: !overtaken.is_empty(),
        blocked: blocked.is_some(),
        approved: approval.is_some_and(|approval| approval.covers(&kept)),
        moved: !moved.is_empty(),
        old: kept.age() > component.policy.max_plan_age,
    };
    match (fate(plan), blocked) {
        (Fate::Spent, _) => refuse_spent(folder, &component.name).map(|()| Ready::Apply(kept)),
        (Fate::Moved, _) => Err(kept::moved(folder, &component.name, &[overtaken, moved].concat())),
        (Fate::Ask, Some(blocked)) => Ok(Ready::Blocked(kept, blocked)),
        (Fate::Again, _) => Ok(Ready::Again(kept)),
        (Fate::Apply | Fate::Ask, _) => Ok(Ready::Apply(kept)),
    }
}

/// The same before anything runs, without a lock.
pub async fn check(session: &Session, name: &Name, folder: &Path) -> Result<()> {
    // What it was made from is not asked where it cannot be applied in any case.
    refuse_spent(folder, name)?;
    let node = &session.blueprint.nodes[name];
    let (place, module) = (session.layout.place(name)?, &session.modules[name]);
    let reading = session.reading();
    let invoker =
        Invoker::new(session, &node.component, &place, &module.subdir, None, reading.clone()).await?;
    let destroys = kept::find(folder, name)?.destroy;
    let hands = Hands::unless(destroys);
    let record = records::latest(session, name, &place).await?;
    let node = &*lacking::supply(session, node, record.as_ref(), destroys).await?;
    let Gathered { inputs, backend } = gather(session, node, &reading, hands).await?;
    let now = Facts::of(&invoker, module, backend.as_deref(), &inputs)?;
    ready(&invoker, folder, &now, state::read(&invoker).await?.as_ref()).map(drop)
}

/// Refuses what was planned again and would do something else than what was shown.
pub fn compare(kept: &Kept, again: &Changes, name: &Name) -> Result<()> {
    if again.digest == kept.changes.digest {
        return Ok(());
    }
    let differs = |one: &[ResourceChange], other: &[ResourceChange]| {
        let not_there = one.iter().filter(|change| !other.contains(change));
        not_there.map(|change| change.address.clone()).collect::<Vec<_>>()
    };
    let mut addresses = differs(&kept.changes.resources, &again.resources);
    addresses.extend(differs(&again.resources, &kept.changes.resources));
    addresses.sort();
    addresses.dedup();
    let what = match addresses.is_empty() {
        true => "in its outputs, or in a value that is not shown".to_owned(),
        false => format!("at {}", addresses.join(", ")),
    };
    let message =
        format!("it was planned again, and would now do something else than what was shown, {what}");
    let remedy = "make a new plan and, where policy stops it, have that approved";
    let error = Error::new(Layer::Salt, Phase::Planning, "plan_moved", message, remedy);
    Err(error.of(name).with(json!({ "addresses": addresses })))
}

/// Right before the apply: from here on the approval is used, whatever comes of it. Says who gave it.
pub fn spend(session: &Session, folder: &Path, name: &Name) -> Result<Option<Words>> {
    let Some(approval) = read(folder, name)? else { return Ok(None) };
    let now = Holder::here().since;
    let line = json!({
        "did": "apply_approved", "at": now, "run_id": session.run_id, "component": name,
        "plan_id": kept::plan_id(folder), "approval": approval,
    });
    audit::note(&session.layout, &line)?;
    let spent = Spent { run_id: session.run_id.clone(), at: now };
    match create_json(&folder.join(format!("{name}.spent.json")), &spent)? {
        true => Ok(Some(Words::own(format!("approved by {}", approval.words())))),
        false => refuse_spent(folder, name).map(|()| None),
    }
}

/// The report of a plan that policy stopped, which is kept: exactly this can be approved.
pub async fn stop(
    invoker: &Invoker<'_>,
    intent: &Intent,
    (file, facts, before): (&Path, &Facts, Option<&State>),
    changes: Changes,
    blocked: Blocked,
) -> Result<ComponentReport> {
    let name = &invoker.component.name;
    let (folder, changes) = match &intent.act {
        Act::Keep(folder) => (folder.clone(), changes),
        Act::Apply => {
            let folder = invoker.session.layout.plan(&invoker.session.run_id);
            // Nothing was shown yet, and a person is to approve what was.
            let changes = plan::redacted(invoker, plan::show(invoker, file).await?);
            let kept = kept::plan_file(&folder, name)?;
            std::fs::rename(file, &kept).map_err(|error| Error::file(&kept, "write", &error))?;
            (folder, changes)
        }
        _ => {
            let _ = std::fs::remove_file(file);
            let remedy = words![&blocked.remedy, "; infrastructure.plan keeps a plan that can be approved"];
            return Ok(plan::blocked(changes, Blocked { remedy, ..blocked }, name));
        }
    };
    let stopped = Stopped::of(&blocked, &invoker.redactor);
    kept::keep(&folder, name, facts, before, &changes, intent.destroy, Some(stopped))?;
    Ok(plan::blocked(changes, asking(blocked, &folder, name), name))
}

/// With the way on.
pub fn asking(blocked: Blocked, folder: &Path, name: &Name) -> Blocked {
    let plan_id = kept::plan_id(folder);
    let approve = format!(
        "; to approve exactly this: salt-run infrastructure.approve plan_id={plan_id} components={name} (on a minion \
         eos_terraform.approve), then infrastructure.apply plan_id={plan_id}"
    );
    Blocked { remedy: words![blocked.remedy, Words::own(approve)], ..blocked }
}
