//! What a run is to do: prepared, and refused where it may not be done, before anything runs.

use std::collections::{BTreeMap, BTreeSet};

use super::refuse_needed::refuse_needed;
use super::remediate_target;
use super::rollback::asked::Asked;
use super::wanted::{Wanted, Wish};
use crate::error::Result;
use crate::graph::Graph;
use crate::journal::{self, Began, Done};
use crate::lock::Holder;
use crate::model::{Name, Surgery};
use crate::operation::blueprint::prepared::{Destruction, Past, Prepared};
use crate::operation::blueprint::{gone, prepare, refuse_steps, select};
use crate::operation::component::intent::{Act, Intent};
use crate::operation::request::answer::Opening;
use crate::operation::request::call::Call;
use crate::operation::store::saved_plans::SavedPlans;
use crate::operation::store::{run_log, shared_records};
use crate::report::{ComponentReport, Status};
use crate::workdir::Layout;

pub(super) struct Work {
    pub prepared: Prepared,
    pub layout: Layout,
    pub intent: Intent,
    /// Those that have a turn.
    pub selected: BTreeSet<Name>,
    /// The reports of others that were asked for.
    pub left: BTreeMap<Name, ComponentReport>,
    /// A way back that a person asks for.
    pub asked: Option<Asked>,
    /// What the run that this one goes on with did.
    pub done: BTreeMap<Name, Done>,
    /// That run.
    resumes: Option<String>,
    /// The plan that this run is about.
    plan_id: Option<String>,
}

impl Work {
    /// Reads the pillar and what other hosts did, and finds what the call is about. The run's id is its own from here on.
    pub fn prepare(call: &Call<'_>, mut wanted: Wanted, opening: &mut Opening) -> Result<Self> {
        let problems = std::mem::take(&mut wanted.problems);
        let past = past(&wanted, &opening.run_id);
        let mut prepared = prepare(call, &wanted.environment, &wanted.overrides, problems, past)?;
        let layout = Layout::of(&prepared.blueprint)?;
        let (settings, environment) = (&prepared.blueprint.settings, &prepared.blueprint.environment);
        shared_records::fetch(settings, environment)?;
        opening.run_id = run_log::next_id(settings, &layout, environment)?;
        if matches!(wanted.wish, Wish::Remediate { .. }) {
            let selected = select(&prepared.blueprint, wanted.components.clone(), false)?;
            refuse_steps(&prepared.blueprint, &selected, wanted.operation)?;
            for name in selected {
                remediate_target::aim(&mut prepared, &name, &layout.run(&opening.run_id))?;
            }
        }
        let selected = select(&prepared.blueprint, wanted.components.clone(), wanted.include_dependencies)?;
        if matches!(
            wanted.wish,
            Wish::RollBack(_) | Wish::Operate(_) | Wish::PreviewOperation(_) | Wish::Acknowledge
        ) {
            refuse_steps(&prepared.blueprint, &selected, wanted.operation)?;
        }
        let intent = Intent {
            migrate_backend: wanted.migrate_backend,
            upgrade: wanted.upgrade,
            retry: wanted.retry,
            ..intent(&wanted.wish, &layout, &opening.run_id)
        };
        let (resumes, done) = wanted.resumes.map(|resumed| (resumed.run_id, resumed.done)).unzip();
        let plan_id = match &wanted.wish {
            Wish::ApplyKept(plan_id) | Wish::ShowKept(plan_id) => Some(plan_id.clone()),
            _ => None,
        };
        let asked = match wanted.wish {
            Wish::RollBack(asked) => Some(asked),
            _ => None,
        };
        let (left, done) = (BTreeMap::new(), done.unwrap_or_default());
        let mut work = Self { prepared, layout, intent, selected, left, asked, done, resumes, plan_id };
        work.open_saved_plans(wanted.components.as_ref(), &opening.run_id)?;
        if work.intent.destroy {
            refuse_needed(&work.prepared.blueprint, &work.layout, &work.selected)?;
        }
        Ok(work)
    }

    /// Where it is about saved plans, they say which components have a turn, and whether they are destroyed.
    fn open_saved_plans(&mut self, named: Option<&BTreeSet<Name>>, run_id: &str) -> Result<()> {
        let (Act::ApplyKept(plans) | Act::ShowKept(plans)) = &self.intent.act else { return Ok(()) };
        let contents = plans.contents()?;
        if !contents.destroy {
            self.prepared.refuse_broken(&self.layout.run(run_id))?;
        }
        (self.selected, self.left) = contents.split(&self.prepared.blueprint, named)?;
        self.intent.destroy = contents.destroy;
        if matches!(self.intent.act, Act::ApplyKept(_)) {
            // The saved plan of what is done is spent.
            let spent: Vec<_> =
                self.selected.iter().filter(|name| self.done.contains_key(*name)).cloned().collect();
            for name in spent {
                self.selected.remove(&name);
                self.left.insert(name, ComponentReport::new(Status::Unchanged, "done_before"));
            }
        }
        Ok(())
    }

