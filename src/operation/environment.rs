//! A run over an environment: what orchestrate, plan, apply and destroy share.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use super::component::{self, Act, Intent};
use super::orphans;
use super::prepare::{prepare, select};
use super::schedule::schedule;
use super::session::Session;
use super::summary::Opening;
use super::{Call, kept, pump};
use crate::error::Result;
use crate::model::{Name, Overrides, Problem};
use crate::report::{ComponentReport, Report};
use crate::workdir::{Layout, ensure_private, retain_newest, write_json};

/// How many runs' logs, and how many kept plans, stay.
const KEPT_RUNS: usize = 50;
const KEPT_PLANS: usize = 20;

/// What a call wants, read from its arguments.
pub struct Wanted {
    pub operation: &'static str,
    pub environment: Name,
    pub components: Option<BTreeSet<Name>>,
    pub include_dependencies: bool,
    pub overrides: Overrides,
    pub test: bool,
    pub wish: Wish,
    pub migrate_backend: bool,
    /// Of the arguments.
    pub problems: Vec<Problem>,
}

/// What is to happen; where plans are kept is known only once the root is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    Apply,
    Preview,
    Keep,
    ApplyKept(String),
    ShowKept(String),
    Destroy,
    PreviewDestroy,
    Prepare,
    /// The execution module's `plan destroy=True`.
    KeepDestroy,
}

/// Runs it, and reports, whatever happens.
pub fn run(call: &Call<'_>, wanted: Wanted) -> Report {
    let mut opening =
        Opening::new(wanted.operation, wanted.environment.as_str(), wanted.test, &call.request.identity);
    match attempt(call, wanted, &mut opening) {
        Ok((components, extra)) => opening.report(components, extra),
        Err(error) => opening.failed(error),
    }
}

type Outcome = (BTreeMap<Name, ComponentReport>, BTreeMap<String, Value>);

fn attempt(call: &Call<'_>, wanted: Wanted, opening: &mut Opening) -> Result<Outcome> {
    let may_be_gone = match wanted.wish {
        Wish::Destroy | Wish::PreviewDestroy => wanted.components.as_ref(),
        _ => None,
    };
    let prepared = prepare(
        &call.request,
        &wanted.environment,
        &wanted.overrides,
        wanted.problems,
        may_be_gone,
        call.host,
    )?;
    let blueprint = &prepared.blueprint;
    let layout = Layout::of(blueprint);
    let mut selected = select(blueprint, wanted.components.clone(), wanted.include_dependencies)?;
    let intent = intent(&wanted.wish, wanted.migrate_backend, &layout, &opening.run_id);
    let mut extra = BTreeMap::new();
    let mut left = BTreeMap::new();
    match &intent.act {
        Act::Keep(_) => drop(extra.insert("plan_id".to_owned(), opening.run_id.clone().into())),
        Act::ApplyKept(folder) | Act::ShowKept(folder) => {
            let contents = kept::read_contents(folder)?;
            (selected, left) = contents.split(blueprint, &wanted.components)?;
        }
        Act::Apply | Act::Preview | Act::Prepare => {}
    }
    if intent.destroy {
        super::destroy::refuse_needed(blueprint, &layout, &selected)?;
    }
    let run = layout.run(&opening.run_id);
    begin(&layout, &run, opening)?;
    let graph = blueprint.graph.restricted(&selected);
    let graph = if intent.destroy { graph.reversed() } else { graph };
    let orphans = orphans::report(blueprint, &layout)?;

    let shown = selected;
    let act = intent.act.clone();
    let (mut components, terraform) =
        pump::in_session(call, opening, prepared, &shown, async move |session: &Session| {
            if let Act::ApplyKept(folder) = &intent.act {
                kept::check_all(session, &graph, folder).await?;
            }
            let reports =
                schedule(session, graph, async |name| component::run(session, &name, &intent).await).await;
            Ok((reports, session.tool.version.to_string()))
        })?;
    opening.terraform = Some(terraform);
    components.extend(left);
    if let Act::Keep(folder) = &act {
        let statuses = components.iter().map(|(name, one)| (name.to_string(), one.status.word().to_owned()));
        kept::write_contents(folder, &kept::Contents { statuses: statuses.collect() })?;
    }
    components.extend(orphans);
    // The end of the run, for `cancel`; what it says is the report's.
    let statuses: BTreeMap<_, _> = components.iter().map(|(name, one)| (name, one.status)).collect();
    write_json(&run.join("ended.json"), &json!({ "components": statuses }))?;
    Ok((components, extra))
}

fn intent(wish: &Wish, migrate_backend: bool, layout: &Layout, run_id: &str) -> Intent {
    use crate::decide::Consent::{Confirmed, None};
    let (destroy, consent, act) = match wish {
        Wish::Apply => (false, None, Act::Apply),
        Wish::Preview => (false, None, Act::Preview),
        Wish::Keep => (false, None, Act::Keep(layout.plan(run_id))),
        Wish::ApplyKept(plan_id) => (false, None, Act::ApplyKept(layout.plan(plan_id))),
        Wish::ShowKept(plan_id) => (false, None, Act::ShowKept(layout.plan(plan_id))),
        Wish::Destroy => (true, Confirmed, Act::Apply),
        Wish::PreviewDestroy => (true, Confirmed, Act::Preview),
        Wish::Prepare => (false, None, Act::Prepare),
        Wish::KeepDestroy => (true, Confirmed, Act::Keep(layout.plan(run_id))),
    };
    Intent { destroy, consent, act, migrate_backend }
}

/// The run's folder, with what `cancel` needs to know about it.
fn begin(layout: &Layout, run: &Path, opening: &Opening) -> Result<()> {
    ensure_private(run)?;
    retain_newest(&layout.runs(), KEPT_RUNS);
    retain_newest(&layout.plans(), KEPT_PLANS);
    write_json(
        &run.join("run.json"),
        &json!({ "operation": opening.operation, "pid": std::process::id(), "jid": opening.identity.jid }),
    )
}
