//! Deletes a service that `create` made, or a component that `carry` made: destroys it, and then removes its entry from the pillar.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::entry_change::{
    EntryChange, argument, committed, component, expect, lock, not_confirmed, now, place, refuse_elsewhere,
    root, without_entry,
};
use super::purge::{PurgedData, kept, left_behind, purge, refuse_shared};
use super::requests;
use crate::command_line::{Command, command, option};
use crate::error::{Error, Result};
use crate::host::PillarWrite;
use crate::model::{EntryKind, Name, PillarEntry};
use crate::operation::blueprint::sound;
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::operation::run;
use crate::operation::store::audit;
use crate::operation::store::lock_service::caller;
use crate::operation::store::pillar_entries::PillarEntries;
use crate::record::LeftBehind;
use crate::report::Report;
use crate::words::{Words, words};
use crate::workdir::{Layout, remove};

pub const OPERATION: &str = "delete";

pub fn delete(call: Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let environment = arguments.environment_in_the_call();
    let name = arguments.name("service");
    let purges = purges(&mut arguments, &name);
    let test = arguments.test(&call.request.identity);
    let confirmed = arguments.confirmed(environment.as_ref());
    arguments.value("minion");
    let environment = environment.unwrap_or_else(Arguments::placeholder);
    let builder = ReportBuilder::new(OPERATION, environment.as_str(), test, &call.request.identity);
    let entry = PillarEntry::service(environment, name);
    let deleted = arguments.check().and_then(|()| match confirmed || test {
        true => deleted(&call, &builder, &entry, Wishes { test, purges }),
        false => Err(not_confirmed(&entry, "delete")),
    });
    deleted.unwrap_or_else(|error| builder.failed(error))
}

#[derive(Clone, Copy)]
struct Wishes {
    test: bool,
    /// Data and generated secrets are removed too.
    purges: bool,
}

/// Whether the call names the service once more, to remove its data.
fn purges(arguments: &mut Arguments, name: &Name) -> bool {
    let given = arguments.text("purge_data");
    if given.as_deref().is_some_and(|given| given != name.as_str()) {
        let purge = option("purge_data", name);
        arguments.problem(
            "purge_data",
            words!["must be the name of the service: nothing was removed. Set ", Words::own(purge)],
        );
    }
    given.is_some()
}

fn deleted(call: &Call<'_>, builder: &ReportBuilder, entry: &PillarEntry, wishes: Wishes) -> Result<Report> {
    let Wishes { test, purges } = wishes;
    let service = component(&entry.name)?;
    let draft = sound(&call.request, &entry.environment)?;
    let place = place(call.host)?;
    if place.write == PillarWrite::Print {
        return Err(printed(entry, &service, &place.because));
    }
    let commits = place.write == PillarWrite::Branch;
    if commits && purges {
        let message = format!("cannot be given, because {}: nothing is destroyed here", place.because);
        return Err(argument("purge_data", message));
    }
    let entries = PillarEntries::below(root(&place)?);
    // It is held to the end: the entry goes only after all that it describes.
    let _held = if test { None } else { Some(lock(call, builder, &draft, &entries)?) };
    let layout = Layout::new(&draft.settings.root, &draft.environment)?;
    // A component that was carried here has an entry too.
    let carried = PillarEntry { kind: EntryKind::Component, ..entry.clone() };
    let entry =
        if entries.names()?.contains(&carried) && entries.read(entry)?.is_none() { &carried } else { entry };
    let Some(before) = entries.read(entry)? else {
        return match LeftBehind::read(&layout.component(&service)?.left_data())? {
            Some(left) if purges => purged_later(call, builder, (entry, &service), (&left, &layout), test),
            _ => Err(not_ours(entry, &service)),
        };
    };
    let component = entry.component_or_name();
    let mut change =
        EntryChange { file: entries.path(entry), before: Some(before), after: None, written: false };
    let pillar = if test && !commits { call.request.infrastructure.clone() } else { now(call.host)? };
    let without = without_entry(call, &entries, entry)?;
    refuse_described_elsewhere(&without, entry)?;
    expect(call, &without, [&pillar, &entry.take(&pillar)])?;
    let left = left_behind(&draft, &component);
    if purges {
        refuse_shared(&pillar, (&entry.environment, &component), &left)?;
    }
    let report = match commits && !test {
        // Nothing is destroyed before the commit is merged.
        true => nothing_ran(call, entry, false),
        false => {
            let environment = entry.environment.clone();
            run::run(call, requests::deletion(OPERATION, environment, component.clone(), test))
        }
    };
    if test || (!commits && report.result != Some(true)) {
        return Ok(change.shown(with_data(report, entry, &kept(&left))));
    }
    let data = match purges {
        true => purge(call, builder, &entry.environment, &left)?,
        false => kept(&left),
    };
    let report = with_data(report, entry, &data);
    if report.result == Some(false) {
        return Ok(change.shown(report));
    }
    audit::note(&layout, &change.audited(OPERATION, &caller(builder)))?;
    let place = layout.component(&component)?.left_data();
    match purges || left.data.is_empty() || commits {
        true => remove(&place)?,
        false => left.write(&place)?,
    }
    entries.take(entry)?;
    change.written = true;
    let report = change.shown(report);
    if commits { committed(call.host, entry, "Delete", report) } else { Ok(report) }
}

