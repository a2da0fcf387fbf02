//! Deletes a service that `create` made: destroys it, and then removes its entry from the pillar.

use std::collections::BTreeMap;

use super::entry_change::{
    EntryChange, argument, check, committed, component, lock, not_confirmed, now, place, root,
};
use super::requests;
use crate::command_line::{Command, command};
use crate::error::{Error, Result};
use crate::host::PillarWrite;
use crate::model::{Name, PillarEntry};
use crate::operation::blueprint::sound;
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::operation::run;
use crate::operation::store::audit;
use crate::operation::store::lock_service::caller;
use crate::operation::store::pillar_entries::PillarEntries;
use crate::report::Report;
use crate::words::words;
use crate::workdir::Layout;

pub const OPERATION: &str = "delete";

pub fn delete(call: Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let environment = arguments.environment_in_the_call();
    let name = arguments.name("service");
    let test = arguments.test(&call.request.identity);
    let confirmed = arguments.confirmed(environment.as_ref());
    arguments.value("minion");
    let environment = environment.unwrap_or_else(Arguments::placeholder);
    let builder = ReportBuilder::new(OPERATION, environment.as_str(), test, &call.request.identity);
    let entry = PillarEntry { environment, service: name };
    let deleted = arguments.check().and_then(|()| match confirmed || test {
        true => deleted(&call, &builder, &entry, test),
        false => Err(not_confirmed(&entry, "delete")),
    });
    deleted.unwrap_or_else(|error| builder.failed(error))
}

fn deleted(call: &Call<'_>, builder: &ReportBuilder, entry: &PillarEntry, test: bool) -> Result<Report> {
    let component = component(&entry.service)?;
    let draft = sound(&call.request, &entry.environment)?;
    let place = place(call.host)?;
    if place.write == PillarWrite::Print {
        return Err(printed(entry, &component, &place.because));
    }
    let entries = PillarEntries::below(root(&place)?);
    // It is held to the end: the entry goes only after all that it describes.
    let _held = if test { None } else { Some(lock(call, builder, &draft, &entries)?) };
    let before = entries.read(entry)?.ok_or_else(|| not_ours(entry, &component))?;
    let mut change =
        EntryChange { file: entries.path(entry), before: Some(before), after: None, written: false };
    let commits = place.write == PillarWrite::Branch;
    let pillar = if test && !commits { call.request.infrastructure.clone() } else { now(call.host)? };
    check(call, &entries, entry, None, [&pillar, &entry.take(&pillar)])?;
    let report = match commits && !test {
        // Nothing is destroyed before the commit is merged.
        true => ReportBuilder::new(OPERATION, entry.environment.as_str(), false, &call.request.identity)
            .answer(BTreeMap::new(), BTreeMap::new()),
        false => run::run(call, requests::deletion(OPERATION, entry.environment.clone(), component, test)),
    };
    if test || (!commits && report.result != Some(true)) {
        return Ok(change.shown(report));
    }
    let layout = Layout::new(&draft.settings.root, &draft.environment)?;
    audit::note(&layout, &change.audited(OPERATION, &caller(builder)))?;
    entries.take(entry)?;
    change.written = true;
    let report = change.shown(report);
    if commits { committed(call.host, entry, "Delete", report) } else { Ok(report) }
}

fn not_ours(entry: &PillarEntry, component: &Name) -> Error {
    let why = format!(
        "{} is not a service that create made. This destroys a component of the pillar: ",
        entry.service
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
