//! Prepares a run, and refuses it before anything starts if it is not allowed.

use std::collections::{BTreeMap, BTreeSet};

use super::refuse_needed::refuse_needed;
use super::remediate_target;
use super::run_request::{ResumedRun, RunRequest};
use crate::error::{Code, Result};
use crate::graph::Graph;
use crate::journal::{CallOptions, RunOrder, RunStart};
use crate::model::{Component, Name, Overrides, Problem, RotationTarget, shared_names};
use crate::operation::blueprint::prepared::{AppliedConfigurations, Destruction, Prepared};
use crate::operation::blueprint::{given_for_plan, gone, prepare, refuse_steps, select};
use crate::operation::fingerprint::affected::{Affected, affected};
use crate::operation::fingerprint::{MadeFrom, Passing, PillarSlice, PillarSlices};
use crate::operation::intent::{Intent, What};
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::call::Call;
use crate::operation::session::pending_changes::PendingChanges;
use crate::operation::store::keyed_digest::DigestKey;
use crate::operation::store::lock_service::caller;
use crate::operation::store::run_values::RunValues;
use crate::operation::store::saved_plans::SavedPlans;
use crate::operation::store::{run_log, shared_records};
use crate::report::{ComponentReport, Status};
use crate::workdir::Layout;

pub(super) struct PreparedRun<'a> {
    pub prepared: Prepared,
    pub layout: Layout,
    pub intent: Intent,
    /// The components that have a turn.
    pub selected: BTreeSet<Name>,
    /// The reports of the other requested components.
    pub skipped: BTreeMap<Name, ComponentReport>,
    /// The interrupted run that this one resumes.
    pub resumes: Option<ResumedRun>,
    /// The secrets to rotate.
    pub rotation: Option<RotationTarget>,
    /// What the patterns of the call mean, one line each.
    pub meanings: Vec<String>,
    /// What has changed, if the call asks for that alone.
    pub affected: Option<Affected>,
    /// The fingerprints, if the call passes over what is as they say.
    pub passing: Option<Passing<'a>>,
    /// From what they are made. None if they need no fingerprint.
    slices: Option<PillarSlices>,
}

impl<'a> PreparedRun<'a> {
    /// Reads the pillar and the records of other hosts, and selects the components. From here on the run has its own
    /// id.
    pub fn prepare(call: &'a Call<'_>, mut wanted: RunRequest, builder: &mut ReportBuilder) -> Result<Self> {
        let mut problems = std::mem::take(&mut wanted.problems);
        if let Some(plan_id) = wanted.intent.plan_id() {
            wanted.overrides =
                given_for_plan(&call.request, &wanted.environment, plan_id, &wanted.overrides)?;
        }
        if wanted.intent.is_of_configuration() {
            let pillar = &call.request.infrastructure;
            problems.extend(shared_names(pillar, wanted.environment.as_str(), &wanted.overrides));
        }
        let past = past(&wanted, &builder.run_id);
        let mut prepared = prepare_beside_others(call, &wanted, problems, past)?;
        let layout = Layout::of(&prepared.blueprint)?;
        let (settings, environment) = (&prepared.blueprint.settings, &prepared.blueprint.environment);
        shared_records::fetch(settings, environment)?;
        builder.run_id = run_log::next_id(settings, &layout, environment)?;
        let rotation = wanted.rotation.take();
        let rotation = rotation.map(|asked| RotationTarget::find(&prepared.blueprint, &asked)).transpose()?;
        if let Some(target) = &rotation {
            wanted.components = Some(target.readers.clone());
        }
        let RunRequest { operation, components, include_dependencies, intent, resumes, meanings, .. } =
            wanted;
        let mut selected = select(&prepared.blueprint, components.clone(), include_dependencies)?;
        let affected = wanted.affected.map(|since| affected(call, &prepared, &selected, &since));
        let affected = affected.transpose()?;
        if let Some(affected) = &affected {
            selected = affected.names();
        }
        let pillar = &call.request.infrastructure;
        let read = || PillarSlice::read_each(pillar, environment, &selected, &prepared.given);
        let slices = wanted.by_fingerprint.then(read);
        let passing = slices.as_ref().map(|slices| {
            let module = |name: &Name| prepared.module_digest(name);
            Passing::read(pillar, call.host, slices, module)
        });
        if intent.refuses_steps() {
            refuse_steps(&prepared.blueprint, &selected, operation)?;
        }
        if intent.drift_id().is_some() {
            for name in &selected {
                remediate_target::aim(&mut prepared, name, &layout.run(&builder.run_id))?;
            }
        }
        let mut work = Self {
            prepared,
            layout,
            intent,
            selected,
            skipped: BTreeMap::new(),
            resumes,
            rotation,
            meanings,
            affected,
            passing,
            slices,
        };
        work.pass_over(call)?;
        work.open_saved_plans(components.as_ref(), builder)?;
        if work.intent.destroys() {
            refuse_needed(&work.prepared.blueprint, &work.layout, &work.selected)?;
        }
        Ok(work)
    }

