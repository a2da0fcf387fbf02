//! Drift: changes that were made outside of Terraform, in an environment or in one of its components.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::failed_checks;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::lock::file::{self, FileLockGuard};
use crate::model::{Name, Overrides};
use crate::operation::announce::tell_died;
use crate::operation::blueprint::prepared::AppliedConfigurations;
use crate::operation::blueprint::{draft, gone, prepare, select};
use crate::operation::component::drift::{DriftCheckKind, check};
use crate::operation::component::drift_baseline::begin_checks;
use crate::operation::request::answer::{ReportBuilder, shape};
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::operation::request::question::Question;
use crate::operation::runtime::runtime;
use crate::operation::session::{JournalHandle, Session, driver};
use crate::operation::store::lock_service::caller;
use crate::operation::store::shared_records;
use crate::report::{ComponentReport, Report};
use crate::view::progress::Stage;
use crate::workdir::{Layout, ensure_private};

pub fn drift(call: &Call<'_>) -> Report {
    environment(call, "drift", DriftCheckKind::Once)
}

/// The function for a schedule.
pub fn sync_states(call: &Call<'_>) -> Report {
    environment(call, "sync_states", DriftCheckKind::Scheduled)
}

fn environment(call: &Call<'_>, operation: &str, kind: DriftCheckKind) -> Report {
    report(call, operation, Question::new(Arguments::new(&call.request)), kind)
}

/// The function of the execution module, for one component. The drift is added to the keys of the report.
pub fn detect_drift(call: &Call<'_>) -> Value {
    let mut arguments = Arguments::new(&call.request);
    let component = arguments.name("component");
    let question = Question::of_component(&component, arguments);
    let report = report(call, "drift", question, DriftCheckKind::Once);
    let mut value = shape(report);
    let found = value["components"][component.as_str()].take();
    for key in ["status", "reason"] {
        value[key] = found[key].clone();
    }
    for key in ["drift_detected", "drift_id", "configuration_changed", "changes"] {
        value[key] = found["drift"][key].clone();
    }
    if value["changes"].is_null() {
        value["changes"] = json!([]);
    }
    if value["error"].is_null() {
        value["error"] = found["error"].clone();
    }
    value["components"][component.as_str()] = found;
    value
}

fn report(call: &Call<'_>, operation: &str, question: Question, kind: DriftCheckKind) -> Report {
    let builder = question.report_builder(operation, &call.request.identity);
    match find(call, &builder, question, kind) {
        Ok(Found { components, pending }) => {
            let detected = components.values().flat_map(|one| &one.drift).any(|drift| drift.drift_detected);
            let extra = [("drift_detected", detected.into()), ("pending", json!(pending))];
            builder.found(components, extra.map(|(key, value)| (key.to_owned(), value)).into())
        }
        Err(error) => {
            let report = builder.failed(error);
            if kind == DriftCheckKind::Scheduled {
                failed_checks::alert(call, &report);
            }
            report
        }
    }
}

struct Found {
    components: BTreeMap<Name, ComponentReport>,
    /// Components of the pillar with a change that is not applied yet and is not drift.
    pending: BTreeSet<Name>,
}

fn find(call: &Call<'_>, builder: &ReportBuilder, question: Question, kind: DriftCheckKind) -> Result<Found> {
    let Question { environment, components, problems } = question;
    let overrides = Overrides::default();
    // A component that was removed from the pillar is checked if the call names it.
    let past = AppliedConfigurations { gone: components.as_ref(), ..AppliedConfigurations::NONE };
    let prepared = prepare(call, &environment, &overrides, problems, past)?;
    let blueprint = &prepared.blueprint;
    let layout = Layout::of(blueprint)?;
    layout.refuse_read_only("store the plan of a drift check below")?;
    begin_checks(&layout)?;
    let _alone = match kind {
        DriftCheckKind::Scheduled => Some(alone(&layout, builder)?),
        DriftCheckKind::Once => None,
    };
    if kind == DriftCheckKind::Scheduled {
        tell_died(call, &blueprint.settings, &layout, &environment);
    }
    shared_records::fetch(&blueprint.settings, &environment)?;
    let orphans = match &components {
        None => gone::report(blueprint, &layout)?,
        Some(_) => BTreeMap::new(),
    };
    let selected = select(blueprint, components, false)?;
    let shown = selected.clone();
    let checked: Vec<_> = selected.iter().map(|name| blueprint.nodes[name].component.clone()).collect();
    let journal_handle = JournalHandle::default();
    let found = driver::in_session(
        call,
        builder,
        prepared,
        journal_handle,
        &shown,
        async move |session: &Session| Ok(all(session, &selected, kind).await),
    );
    layout.remove_run(&builder.run_id);
    let mut found = found?;
    if kind == DriftCheckKind::Scheduled {
        for component in &checked {
            let paths = layout.component(&component.name)?;
            let Some(report) = found.get(&component.name) else { continue };
            failed_checks::count(call, (&environment, &builder.run_id), component, &paths, report)?;
        }
    }
    found.extend(orphans);
    let pillar = draft(&call.request, &environment)?;
    let waits = |one: &ComponentReport| {
        one.reason == Some(Code::Pending)
            || one.drift.as_ref().is_some_and(|drift| drift.configuration_changed)
    };
    let pending = found.iter().filter(|(name, one)| waits(one) && pillar.mentioned.contains(*name));
    let pending = pending.map(|(name, _)| name.clone()).collect();
    Ok(Found { components: found, pending })
}

/// Scheduled checks of an environment never overlap: a check that is still running refuses the next one.
fn alone(layout: &Layout, builder: &ReportBuilder) -> Result<FileLockGuard> {
    let path = layout.drift_check_lock();
    ensure_private(&layout.control())?;
    let taken = runtime()?.block_on(file::acquire_now(&path, &caller(builder)));
    taken.map_err(|error| match error.code {
        Code::Locked => {
            let since = file::holder(&path).ok().flatten().map(|one| one.since).unwrap_or_default();
            let message = format!("the drift check before this one is still running, since {since}");
            let remedy = "nothing was checked twice. If checks overlap often, check less often";
            Error::new(Layer::Host, Phase::Preparation, Code::Busy, message, remedy)
        }
        _ => error,
    })
}

/// Checks them in no order, since nothing is changed, but within the limits on parallel work.
async fn all(
    session: &Session,
    names: &BTreeSet<Name>,
    kind: DriftCheckKind,
) -> BTreeMap<Name, ComponentReport> {
    let settings = &session.blueprint.settings;
    let rooms: Vec<_> =
        settings.concurrency.iter().map(|(provider, most)| (provider, Semaphore::new(most.get()))).collect();
    let rooms = &rooms;
    let checks = futures_util::stream::iter(names).map(async |name| {
        let interface = &session.blueprint.nodes[name].interface;
        let mut taken = Vec::new();
        // Always in the same order, so that two tasks never wait for each other.
        for (_, room) in rooms.iter().filter(|(provider, _)| interface.uses(provider)) {
            taken.push(room.acquire().await);
        }
        let began = Instant::now();
        let report = check(session, name, kind).await;
        let report = ComponentReport { duration: began.elapsed().as_secs_f64(), ..report };
        let (status, seconds) = (report.status, report.duration);
        session.call.channel.show(name, Stage::Finished { status, changes: report.changes, seconds });
        (name.clone(), report)
    });
    checks.buffer_unordered(settings.parallelism.get()).collect().await
}
