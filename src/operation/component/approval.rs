//! Whether a saved plan may be applied now, and how it is saved until a person approves it.

use std::path::Path;

use serde_json::json;

use super::inputs::{Hands, gather, lacking};
use super::reports;
use crate::change::Changes;
use crate::decide::{Blocked, Consent, Fate, KeptPlan, State, fate, judge};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{Component, Name};
use crate::operation::exec::context::Context;
use crate::operation::exec::{Invoker, saved_plan_file, state};
use crate::operation::intent::{Intent, Mode};
use crate::operation::session::Session;
use crate::operation::store::facts::Facts;
use crate::operation::store::saved_plan::{Kept, Stopped};
use crate::operation::store::saved_plans::SavedPlan;
use crate::report::{ComponentReport, ResourceChange};
use crate::words::{Words, words};

/// The decision about a saved plan.
pub(super) enum Ready {
    Apply(Kept),
    /// Plan again: if the changes are the same, they may be applied.
    Again(Kept),
    Blocked(Kept, Blocked),
}

/// Compares a saved plan with the current state of the component.
pub(super) fn ready(
    component: &Component,
    plan: SavedPlan<'_>,
    now: &Facts,
    before: Option<&State>,
) -> Result<Ready> {
    let kept = plan.read()?;
    let approval = plan.approval()?;
    let consent = if kept.destroy { Consent::Confirmed } else { Consent::None };
    let now_blocked = || judge(&component.policy, &kept.changes, consent).err();
    let blocked = kept.stopped.clone().map(Stopped::blocked).or_else(now_blocked);
    let (overtaken, moved) = (kept.overtaken(before)?, kept.moved(now));
    let verdict = fate(KeptPlan {
        spent: plan.spent()?.is_some(),
        overtaken: !overtaken.is_empty(),
        blocked: blocked.is_some(),
        approved: approval.is_some_and(|approval| approval.covers(&kept)),
        moved: !moved.is_empty(),
        old: kept.age() > component.policy.max_plan_age,
    });
    match (verdict, blocked) {
        (Fate::Spent, _) => plan.refuse_spent().map(|()| Ready::Apply(kept)),
        (Fate::Moved, _) => Err(plan.moved(&[overtaken, moved].concat())),
        (Fate::Ask, Some(blocked)) => Ok(Ready::Blocked(kept, blocked)),
        (Fate::Again, _) => Ok(Ready::Again(kept)),
        (Fate::Apply | Fate::Ask, _) => Ok(Ready::Apply(kept)),
    }
}

/// The same check before anything runs, without a lock.
pub async fn check(session: &Session, plan: SavedPlan<'_>) -> Result<()> {
    // If it cannot be applied anyway, its inputs are not compared.
    plan.refuse_spent()?;
    let name = plan.component;
    let node = &session.blueprint.nodes[name];
    let (place, module) = (session.call.layout.place(name)?, &session.modules[name]);
    let reading = session.call.reading();
    let context = Context::new(session, &node.component, &place, None, reading.clone())?;
    let invoker = Invoker::new(context, &module.subdir).await?;
    let destroys = plan.read()?.destroy;
    let hands = Hands::unless(destroys);
    let record = session.records().latest(name, &place).await?;
    let node = &*lacking::supply(session, node, record.as_ref(), destroys).await?;
    let now = gather(session, node, &reading, hands).await?.facts(&session.call, module)?;
    ready(&node.component, plan, &now, state::read(&invoker).await?.as_ref()).map(drop)
}

/// Refuses a new plan whose changes differ from the changes that were shown.
pub(super) fn compare(kept: &Kept, again: &Changes, name: &Name) -> Result<()> {
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
    let message = format!("a new plan has other changes than the approved one, {what}");
    let remedy = "make a new plan; if policy stops it, get it approved";
    let error = Error::new(Layer::Salt, Phase::Planning, Code::PlanMoved, message, remedy);
    Err(error.of(name).with(json!({ "addresses": addresses })))
}

/// The report of a saved plan that policy stopped: a person can approve exactly this plan.
pub(super) async fn stop(
    invoker: &Invoker<'_>,
    intent: &Intent,
    (file, facts, before): (&Path, &Facts, Option<&State>),
    changes: Changes,
    blocked: Blocked,
) -> Result<ComponentReport> {
    let name = &invoker.context.component.name;
    let plans = invoker.context.session.call.saved_plans();
    let changes = match intent.mode {
        Mode::Keep => changes,
        Mode::Apply if intent.drift_id().is_none() => {
            // Nobody has seen the changes yet, and a person can only approve what was shown.
            let changes =
                reports::redacted(&invoker.context.redactor, saved_plan_file::show(invoker, file).await?);
            let kept = plans.of(name).file()?;
            std::fs::rename(file, &kept).map_err(|error| Error::file(&kept, "write", error))?;
            changes
        }
        Mode::Preview | Mode::Apply => {
            let _ = std::fs::remove_file(file);
            let remedy = words![&blocked.remedy, "; infrastructure.plan saves a plan that can be approved"];
            return Ok(reports::blocked(changes, Blocked { remedy, ..blocked }, name));
        }
    };
    let stopped = Stopped::of(&blocked, &invoker.context.redactor);
    plans.of(name).keep(facts, before, &changes, intent.destroys(), Some(stopped))?;
    Ok(reports::blocked(changes, asking(blocked, plans.of(name)), name))
}

/// Adds the commands to continue with.
pub(super) fn asking(blocked: Blocked, plan: SavedPlan<'_>) -> Blocked {
    let (plan_id, name) = (plan.plan_id(), plan.component);
    let approve = format!(
        "; to approve this plan: salt-run infrastructure.approve plan_id={plan_id} components={name} (on a \
         minion eos_terraform.approve), then infrastructure.apply plan_id={plan_id}"
    );
    Blocked { remedy: words![blocked.remedy, Words::own(approve)], ..blocked }
}