    /// Takes out what needs no turn, dependencies first.
    fn pass_over(&mut self, call: &Call<'_>) -> Result<()> {
        let Some(passing) = &self.passing else { return Ok(()) };
        let blueprint = &self.prepared.blueprint;
        let (settings, environment) = (&blueprint.settings, &blueprint.environment);
        // An apply of another host may be unfinished.
        let elsewhere = shared_records::environment_locks(settings, environment)?.applying;
        let pending = PendingChanges::read(call.host.pending());
        let reads_pending = |name: &Name| {
            let mut reads = blueprint.nodes[name].component.reads();
            reads.any(|one| pending.of(environment, &one.component).is_some())
        };
        for name in self.graph().order() {
            if elsewhere.contains_key(name.as_str()) || reads_pending(&name) {
                continue;
            }
            if let Some(report) = passing.report(&name, &self.selected) {
                passing.note(&name, &report);
                self.skipped.insert(name, report);
            }
        }
        self.selected.retain(|name| !self.skipped.contains_key(name));
        Ok(())
    }

    /// Saved plans determine which components have a turn, and whether they are destroyed.
    fn open_saved_plans(&mut self, named: Option<&BTreeSet<Name>>, builder: &ReportBuilder) -> Result<()> {
        let What::SavedPlan { plan_id, destroys } = &mut self.intent.what else { return Ok(()) };
        let contents = SavedPlans::new(&self.layout, plan_id).contents()?;
        if !contents.destroy {
            self.prepared.refuse_broken(&self.layout.run(&builder.run_id))?;
        }
        let blueprint = &self.prepared.blueprint;
        self.selected = contents.planned(blueprint, named)?;
        let place = &builder.identity.place;
        let asked =
            contents.unplanned.iter().filter(|(name, _)| named.is_none_or(|named| named.contains(*name)));
        let reports = asked.map(|(name, unplanned)| {
            (name.clone(), unplanned.report(plan_id, name, &blueprint.environment, place))
        });
        self.skipped = reports.collect();
        *destroys = contents.destroy;
        if let Some(resumed) = &self.resumes {
            // The saved plan of a completed component was applied already.
            let spent: Vec<_> =
                self.selected.iter().filter(|name| resumed.done.contains_key(*name)).cloned().collect();
            for name in spent {
                self.selected.remove(&name);
                self.skipped.insert(name, ComponentReport::new(Status::Unchanged, Code::DoneBefore));
            }
        }
        Ok(())
    }

    /// The first line of the run's journal.
    pub fn began(&self, builder: &ReportBuilder) -> RunStart {
        let who = caller(builder);
        RunStart {
            plan_id: self.intent.plan_id().map(str::to_owned),
            resumes: self.resumes.as_ref().map(|resumed| resumed.run_id.clone()),
            options: self.options(),
            announced: self.intent.changes_things(),
            order: Some(self.order()),
            ..RunStart::new(who, &builder.identity.user, self.intent.kind(), self.selected.clone())
        }
    }

    fn order(&self) -> RunOrder {
        let graph = self.graph();
        let waits_for = graph.names().map(|name| (name.clone(), graph.dependencies(name).clone()));
        RunOrder {
            parallelism: self.prepared.blueprint.settings.parallelism.get(),
            waits_for: waits_for.filter(|(_, names)| !names.is_empty()).collect(),
        }
    }

