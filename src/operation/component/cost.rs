//! What the machines of the environment cost a month after a plan, before it is applied.

use crate::change::Machines;
use crate::decide::{MonthlyCost, PolicyViolation, judge_cost};
use crate::error::Result;
use crate::model::Name;
use crate::operation::exec::Invoker;
use crate::operation::session::Session;
use crate::operation::session::machines::RecordedMachines;
use crate::words::{Words, words};

/// Whether the cost of a plan is limited. Then the whole plan is read.
pub(super) fn is_limited(invoker: &Invoker<'_>) -> bool {
    let component = invoker.context.component;
    let module = invoker.context.session.modules.get(&component.name);
    let uses = |provider| module.is_some_and(|module| module.interface.uses(provider));
    component.policy.max_monthly_cost.is_some() && Machines::providers().any(uses)
}

pub(super) struct CostJudgement {
    pub verdict: Result<(), PolicyViolation>,
    pub notes: Vec<Words>,
}

/// Judges a plan that leads to these machines. If they may be, the next plans of this run count them.
pub(super) async fn judge(invoker: &Invoker<'_>, after: Option<&Machines>) -> Result<CostJudgement> {
    let (session, component) = (invoker.context.session, invoker.context.component);
    let limit = component.policy.max_monthly_cost.filter(|_| is_limited(invoker));
    let (Some(limit), Some(after)) = (limit, after) else {
        return Ok(CostJudgement { verdict: Ok(()), notes: Vec::new() });
    };
    let known = &session.ledger.machines;
    let found = match known.now() {
        Some(found) => found,
        None => known.fill(recorded(session).await?),
    };
    // From here to the end nothing waits, so no other component is judged in between.
    let RecordedMachines { mut machines, mut unknown } = found;
    let prices = &session.blueprint.settings.prices;
    let before = MonthlyCost::of(&machines, prices);
    let own = machines.insert(component.name.clone(), after.clone()).unwrap_or_default();
    let cost = MonthlyCost::of(&machines, prices);
    let verdict = judge_cost(limit, &before, &cost);
    let mut notes = Vec::new();
    if verdict.is_ok() {
        known.plan(&component.name, after.clone());
        notes.extend((own != *after).then(|| cost.note(limit)));
    }
    notes.extend(cost.left_out());
    unknown.remove(&component.name);
    if !unknown.is_empty() {
        let names: Vec<_> = unknown.iter().map(Name::as_str).collect();
        notes.push(words![
            "the monthly cost leaves out the machines of ",
            Words::own(names.join(", ")),
            ", because an earlier version of Eos ran them last. The next run of these counts them"
        ]);
    }
    Ok(CostJudgement { verdict, notes })
}

/// What the last run of each component has left.
async fn recorded(session: &Session) -> Result<RecordedMachines> {
    let mut found = RecordedMachines::default();
    for (name, node) in &session.blueprint.nodes {
        let paths = session.call.layout.component(name)?;
        let Some(record) = session.records().latest(name, &paths).await? else { continue };
        let may_have = Machines::providers().any(|provider| node.interface.uses(provider));
        match record.machines {
            Some(machines) => drop(found.machines.insert(name.clone(), machines)),
            None if may_have && record.resources > 0 => drop(found.unknown.insert(name.clone())),
            None => {}
        }
    }
    Ok(found)
}