    /// The first line of the run's journal.
    pub fn began(&self, opening: &Opening) -> Began {
        let who = Holder {
            run_id: opening.run_id.clone(),
            jid: opening.identity.jid.clone(),
            operation: opening.operation.clone(),
            environment: opening.environment.clone(),
            ..Holder::here()
        };
        let changes = self.intent.act.changes_things();
        let kind = match (changes, self.intent.destroy) {
            (true, true) => journal::Wish::Destroy,
            (true, false) => journal::Wish::Apply,
            (false, _) => journal::Wish::Look,
        };
        Began {
            plan_id: self.plan_id.clone(),
            resumes: self.resumes.clone(),
            ..Began::new(who, &opening.identity.user, kind, self.selected.clone())
        }
    }

    /// Whose turn comes after whose.
    pub fn graph(&self) -> Graph {
        let graph = self.prepared.blueprint.graph.restricted(&self.selected);
        if self.intent.destroy { graph.reversed() } else { graph }
    }

    /// Components that have resources, and that the pillar has no more.
    pub fn orphans(&self) -> Result<BTreeMap<Name, ComponentReport>> {
        let mut orphans = gone::report(&self.prepared.blueprint, &self.layout)?;
        orphans.retain(|name, _| !self.prepared.left_out.contains_key(name));
        Ok(orphans)
    }
}

/// What this run takes as it was last applied.
fn past<'a>(wanted: &'a Wanted, run_id: &'a str) -> Past<'a> {
    let named = wanted.components.as_ref();
    let destruction = Destruction { run_id, named };
    match wanted.wish {
        Wish::Destroy | Wish::PreviewDestroy => Past { gone: named, broken: Some(destruction) },
        Wish::Remediate { .. } => Past { gone: named, broken: None },
        // A plan that is kept may be one of a destruction.
        Wish::KeepDestroy | Wish::ApplyKept(_) | Wish::ShowKept(_) => {
            Past { gone: None, broken: Some(destruction) }
        }
        _ => Past::NONE,
    }
}

fn intent(wish: &Wish, layout: &Layout, run_id: &str) -> Intent {
    use crate::decide::Consent::{Confirmed, None};
    let (destroy, consent, act) = match wish {
        Wish::Apply => (false, None, Act::Apply),
        Wish::Preview => (false, None, Act::Preview),
        Wish::Keep => (false, None, Act::Keep(SavedPlans::new(layout, run_id))),
        Wish::ApplyKept(plan_id) => (false, None, Act::ApplyKept(SavedPlans::new(layout, plan_id))),
        Wish::ShowKept(plan_id) => (false, None, Act::ShowKept(SavedPlans::new(layout, plan_id))),
        Wish::Destroy => (true, Confirmed, Act::Apply),
        Wish::PreviewDestroy => (true, Confirmed, Act::Preview),
        Wish::Prepare => (false, None, Act::Prepare),
        Wish::Remediate { drift_id, apply } => {
            (false, None, Act::Remediate { drift_id: drift_id.clone(), apply: *apply })
        }
        // Whoever asks for a destruction means it.
        Wish::Operate(Surgery::Remove { destroy: true, .. }) => (false, Confirmed, Act::Apply),
        Wish::PreviewOperation(Surgery::Remove { destroy: true, .. }) => (false, Confirmed, Act::Preview),
        Wish::Operate(_) => (false, None, Act::Apply),
        Wish::PreviewOperation(_) => (false, None, Act::Preview),
        Wish::Acknowledge => (false, None, Act::Acknowledge),
        // Each component's way is its own.
        Wish::RollBack(asked) if asked.shown => (false, None, Act::Preview),
        Wish::RollBack(_) => (false, None, Act::Apply),
        Wish::KeepDestroy => (true, Confirmed, Act::Keep(SavedPlans::new(layout, run_id))),
    };
    let surgery = match wish {
        Wish::Operate(surgery) | Wish::PreviewOperation(surgery) => Some(surgery.clone()),
        _ => Option::None,
    };
    Intent { destroy, consent, surgery, ..Intent::of(act) }
}
