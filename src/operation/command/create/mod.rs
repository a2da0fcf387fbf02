//! Creates a service: its entry in the pillar, and its deployment.
//!
//! Knows the order: compare, check, plan, write, deploy. Must not know how an entry is written, nor how a component is
//! deployed. In: a service. Out: the report of a run, the change of the pillar, and the URLs that answer.

mod given;
pub(super) mod urls;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use self::given::Given;
use self::urls::urls;
use super::entry_change::{
    EntryChange, argument, check, committed, component, lock, not_confirmed, now, place, refuse_elsewhere,
    root,
};
use super::requests;
use crate::error::Result;
use crate::host::{PillarPlace, PillarWrite};
use crate::model::{Name, PillarEntry};
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
use crate::words::words;
use crate::workdir::Layout;

pub const OPERATION: &str = "create";

/// A checked call.
struct Wanted {
    entry: PillarEntry,
    component: Name,
    given: Given,
    test: bool,
    confirmed: bool,
}

impl Wanted {
    /// The service, with the file of its template if it has one.
    fn service(&self, entries: &PillarEntries) -> Map<String, Value> {
        let mut service = self.given.service.clone();
        if let Some(text) = &self.given.template {
            let path = entries.template(&self.entry, text);
            service.insert("template".to_owned(), path.to_string_lossy().into());
        }
        service
    }

    fn write_template(&self, entries: &PillarEntries) -> Result<()> {
        match &self.given.template {
            Some(text) => write_template(&entries.template(&self.entry, text), text),
            None => Ok(()),
        }
    }

    fn is_in(&self, infrastructure: &Value, service: &Map<String, Value>) -> bool {
        self.entry.find(infrastructure).and_then(Value::as_object) == Some(service)
    }
}

pub fn create(mut call: Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let environment = arguments.environment();
    let name = arguments.name("service");
    let given = given::service(&mut arguments);
    let test = arguments.test(&call.request.identity);
    let confirmed = arguments.confirmed(Some(&environment));
    arguments.value("minion");
    let builder = ReportBuilder::new(OPERATION, environment.as_str(), test, &call.request.identity);
    let made = arguments.check().and_then(|()| {
        let component = component(&name)?;
        let entry = PillarEntry::service(environment, name);
        let wanted = Wanted { entry, component, given, test, confirmed };
        let draft = sound(&call.request, &wanted.entry.environment)?;
        let place = place(call.host)?;
        match place.write {
            PillarWrite::Direct | PillarWrite::Branch => {
                let commits = place.write == PillarWrite::Branch;
                if commits {
                    refuse_template(&wanted, &place)?;
                }
                let entries = PillarEntries::below(root(&place)?);
                let held = match test {
                    true => None,
                    false => Some(lock(&call, &builder, &draft, &entries)?),
                };
                let layout = Layout::new(&draft.settings.root, &draft.environment)?;
                let next = written(&mut call, &builder, &wanted, &entries, &layout, commits)?;
                let report = match next {
                    Next::Deploy(change) => {
                        // From here on, others may write.
                        drop(held);
                        change.shown(deployed(&call, &wanted))
                    }
                    Next::Commit(change, plan) => {
                        committed(call.host, &wanted.entry, "Create", change.shown(plan))?
                    }
                    Next::End(report) => report,
                };
                if report.run_kept {
                    run_log::complete(call.host, &layout, &report);
                }
                Ok(report)
            }
            PillarWrite::Print => printed(&mut call, &wanted, &place),
        }
    });
    made.unwrap_or_else(|error| builder.failed(error))
}

enum Next {
    Deploy(EntryChange),
    Commit(EntryChange, Report),
    End(Report),
}

