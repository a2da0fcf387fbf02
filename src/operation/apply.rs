//! Applies a saved plan, and records what came of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::facts::Facts;
use super::inputs::{Inputs, Produced};
use super::invoke::{Invoker, Said};
use super::left::Heard;
use super::{copies, health, plan, records, recover, state};
use crate::change::{Changes, SENSITIVE};
use crate::decide::{Ended, Remembered, Standing, State, Suspect};
use crate::error::{Error, Phase, Result};
use crate::journal::{Done, Entry};
use crate::lock::Fence;
use crate::model::Node;
use crate::record::Record;
use crate::report::{ComponentReport, Counts, Status};
use crate::snapshot::{Snapshot, Store};
use crate::terraform::{Apply, Event};
use crate::view::progress::Stage;
use crate::workdir::Manifest;

pub struct Run<'a> {
    pub invoker: &'a Invoker<'a>,
    pub node: &'a Node,
    pub record: Option<&'a Record>,
    /// The state that the plan was made against.
    pub before: Remembered,
    /// Its text, where there is one.
    pub text: Option<Arc<Vec<u8>>>,
    pub inputs: &'a Inputs,
    /// The text of `terraform.tfvars.json`.
    pub variables: &'a str,
    /// What earlier applies may have left: should this one die too, it is still told.
    pub carried: Vec<Suspect>,
    /// The rendered backend block; None is the local one.
    pub backend: Option<&'a str>,
    pub facts: &'a Facts,
    pub destroy: bool,
    /// Whether its health gates have the last word; not in a test, and not over what is destroyed.
    pub gated: bool,
}

