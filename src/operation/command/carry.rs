//! Carries a component to another environment: writes what one environment has into the pillar of the other one, and
//! deploys it there.
//!
//! Knows the order: compare, check, confirm, plan, write, deploy. Must not know what is carried, nor how an entry is
//! written. In: a component and two environments. Out: the report of a run, and the change of the pillar.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::create::urls::urls;
use super::entry_change::{
    EntryChange, argument, check, committed, lock, not_confirmed, now, place, root, without_entry,
};
use super::requests;
use crate::command_line::about;
use crate::decide::{Carried, CarriedComponent, carried};
use crate::error::Result;
use crate::host::{PillarPlace, PillarWrite};
use crate::model::pillar_entry::is_same;
use crate::model::{Draft, Name, PillarEntry, WrittenComponent, hint};
use crate::operation::blueprint::sound;
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::operation::run;
use crate::operation::store::audit;
use crate::operation::store::lock_service::caller;
use crate::operation::store::pillar_entries::{PillarEntries, scratch, write_template};
use crate::operation::store::run_log;
use crate::render::pillar_entry;
use crate::report::{Report, Status};
use crate::resolve::Modules;
use crate::workdir::Layout;

pub const OPERATION: &str = "carry";

/// A checked call.
struct Wanted {
    /// The environment that has the values.
    from: Draft,
    target: Name,
    component: Name,
    test: bool,
    confirmed: bool,
}

/// What the other environment gets.
struct Wares {
    entry: PillarEntry,
    carried: Carried,
    /// The text of a job file of Eos, which the service has. The entry names a copy of it.
    template: Option<String>,
}

const TEMPLATE: &str = "template";

impl Wares {
    /// The entry, with the file of its template if it has one.
    fn value(&self, entries: Option<&PillarEntries>) -> Map<String, Value> {
        let mut value = self.carried.value.clone();
        if let (Some(text), Some(entries)) = (&self.template, entries) {
            let path = entries.template(&self.entry, text);
            value.insert(TEMPLATE.to_owned(), path.to_string_lossy().into());
        }
        value
    }

    fn write_template(&self, entries: &PillarEntries) -> Result<()> {
        match &self.template {
            Some(text) => write_template(&entries.template(&self.entry, text), text),
            None => Ok(()),
        }
    }

    /// The report names what was not carried.
    fn shown(&self, wanted: &Wanted, mut report: Report) -> Report {
        let left = self.carried.left.iter();
        let left = left.map(|one| json!({ "path": one.path, "because": one.because.word() }));
        let carried = json!({
            "from": wanted.from.environment,
            "to": wanted.target,
            "kind": self.entry.kind.word(),
            "name": self.entry.name,
            "left": left.collect::<Vec<_>>(),
        });
        report.extra.insert("carried".to_owned(), carried);
        report
    }
}

pub fn carry(mut call: Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let environment = arguments.environment_in_the_call();
    let target = arguments.target(environment.as_ref());
    let component = arguments.name("component");
    let test = arguments.test(&call.request.identity);
    let confirmed = arguments.confirmed(Some(&target));
    arguments.value("minion");
    // All that follows is about the other environment.
    about(&target);
    let builder = ReportBuilder::new(OPERATION, target.as_str(), test, &call.request.identity);
    let carried = arguments.check().and_then(|()| {
        let environment = environment.unwrap_or_else(Arguments::placeholder);
        let from = sound(&call.request, &environment)?;
        let wanted = Wanted { from, target, component, test, confirmed };
        let draft = sound(&call.request, &wanted.target)?;
        let place = place(call.host)?;
        let layout = Layout::new(&draft.settings.root, &draft.environment)?;
        let report = match place.write {
            PillarWrite::Print => printed(&mut call, &wanted, &place)?,
            write => written(&mut call, &builder, &wanted, (&draft, &layout), (&place, write))?,
        };
        if report.run_kept {
            run_log::complete(call.host, &layout, &report);
        }
        Ok(report)
    });
    carried.unwrap_or_else(|error| builder.failed(error))
}