    fn options(&self) -> CallOptions {
        let (given, options) = (&self.prepared.given, self.intent.options);
        CallOptions {
            migrate_backend: options.migrate_backend,
            upgrade: options.upgrade,
            parallelism: given.parallelism.clone(),
            on_failure: given.on_failure.clone(),
            values: self.values().kind(),
        }
    }

    /// The values of the call that a run needs to resume this one. A saved plan contains its own.
    pub fn values(&self) -> RunValues {
        if !self.intent.changes_things() || self.intent.plan_id().is_some() {
            return RunValues::default();
        }
        let modules = &self.prepared.modules;
        let interface = |name| modules.get(name).map(|module| &*module.interface);
        RunValues::of(&self.prepared.given, self.selected.iter().map(|name| (name, interface(name))))
    }

    /// Notes in the folder of the run what the components are made from, so that a later call can ask what has changed
    /// since. None if nobody may ask. The folder need not exist yet.
    pub fn note_made_from<'c>(
        &self,
        call: &'c Call<'_>,
    ) -> Option<impl Fn(&str) -> Result<()> + use<'a, 'c>> {
        let is_plain =
            matches!(self.intent.what, What::Configuration | What::SavedPlan { destroys: false, .. });
        if !is_plain || self.intent.is_of_branch() || (self.intent.is_test() && !self.intent.saves_plans()) {
            return None;
        }
        let names: Vec<_> = self.selected.iter().chain(self.skipped.keys()).cloned().collect();
        let module = |name: &Name| Some((name.clone(), self.prepared.module_digest(name)?));
        let modules: BTreeMap<_, _> = names.iter().filter_map(module).collect();
        let (layout, given, known) = (self.layout.clone(), self.prepared.given.clone(), self.slices.clone());
        let environment = self.prepared.blueprint.environment.clone();
        let pillar = &call.request.infrastructure;
        Some(move |run_id: &str| {
            let key = DigestKey::of(&layout)?;
            let module = |component: &Component| modules.get(&component.name).cloned();
            let read = || PillarSlice::read_each(pillar, &environment, &names, &given);
            let slices = known.clone().unwrap_or_else(read);
            let made_from = MadeFrom::of(&slices, &key, module);
            MadeFrom::store(&made_from, &layout.run(run_id))
        })
    }

    /// Each component, and the components whose outputs it reads.
    pub fn reads(&self) -> BTreeMap<Name, BTreeSet<Name>> {
        let read = |name: &Name| {
            let nodes = self.prepared.blueprint.nodes.get(name).into_iter();
            nodes.flat_map(|node| node.component.reads().map(|one| one.component.clone())).collect()
        };
        self.selected.iter().map(|name| (name.clone(), read(name))).collect()
    }

    /// The order of the turns.
    pub fn graph(&self) -> Graph {
        let graph = self.prepared.blueprint.graph.restricted(&self.selected);
        if self.intent.destroys() { graph.reversed() } else { graph }
    }

    /// Components that have resources but were removed from the pillar.
    pub fn orphans(&self) -> Result<BTreeMap<Name, ComponentReport>> {
        let mut orphans = gone::report(&self.prepared.blueprint, &self.layout)?;
        orphans.retain(|name, _| !self.prepared.left_out.contains_key(name));
        Ok(orphans)
    }
}

/// A wrong value in another state is reported by that state, so it is not used here.
fn prepare_beside_others(
    call: &Call<'_>,
    wanted: &RunRequest,
    problems: Vec<Problem>,
    past: AppliedConfigurations<'_>,
) -> Result<Prepared> {
    let RunRequest { environment, overrides, .. } = wanted;
    match prepare(call, environment, overrides, problems.clone(), past) {
        Err(_) if !overrides.beside.is_empty() => {
            let alone = Overrides { beside: Vec::new(), ..overrides.clone() };
            prepare(call, environment, &alone, problems, past)
        }
        prepared => prepared,
    }
}

/// The components that this run uses with their last applied configuration.
fn past<'a>(wanted: &'a RunRequest, run_id: &'a str) -> AppliedConfigurations<'a> {
    let (named, intent) = (wanted.components.as_ref(), &wanted.intent);
    AppliedConfigurations {
        gone: named.filter(|_| intent.may_name_removed()),
        broken: intent.may_destroy().then_some(Destruction { run_id, named }),
    }
}