impl Run<'_> {
    /// Applies exactly this plan; a fence shows that the lock is ours.
    pub async fn apply(
        &self,
        _fence: Fence<'_>,
        manifest: &mut Manifest,
        file: &Path,
        changes: Changes,
    ) -> Result<ComponentReport> {
        let invoker = self.invoker;
        invoker.go_on(Phase::Application).await?;
        let Snapshot { snapshot_id, next, .. } = self.snapshot().await?;
        let applied = self.begun(manifest, file, changes, &snapshot_id, &next).await;
        let report =
            applied.unwrap_or_else(|error| super::component::ended(error.of(&invoker.component.name)));
        Ok(ComponentReport { snapshot_id: Some(snapshot_id), ..report })
    }

    async fn begun(
        &self,
        manifest: &mut Manifest,
        file: &Path,
        changes: Changes,
        snapshot_id: &str,
        next: &str,
    ) -> Result<ComponentReport> {
        let invoker = self.invoker;
        manifest.begin_apply(invoker.place)?;
        let component = invoker.component.name.clone();
        let applying = Entry::Applying { component, snapshot_id: Some(snapshot_id.to_owned()) };
        invoker.session.note_durably(applying).await?;
        recover::begin(invoker, &self.before, self.backend, &self.carried)?;
        let mut progress = Progress::new(self, &changes);
        let mut heard = Heard::default();
        let arguments = Apply { plan: file.to_owned(), state: invoker.state() }.arguments();
        let mut hear = |event: &Event| {
            progress.hear(event);
            heard.hear(event);
        };
        let apply = invoker.stream("apply", arguments, invoker.component.timeouts.apply, &mut hear);
        let said = copies::during(invoker.state(), invoker.place.copies(), apply).await;
        manifest.seal(invoker.place)?;
        let said = said?;
        invoker.begin_saving();
        if said.exit.code == Some(0) {
            let after = state::read(invoker).await?.unwrap_or_default();
            let (status, ended) = match self.destroy {
                true => (Status::Destroyed, Ended::Destroyed),
                false => (Status::Applied, self.whole(next)),
            };
            self.write_record(status, &after, ended).await?;
            let report = plan::with(ComponentReport::new(status, ""), changes);
            return Ok(self.settle(report, after, Some(next)).await);
        }
        let error = invoker.failure("apply", Phase::Application, &said).of(&invoker.component.name);
        let mut report = super::component::ended(error);
        report.changes = progress.done;
        report.resource_changes = changes.resources;
        self.failed(report, &said, &heard).await
    }

    /// What was done before the failure is saved and told; where that fails, the next run goes on with it.
    async fn failed(
        &self,
        mut report: ComponentReport,
        said: &Said,
        heard: &Heard,
    ) -> Result<ComponentReport> {
        let invoker = self.invoker;
        match recover::after_failure(invoker, heard, &self.before).await {
            Ok(notes) => report.notes.extend(notes),
            Err(error) => {
                let first = report.error.map(|error| error.message).unwrap_or_default();
                let message = format!("{first}\nThen {}", error.message);
                let error = Error { message, ..error.of(&invoker.component.name) };
                return Ok(ComponentReport { reason: error.code.into(), error: Some(error), ..report });
            }
        }
        let after = match state::read(invoker).await {
            // Recorded as empty, it would let everything be created again.
            Ok(None) if self.before.resources > 0 => {
                report.notes.push("the state that was there before is gone".to_owned());
                return Ok(report);
            }
            Ok(after) => after.unwrap_or_default(),
            Err(unreadable) => {
                report.notes.push(format!("the state cannot be read now: {unreadable}"));
                return Ok(report);
            }
        };
        let done = report.changes;
        report.notes.push(format!(
            "kept: what was done before the failure (+{} ~{} -{}) is in the state, at serial {}",
            done.add, done.change, done.remove, after.serial
        ));
        let suspects = heard.story.suspects(&invoker.session.run_id, &after.instances, said.ending());
        report.notes.extend(recover::describe(&suspects));
        report.possible_orphans = recover::orphans(invoker, &suspects);
        self.write_record(report.status, &after, Ended::Failed).await?;
        Ok(self.finished(report, after))
    }

    /// The plan found nothing to do. Where the state moved since, or an apply failed, it is this configuration's.
    pub async fn unchanged(&self, state: State, reason: &str) -> Result<ComponentReport> {
        let known = self.record.is_some_and(|record| {
            record.remembered() == state.remembered()
                && record.edges == self.edges()
                && record.backend == self.backend.unwrap_or_default()
                && record.outcome != Status::Failed.word()
                && (self.destroy || self.is_applied(record))
        });
        let mut configuration = self.record.and_then(|record| record.applied.clone());
        if !known && !state.lineage.is_empty() {
            configuration = match self.destroy {
                true => None,
                false => Some(self.configuration().await?),
            };
            let ended = configuration.as_deref().map_or(Ended::Destroyed, |whole| self.whole(whole));
            self.write_record(Status::Unchanged, &state, ended).await?;
        }
        recover::forget(self.invoker.place)?;
        let report = ComponentReport::new(Status::Unchanged, reason);
        Ok(self.settle(report, state, configuration.as_deref()).await)
    }

    /// Whether just this is what the record says was applied; the world may have come here by another way.
    fn is_applied(&self, record: &Record) -> bool {
        let store = Store::new(self.invoker.place.snapshots());
        let applied = record.applied.as_ref().map(|digest| store.configuration(digest));
        matches!(applied, Some(Ok(applied)) if applied.facts == self.facts.digest())
    }

    /// This configuration is in the state in full; without gates that is all it has to show.
    fn whole<'a>(&self, configuration: &'a str) -> Ended<'a> {
        match self.is_gated() {
            true => Ended::Whole(configuration),
            false => Ended::Good(configuration),
        }
    }

    fn is_gated(&self) -> bool {
        self.gated && !self.invoker.component.health.is_empty()
    }

    /// The end of a turn that went well so far: its health gates have the last word. All that was done is recorded
    /// before, and what they say after. `configuration` is the one that is in the state in full.
    pub async fn settle(
        &self,
        report: ComponentReport,
        state: State,
        configuration: Option<&str>,
    ) -> ComponentReport {
        let (true, Some(configuration)) = (self.is_gated(), configuration) else {
            return self.finished(report, state);
        };
        let Err(error) = health::hold(self.invoker, &state).await else {
            let known = self.record.and_then(|record| record.known_good.as_deref()) == Some(configuration);
            let mut report = report;
            if (!known || report.status != Status::Unchanged)
                && let Err(error) = self.write_record(report.status, &state, Ended::Good(configuration)).await
            {
                report.notes.push(format!("that it is known to be good could not be recorded: {error}"));
            }
            return self.finished(report, state);
        };
        let ended = super::component::ended(error.of(&self.invoker.component.name));
        let mut notes = report.notes;
        if report.status == Status::Applied {
            notes.push(format!("kept: what was applied is in the state, at serial {}", state.serial));
        }
        if ended.status == Status::Failed
            && let Err(error) = self.write_record(ended.status, &state, Ended::Whole(configuration)).await
        {
            notes.push(format!("that it failed could not be recorded: {error}"));
        }
        let ComponentReport { status, reason, error, .. } = ended;
        self.finished(ComponentReport { status, reason, error, notes, ..report }, state)
    }

    async fn write_record(&self, status: Status, state: &State, ended: Ended<'_>) -> Result<()> {
        let invoker = self.invoker;
        let Standing { applied, known_good } =
            self.record.map(Record::standing).unwrap_or_default().after(ended);
        let record = Record {
            run_id: invoker.session.run_id.clone(),
            outcome: status.word().to_owned(),
            finished: humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string(),
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            terraform: invoker.session.tool.version.to_string(),
            lineage: state.lineage.clone(),
            serial: state.serial,
            resources: state.resources,
            edges: self.edges(),
            subdir: invoker.session.modules[&invoker.component.name].subdir.clone(),
            declared: self.node.component.declared.clone(),
            backend: self.backend.unwrap_or_default().to_owned(),
            applied,
            known_good,
            ..Record::default()
        };
        records::write(invoker, record).await?;
        recover::forget(invoker.place)
    }

    /// What it is now, for a run that resumes this one.
    pub fn done(&self, state: &State) -> Done {
        Done { made_from: self.facts.digest(), lineage: state.lineage.clone(), serial: state.serial }
    }

    fn edges(&self) -> std::collections::BTreeSet<String> {
        let graph = &self.invoker.session.blueprint.graph;
        graph.dependencies(&self.node.component.name).iter().map(ToString::to_string).collect()
    }

    /// Hands the outputs on, and shows those that are no secrets.
    pub fn finished(&self, report: ComponentReport, state: State) -> ComponentReport {
        let outputs = shown(self.invoker, &state);
        let (session, name) = (self.invoker.session, &self.invoker.component.name);
        session.reach(name, self.done(&state));
        session.produce(name, Produced { outputs: state.outputs, ..Produced::default() });
        ComponentReport { outputs, ..report }
    }
}