/// Writes the entry, unless it is there already. A plan comes first, so nothing is written that cannot be deployed.
fn written(
    call: &mut Call<'_>,
    builder: &ReportBuilder,
    wanted: &Wanted,
    (draft, layout): (&Draft, &Layout),
    (place, write): (&PillarPlace, PillarWrite),
) -> Result<Report> {
    let commits = write == PillarWrite::Branch;
    let entries = PillarEntries::below(root(place)?);
    let held = if wanted.test { None } else { Some(lock(call, builder, draft, &entries)?) };
    // Another call may have written something since the pillar of this one was compiled.
    let pillar = if wanted.test && !commits { call.request.infrastructure.clone() } else { now(call.host)? };
    let (wares, without) = compared(call, wanted, &pillar, Some(&entries))?;
    let entry = &wares.entry;
    if commits && wares.template.is_some() {
        return Err(refuse_template(place));
    }
    let (before, value) = (entries.read(entry)?, wares.value(Some(&entries)));
    let after = (!value.is_empty()).then(|| pillar_entry::entry(entry, &value));
    let is_there = before == after;
    let mut change = EntryChange { file: entries.path(entry), before, after, written: false };
    let shown = |change: &EntryChange, report: Report| {
        let is_empty = change.before.is_none() && change.after.is_none();
        wares.shown(wanted, if is_empty { report } else { change.shown(report) })
    };
    let expected = if value.is_empty() { without.clone() } else { entry.lay(&without, &value) };
    if is_there && !commits && is_same(&pillar, &expected) {
        call.request.infrastructure = pillar;
        // From here on, others may write.
        drop(held);
        let report = if wanted.test { planned(call, wanted, entry) } else { deployed(call, wanted, entry) };
        return Ok(shown(&change, report));
    }
    check(call, &entries, entry, change.after.as_deref(), [&pillar, &expected])?;
    // What is committed is confirmed by those who merge it.
    if !wanted.test && !wanted.confirmed && !commits {
        let refused = ReportBuilder::new(OPERATION, wanted.target.as_str(), false, &builder.identity);
        return Ok(shown(&change, refused.failed(not_confirmed(entry, OPERATION))));
    }
    // A plan needs the template in a file, and nothing is in the pillar yet.
    let scratch = scratch()?;
    let elsewhere = PillarEntries::below(scratch.path());
    wares.write_template(&elsewhere)?;
    call.request.infrastructure = match value.is_empty() {
        true => without.clone(),
        false => entry.lay(&without, &wares.value(Some(&elsewhere))),
    };
    let plan = planned(call, wanted, entry);
    let fails = plan.error.is_some() || plan.components.values().any(|one| one.status == Status::Failed);
    if wanted.test || fails {
        return Ok(shown(&change, plan));
    }
    // It is recorded first: no entry changes without a trace.
    audit::note(layout, &change.audited(OPERATION, &caller(builder)))?;
    wares.write_template(&entries)?;
    match &change.after {
        Some(text) => entries.put(entry, text)?,
        None => entries.take(entry)?,
    }
    change.written = true;
    call.request.infrastructure = expected;
    if commits {
        return committed(call.host, entry, "Carry", shown(&change, plan));
    }
    drop(held);
    Ok(shown(&change, deployed(call, wanted, entry)))
}

/// Shows what a person has to save. Once the pillar has it, the same call deploys it.
fn printed(call: &mut Call<'_>, wanted: &Wanted, place: &PillarPlace) -> Result<Report> {
    let entries = place.root.as_deref().map(PillarEntries::below);
    let pillar = call.request.infrastructure.clone();
    let (wares, without) = compared(call, wanted, &pillar, entries.as_ref())?;
    let entry = &wares.entry;
    if wares.template.is_some() {
        return Err(refuse_template(place));
    }
    let value = wares.value(None);
    let file: PathBuf = Path::new("infrastructure/eos").join(entry.file());
    let before = match &entries {
        Some(entries) => entries.read(entry)?,
        None => None,
    };
    let after = (!value.is_empty()).then(|| pillar_entry::entry(entry, &value));
    let expected = if value.is_empty() { without } else { entry.lay(&without, &value) };
    if before == after && is_same(&pillar, &expected) {
        let report = if wanted.test { planned(call, wanted, entry) } else { deployed(call, wanted, entry) };
        return Ok(wares.shown(wanted, report));
    }
    call.request.infrastructure = expected;
    let [before, after] = [before, after].map(|text| text.map(|text| pillar_entry::stamped(&text)));
    let change = EntryChange { file, before, after, written: false };
    let mut report = wares.shown(wanted, change.shown(planned(call, wanted, entry)));
    if report.error.is_none() {
        let [sls, because] = [entry.sls(), place.because.clone()];
        report.extra.insert("pillar_print".to_owned(), json!({ "include": sls, "because": because }));
    }
    Ok(report)
}