/// The data of a service that was deleted before.
fn purged_later(
    call: &Call<'_>,
    builder: &ReportBuilder,
    (entry, component): (&PillarEntry, &Name),
    (left, layout): (&LeftBehind, &Layout),
    test: bool,
) -> Result<Report> {
    let pillar = &call.request.infrastructure;
    refuse_described_elsewhere(pillar, entry)?;
    refuse_shared(pillar, (&entry.environment, component), left)?;
    let data = match test {
        true => kept(left),
        false => purge(call, builder, &entry.environment, left)?,
    };
    let report = with_data(nothing_ran(call, entry, test), entry, &data);
    if !test && report.result != Some(false) {
        let removed: Vec<_> = data.iter().map(PurgedData::shown).collect();
        audit::note(layout, &json!({ "did": "purge", "data": removed, "by": caller(builder) }))?;
        remove(&layout.component(component)?.left_data())?;
    }
    Ok(report)
}

fn nothing_ran(call: &Call<'_>, entry: &PillarEntry, test: bool) -> Report {
    ReportBuilder::new(OPERATION, entry.environment.as_str(), test, &call.request.identity)
        .answer(BTreeMap::new(), BTreeMap::new())
}

/// The report names the data, and how to remove what is still there. It fails if some of it could not be removed.
fn with_data(mut report: Report, entry: &PillarEntry, data: &[PurgedData]) -> Report {
    if let Some(error) = data.iter().find_map(PurgedData::error) {
        report = Report { result: Some(false), error: Some(not_purged(error.clone())), ..report };
    }
    if data.is_empty() {
        return report;
    }
    let shown: Vec<_> = data.iter().map(PurgedData::shown).collect();
    report.extra.insert("left_data".to_owned(), shown.into());
    let delete = command(OPERATION).of(&entry.environment).with("service", &entry.name);
    let purge = delete.with("purge_data", &entry.name).with("confirm", &entry.environment);
    report.extra.insert("purge_command".to_owned(), json!(Words::from(purge)));
    report
}

fn not_purged(error: Error) -> Error {
    let remedy = words![error.remedy, ". The service is destroyed, and its entry stays: then call it again"];
    Error { remedy, ..error }
}

/// The component would still be in the pillar, so it must not be destroyed.
fn refuse_described_elsewhere(rest: &Value, entry: &PillarEntry) -> Result<()> {
    match refuse_elsewhere(rest, entry) {
        Ok(()) => Ok(()),
        Err(_) => {
            let (name, file) = (&entry.name, entry.file());
            let message = format!(
                "{name} is in another file of the pillar too, and infrastructure/eos/{file} only adds to it. Remove \
                 it there first"
            );
            Err(argument("service", message))
        }
    }
}

fn not_ours(entry: &PillarEntry, component: &Name) -> Error {
    let why = format!(
        "{} is not a service that create made. This destroys a component of the pillar: ",
        entry.name
    );
    argument("service", words![why, destroys(entry, component)])
}

fn printed(entry: &PillarEntry, component: &Name, because: &str) -> Error {
    let why = format!(
        "cannot be removed from the pillar here, because {because}. Remove {} there, and then: ",
        entry.sls()
    );
    argument("service", words![why, destroys(entry, component)])
}

fn destroys(entry: &PillarEntry, component: &Name) -> Command {
    let destroy = command("destroy").of(&entry.environment).with("components", component);
    destroy.with("confirm", &entry.environment)
}