/// Writes the entry, unless it is there already. A plan comes first, so nothing is written that cannot be deployed.
fn written(
    call: &mut Call<'_>,
    builder: &ReportBuilder,
    wanted: &Wanted,
    entries: &PillarEntries,
    layout: &Layout,
    commits: bool,
) -> Result<Next> {
    let entry = &wanted.entry;
    let (before, service) = (entries.read(entry)?, wanted.service(entries));
    let text = pillar_entry::entry(entry, &service);
    let mut change =
        EntryChange { file: entries.path(entry), before, after: Some(text.clone()), written: false };
    let is_there = change.before == change.after;
    if is_there && !commits && wanted.is_in(&call.request.infrastructure, &service) {
        return Ok(match wanted.test {
            true => Next::End(change.shown(planned(call, wanted))),
            false => Next::Deploy(change),
        });
    }
    // Another call may have written it since the pillar of this one was compiled.
    let pillar = if wanted.test && !commits { call.request.infrastructure.clone() } else { now(call.host)? };
    let without = if change.before.is_some() { entry.take(&pillar) } else { pillar.clone() };
    refuse_elsewhere(&without, entry)?;
    let expected = entry.put(&without, &service);
    check(call, entries, entry, Some(&text), [&pillar, &expected])?;
    let is_update = change.before.is_some() && !is_there;
    // What is committed is confirmed by those who merge it.
    if is_update && !wanted.test && !wanted.confirmed && !commits {
        let refused = ReportBuilder::new(OPERATION, entry.environment.as_str(), false, &builder.identity);
        return Ok(Next::End(change.shown(refused.failed(not_confirmed(entry, "update")))));
    }
    // A plan needs the template in a file, and nothing is in the pillar yet.
    let scratch = scratch()?;
    let elsewhere = PillarEntries::below(scratch.path());
    wanted.write_template(&elsewhere)?;
    call.request.infrastructure = entry.put(&without, &wanted.service(&elsewhere));
    let plan = planned(call, wanted);
    let fails = plan.error.is_some() || plan.components.values().any(|one| one.status == Status::Failed);
    if wanted.test || fails {
        return Ok(Next::End(change.shown(plan)));
    }
    // It is recorded first: no entry changes without a trace.
    audit::note(layout, &change.audited(OPERATION, &caller(builder)))?;
    wanted.write_template(entries)?;
    entries.put(entry, &text)?;
    change.written = true;
    call.request.infrastructure = expected;
    Ok(if commits { Next::Commit(change, plan) } else { Next::Deploy(change) })
}

/// Shows what a person has to save. Once the pillar has it, the same call deploys it.
fn printed(call: &mut Call<'_>, wanted: &Wanted, place: &PillarPlace) -> Result<Report> {
    refuse_template(wanted, place)?;
    let (entry, pillar, service) =
        (&wanted.entry, call.request.infrastructure.clone(), &wanted.given.service);
    let file: PathBuf = Path::new("infrastructure/eos").join(entry.file());
    let text = Some(pillar_entry::stamped(&pillar_entry::entry(entry, service)));
    if wanted.is_in(&pillar, service) {
        let change = EntryChange { file, before: text.clone(), after: text, written: false };
        let report = if wanted.test { planned(call, wanted) } else { deployed(call, wanted) };
        return Ok(change.shown(report));
    }
    if entry.find(&pillar).is_none() {
        refuse_elsewhere(&pillar, entry)?;
    }
    call.request.infrastructure = entry.put(&pillar, service);
    let change = EntryChange { file, before: None, after: text, written: false };
    let mut report = change.shown(planned(call, wanted));
    if report.error.is_none() {
        let [sls, because] = [entry.sls(), place.because.clone()];
        report.extra.insert("pillar_print".to_owned(), json!({ "include": sls, "because": because }));
    }
    Ok(report)
}

/// The template is a file beside the entry, whose path only the folder in force has.
fn refuse_template(wanted: &Wanted, place: &PillarPlace) -> Result<()> {
    if wanted.given.template.is_none() {
        return Ok(());
    }
    let message = words![
        "cannot be given, because ",
        place.because.clone(),
        ". Save the job in the file_roots, and name it in the pillar by the key template of a service"
    ];
    Err(argument("job", message))
}

fn planned(call: &Call<'_>, wanted: &Wanted) -> Report {
    in_mode(call, wanted, true)
}

fn deployed(call: &Call<'_>, wanted: &Wanted) -> Report {
    let mut report = in_mode(call, wanted, false);
    if report.result == Some(true) {
        let environment = wanted.entry.environment.as_str();
        let builder = ReportBuilder::new(OPERATION, environment, false, &call.request.identity);
        let urls = urls(call, &builder, &wanted.entry, &wanted.component);
        report.extra.insert("urls".to_owned(), urls.into());
    }
    report
}

fn in_mode(call: &Call<'_>, wanted: &Wanted, test: bool) -> Report {
    let (environment, component) = (wanted.entry.environment.clone(), wanted.component.clone());
    run::run(call, requests::creation(OPERATION, environment, component, test))
}