/// Non-sensitive outputs, with known secrets taken out.
pub fn shown(invoker: &Invoker<'_>, state: &State) -> BTreeMap<String, Value> {
    let mut redactor = invoker.redactor.clone();
    redactor.add(state.outputs.values().filter(|output| output.sensitive).map(|output| &output.value));
    let visible = state.outputs.iter().filter(|(_, output)| !output.sensitive);
    visible
        .map(|(name, output)| {
            let mut value = output.value.clone();
            redactor.value(&mut value);
            (name.clone(), value)
        })
        .collect()
}

/// Every output, the sensitive ones masked.
pub fn masked(invoker: &Invoker<'_>, state: &State) -> BTreeMap<String, Value> {
    let hidden = state.outputs.iter().filter(|(_, output)| output.sensitive);
    let mut all = shown(invoker, state);
    all.extend(hidden.map(|(name, _)| (name.clone(), SENSITIVE.into())));
    all
}

/// Counts what an apply has done, as it goes.
struct Progress<'a> {
    run: &'a Run<'a>,
    total: u64,
    done: Counts,
}

impl<'a> Progress<'a> {
    fn new(run: &'a Run<'a>, changes: &Changes) -> Self {
        let Counts { add, change, remove, .. } = changes.counts;
        let progress = Self { run, total: add + change + remove, done: Counts::default() };
        progress.tell("");
        progress
    }

    fn hear(&mut self, event: &Event) {
        let (hook, complete) = match event {
            Event::ApplyStart(hook) => (hook, false),
            Event::ApplyComplete(hook) => (hook, true),
            _ => return,
        };
        if complete {
            match hook.action.word() {
                "create" => self.done.add += 1,
                "update" => self.done.change += 1,
                "delete" => self.done.remove += 1,
                _ => return,
            }
        }
        self.tell(&hook.resource.address);
    }

    fn tell(&self, address: &str) {
        let done = self.done.add + self.done.change + self.done.remove;
        let (total, address) = (self.total, address.to_owned());
        let stage = match self.run.destroy {
            true => Stage::Destroying { done, total, address },
            false => Stage::Applying { done, total, address },
        };
        let invoker = self.run.invoker;
        invoker.session.teller.stage(&invoker.component.name, stage);
    }
}