/// What is carried, and the pillar without the entry that has been carried before.
fn compared(
    call: &Call<'_>,
    wanted: &Wanted,
    pillar: &Value,
    entries: Option<&PillarEntries>,
) -> Result<(Wares, Value)> {
    let environment = wanted.from.environment.as_str();
    let Some(from) = WrittenComponent::find(pillar, environment, &wanted.component) else {
        return Err(unknown(wanted));
    };
    let entry = PillarEntry { environment: wanted.target.clone(), kind: from.kind, name: from.name.clone() };
    let is_written = match entries {
        Some(entries) => entries.read(&entry)?.is_some(),
        None => false,
    };
    let without = match entries.filter(|_| is_written) {
        Some(entries) => without_entry(call, entries, &entry)?,
        None => pillar.clone(),
    };
    let there = WrittenComponent::find(&without, wanted.target.as_str(), &entry.component_or_name());
    let there = there.filter(|there| there.kind == entry.kind);
    let (to, own) = there.map(|there| (there.merged, there.own)).unwrap_or_default();
    let mut has = from.merged;
    let template = match (entries, has.get(TEMPLATE).and_then(Value::as_str)) {
        (Some(entries), Some(path)) => entries.template_text(Path::new(path))?,
        _ => None,
    };
    if template.is_some() {
        has.remove(TEMPLATE);
    }
    let hides = hidden(call, &wanted.from, &entry);
    let component =
        CarriedComponent { kind: entry.kind, environment, from: &has, to: &to, own: &own, hides: &hides };
    Ok((Wares { carried: carried(&component), entry, template }, without))
}

/// Whether a variable of the component may be secret. If its module cannot be read, each of them may be.
fn hidden(call: &Call<'_>, draft: &Draft, entry: &PillarEntry) -> impl Fn(&str) -> bool + use<> {
    let component = entry.component().ok().and_then(|name| draft.components.get(&name));
    let module = component.and_then(|component| Modules::new(call.host).of(component)?.ok());
    move |name: &str| {
        let interface = module.as_ref().map(|module| &module.interface);
        interface.and_then(|interface| interface.variables.get(name)).is_none_or(|one| one.is_hidden())
    }
}

fn unknown(wanted: &Wanted) -> crate::error::Error {
    let Wanted { from, component, .. } = wanted;
    let hint = hint(component.as_str(), from.mentioned.iter().map(Name::as_str));
    let message = format!("no component {:?} in {}; {hint}", component.as_str(), from.environment);
    argument("component", message)
}

/// The template is a file beside the entry, whose path only the folder in force has.
fn refuse_template(place: &PillarPlace) -> crate::error::Error {
    let message = format!(
        "has a job file of Eos, which cannot be carried, because {}. Save the job in the file_roots, and name it in \
         the pillar by the key template of a service",
        place.because
    );
    argument("component", message)
}

fn planned(call: &Call<'_>, wanted: &Wanted, entry: &PillarEntry) -> Report {
    in_mode(call, wanted, entry, true)
}

fn deployed(call: &Call<'_>, wanted: &Wanted, entry: &PillarEntry) -> Report {
    let mut report = in_mode(call, wanted, entry, false);
    if let (Some(true), Ok(component)) = (report.result, entry.component()) {
        let builder = ReportBuilder::new(OPERATION, wanted.target.as_str(), false, &call.request.identity);
        let urls = urls(call, &builder, entry, &component);
        report.extra.insert("urls".to_owned(), urls.into());
    }
    report
}

fn in_mode(call: &Call<'_>, wanted: &Wanted, entry: &PillarEntry, test: bool) -> Report {
    let target = wanted.target.clone();
    let component = entry.component_or_name();
    run::run(call, requests::creation(OPERATION, target, component, test))
}
