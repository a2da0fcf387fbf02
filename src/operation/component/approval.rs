//! Whether a kept plan may be applied as things stand now, and how it is kept until a person approves it.

use std::path::Path;

use serde_json::json;

use super::inputs::{Hands, gather, lacking};
use super::intent::{Act, Intent};
use super::reports;
use crate::change::Changes;
use crate::decide::{Blocked, Consent, Fate, KeptPlan, State, fate, judge};
use crate::error::{Error, Layer, Phase, Result};
use crate::model::Name;
use crate::operation::exec::{Invoker, saved_plan_file, state};
use crate::operation::session::Session;
use crate::operation::store::approvals::{read, refuse_spent, spent};
use crate::operation::store::facts::Facts;
use crate::operation::store::saved_plans;
use crate::operation::store::saved_plans::{Kept, Stopped};
use crate::report::{ComponentReport, ResourceChange};
use crate::words::{Words, words};

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
    let kept = saved_plans::find(folder, &component.name)?;
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
        (Fate::Moved, _) => Err(saved_plans::moved(folder, &component.name, &[overtaken, moved].concat())),
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
    let destroys = saved_plans::find(folder, name)?.destroy;
    let hands = Hands::unless(destroys);
    let record = session.records().latest(name, &place).await?;
    let node = &*lacking::supply(session, node, record.as_ref(), destroys).await?;
    let now = gather(session, node, &reading, hands).await?.facts(session, module)?;
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
            let changes = reports::redacted(invoker, saved_plan_file::show(invoker, file).await?);
            let kept = saved_plans::plan_file(&folder, name)?;
            std::fs::rename(file, &kept).map_err(|error| Error::file(&kept, "write", &error))?;
            (folder, changes)
        }
        _ => {
            let _ = std::fs::remove_file(file);
            let remedy = words![&blocked.remedy, "; infrastructure.plan keeps a plan that can be approved"];
            return Ok(reports::blocked(changes, Blocked { remedy, ..blocked }, name));
        }
    };
    let stopped = Stopped::of(&blocked, &invoker.redactor);
    saved_plans::keep(&folder, name, facts, before, &changes, intent.destroy, Some(stopped))?;
    Ok(reports::blocked(changes, asking(blocked, &folder, name), name))
}

/// With the way on.
pub fn asking(blocked: Blocked, folder: &Path, name: &Name) -> Blocked {
    let plan_id = saved_plans::plan_id(folder);
    let approve = format!(
        "; to approve exactly this: salt-run infrastructure.approve plan_id={plan_id} components={name} (on a minion \
         eos_terraform.approve), then infrastructure.apply plan_id={plan_id}"
    );
    Blocked { remedy: words![blocked.remedy, Words::own(approve)], ..blocked }
}
