//! Shows who holds which lock, and releases a lock whose holder is gone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::command_line::command;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::lock::{HeldLock, Holder, LockService};
use crate::model::{Draft, Name, nearest};
use crate::operation::blueprint::draft;
use crate::operation::request::answer::{ReportBuilder, shape};
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::operation::runtime::runtime;
use crate::operation::store::lock_service::service;
use crate::operation::store::{audit, held_locks};
use crate::report::Report;
use crate::words::words;
use crate::workdir::Layout;

/// Every lock of the environment that is held now: on this host or, with Consul, on any host.
pub fn locks(call: &Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let environment = arguments.environment();
    arguments.value("minion");
    let builder = ReportBuilder::new("locks", environment.as_str(), false, &call.request.identity);
    let held = arguments
        .check()
        .and_then(|()| runtime()?.block_on(held_locks::held(&draft(&call.request, &environment)?)));
    match held {
        Ok(held) => builder.answer(BTreeMap::new(), BTreeMap::from([("locks".to_owned(), json!(held))])),
        Err(error) => builder.failed(error),
    }
}

/// The answer to a call that wants to take a lock by itself.
pub(super) fn taken_by_each_run(call: &Call<'_>) -> Value {
    let message = "no call takes a lock: each run takes the lock of each of its components and releases it";
    let remedy = words![
        "call apply or orchestrate; ",
        command("locks").here(),
        " shows who holds a lock, and ",
        command("unlock").here().with("component", "COMPONENT").with("id", "ID"),
        " frees one whose holder is gone"
    ];
    let error = Error::new(Layer::Salt, Phase::Validation, Code::Invalid, message, remedy);
    shape(ReportBuilder::new("acquire_terraform_lock", "", false, &call.request.identity).failed(error))
}

/// Releases the lock that `id` still holds, and records who released it.
pub fn unlock(call: &Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let environment = arguments.environment_in_the_call().unwrap_or_else(Arguments::placeholder);
    let shown = command("locks").here();
    let missing =
        words!["is missing: ", shown.clone(), " shows the locks, each with its component and its id"];
    let (names_one, component) = (arguments.gives("component"), arguments.name_or("component", missing));
    let id = arguments.text("id");
    if id.is_none() && names_one {
        arguments.problem("id", words!["is missing: ", shown, " shows it"]);
    }
    arguments.value("minion");
    let builder = ReportBuilder::new("unlock", environment.as_str(), false, &call.request.identity);
    let id = id.unwrap_or_default();
    let freed = arguments
        .check()
        .and_then(|()| free(&draft(&call.request, &environment)?, &component, &id, &builder));
    match freed {
        Ok(holder) => {
            call.host.log(tracing::Level::WARN, &format!("the lock of {component} was taken from {holder}"));
            let extra = BTreeMap::from([("freed".to_owned(), json!(holder))]);
            builder.answer(BTreeMap::new(), extra)
        }
        Err(error) => builder.failed(error),
    }
}

fn free(draft: &Draft, component: &Name, id: &str, builder: &ReportBuilder) -> Result<Holder> {
    let held = runtime()?.block_on(held_locks::held(draft))?;
    let service = service(&draft.settings)?;
    let Some(lock) = held.iter().find(|lock| lock.component == component.as_str()) else {
        return Err(not_held(draft, component, &held, matches!(service, LockService::Consul(_))));
    };
    let LockService::Consul(consul) = service else { return Err(is_a_file(lock)) };
    let by = Holder {
        run_id: builder.run_id.clone(),
        jid: builder.identity.jid.clone(),
        user: builder.identity.user.clone(),
        operation: "unlock".to_owned(),
        environment: draft.environment.to_string(),
        component: component.to_string(),
        ..Holder::here()
    };
    // It is recorded first: no lock is released without a trace.
    let layout = Layout::new(&draft.settings.root, &draft.environment)?;
    audit::note(&layout, &json!({ "did": "unlock", "id": id, "by": by }))?;
    runtime()?.block_on(consul.unlock(&by, id))
}

fn not_held(draft: &Draft, component: &Name, held: &[HeldLock], in_consul: bool) -> Error {
    let environment = &draft.environment;
    let held_by = held.iter().map(|lock| lock.component.as_str());
    let known: BTreeSet<_> = draft.mentioned.iter().map(Name::as_str).chain(held_by).collect();
    let near =
        nearest(component.as_str(), known.iter().copied()).filter(|_| !known.contains(component.as_str()));
    let near = near.map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
    let message = format!("no lock of {:?} is held in {environment}{near}", component.as_str());
    let (code, purpose) = match in_consul {
        true => (Code::NotThatLock, "unlock frees a lock in Consul whose holder no longer exists"),
        false => (
            Code::LockIsAFile,
            "unlock is for locks in Consul. The locks here are files: a lock is free when the processes of its run \
             have ended",
        ),
    };
    let each: Vec<_> = held.iter().map(|lock| format!("{} (id {})", lock.component, lock.id)).collect();
    let now = match each.is_empty() {
        true => format!("nothing is locked in {environment} now"),
        false => format!("locked in {environment} now: {}", each.join(", ")),
    };
    Error::new(Layer::Host, Phase::Preparation, code, message, format!("{purpose}. {now}"))
        .with(json!({ "held": held }))
}

fn is_a_file(HeldLock { key, environment, component, holder, .. }: &HeldLock) -> Error {
    let message = format!(
        "{holder} holds the lock of {component}, which is the file {key}: it is free when the processes of this run \
         have ended"
    );
    let remedy = words![
        "stop the run with ",
        holder.cancelled_by(),
        "; ",
        command("locks").of(environment),
        " shows its process and its terraform"
    ];
    Error::new(Layer::Host, Phase::Preparation, Code::LockIsAFile, message, remedy)
}
