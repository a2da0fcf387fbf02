//! One change of an entry of the pillar, from its check to the disk.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::command_line::option;
use crate::decide::listed_briefly;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::host::{CompiledPillar, Host, PillarPlace};
use crate::lock::file::{FileLockGuard, acquire_reporting};
use crate::lock::{Holder, Waiting};
use crate::model::pillar_entry::{ENTRIES, is_same};
use crate::model::{self, Draft, Name, PillarEntry, PillarPath, Problem};
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::call::Call;
use crate::operation::session::driver;
use crate::operation::store::lock_service::caller;
use crate::operation::store::pillar_entries::PillarEntries;
use crate::report::Report;
use crate::words::{Words, words};

/// How an entry changes. The texts are those of its file.
pub(super) struct EntryChange {
    pub file: PathBuf,
    pub before: Option<String>,
    pub after: Option<String>,
    pub written: bool,
}

impl EntryChange {
    /// The report shows the change, whatever came of it.
    pub fn shown(&self, mut report: Report) -> Report {
        let change = match (&self.before, &self.after) {
            (None, _) => "new",
            (Some(_), None) => "removed",
            (before, after) if before == after => "unchanged",
            _ => "changed",
        };
        let Self { file, before, after, written } = self;
        let value = json!({
            "file": file, "change": change, "before": before, "after": after, "written": written,
        });
        report.extra.insert("pillar_entry".to_owned(), value);
        report
    }

    /// A line for the audit log.
    pub fn audited(&self, did: &str, by: &Holder) -> Value {
        json!({ "did": did, "file": self.file, "before": self.before, "after": self.after, "by": by })
    }
}

/// The component that the service becomes.
pub(super) fn component(service: &Name) -> Result<Name> {
    let refuse = |reason: String| Err(argument("service", format!("{:?} {reason}", service.as_str())));
    Name::new(&model::component_name(service.as_str())).or_else(refuse)
}

/// A problem of one argument, as an error.
pub(super) fn argument(key: &str, message: impl Into<Words>) -> Error {
    model::refusal(vec![Problem::new(&PillarPath::arguments().child(key), message)])
}

pub(super) fn place(host: &dyn Host) -> Result<PillarPlace> {
    host.pillar_place().map_err(|why| {
        let message = format!("the pillar cannot be written here: {why}");
        let remedy = "call it on the master, which has the files of the pillar";
        Error::new(Layer::Salt, Phase::Validation, Code::PillarEntryRefused, message, remedy)
    })
}

/// Holds the lock of all entries. What killed calls have left is then gone.
pub(super) fn lock(
    call: &Call<'_>,
    builder: &ReportBuilder,
    draft: &Draft,
    entries: &PillarEntries,
) -> Result<FileLockGuard> {
    entries.make_folder()?;
    let (path, holder, timeout) = (entries.lock(), caller(builder), draft.settings.lock_timeout);
    let guard = driver::with_host(call, builder, &draft.environment, async |channel, cancel| {
        let waits = |holder: &Holder| channel.say(&format!("waits for the entries of the pillar: {holder}"));
        acquire_reporting(&path, &holder, timeout, &cancel, &mut Waiting::new(&waits)).await
    })??;
    entries.repair()?;
    Ok(guard)
}

/// The pillar as it is now, after a wait for the lock.
pub(super) fn now(host: &dyn Host) -> Result<Value> {
    compiled(host, None)
}

/// `folder`: another content of the entries.
fn compiled(host: &dyn Host, folder: Option<&Path>) -> Result<Value> {
    let CompiledPillar { infrastructure, problems } = host.compile_pillar(folder).map_err(not_compiled)?;
    match problems.as_slice() {
        [] => Ok(infrastructure),
        [first, ..] => Err(not_compiled(first.clone())),
    }
}

/// Compiles the pillar with the changed entry, before any other minion can see it. It must be exactly the expected one.
pub(super) fn check(
    call: &Call<'_>,
    entries: &PillarEntries,
    entry: &PillarEntry,
    after: Option<&str>,
    before_and_expected: [&Value; 2],
) -> Result<()> {
    expect(call, &compiled(call.host, Some(entries.staged(entry, after)?.path()))?, before_and_expected)
}

/// The compiled pillar must be exactly the expected one.
pub(super) fn expect(call: &Call<'_>, found: &Value, [before, expected]: [&Value; 2]) -> Result<()> {
    if is_same(found, expected) {
        return Ok(());
    }
    Err(match is_same(found, before) {
        true => not_in_top(&call.request.identity.minion),
        false => {
            let message = words!["the entry would change more than itself: ", differences(found, expected)];
            let remedy = "nothing was written. The option pillar_source_merging_strategy of the master must be smart \
                          or recurse, and no other file of the pillar may set the same keys";
            Error::new(Layer::Salt, Phase::Validation, Code::PillarEntryRefused, message, remedy)
        }
    })
}

/// The pillar without the entry, whatever other files say at its place.
pub(super) fn without_entry(call: &Call<'_>, entries: &PillarEntries, entry: &PillarEntry) -> Result<Value> {
    compiled(call.host, Some(entries.staged(entry, None)?.path()))
}

fn not_compiled(why: String) -> Error {
    let message = words!["Salt cannot compile the pillar with the entry: ", why];
    let remedy = "nothing was written. Correct that file of the pillar, and call it again";
    Error::new(Layer::Salt, Phase::Validation, Code::PillarEntryRefused, message, remedy)
}

fn not_in_top(minion: &str) -> Error {
    let message = format!("top.sls does not give {ENTRIES} to {minion}, so no run would see the entry");
    let remedy = Words::own(format!(
        "nothing was written. Add this to top.sls, and call it again: base: {{'{minion}': [{ENTRIES}]}}"
    ));
    Error::new(Layer::Salt, Phase::Validation, Code::PillarEntryRefused, message, remedy)
}

/// The keys at the top of both that differ.
fn differences(found: &Value, expected: &Value) -> Words {
    let keys =
        |value: &Value| value.as_object().into_iter().flat_map(|map| map.keys().cloned()).collect::<Vec<_>>();
    let mut all = [keys(found), keys(expected)].concat();
    all.sort();
    all.dedup();
    all.retain(|key| found.get(key) != expected.get(key));
    listed_briefly(&all.iter().map(|key| format!("infrastructure:{key}")).collect::<Vec<_>>())
}

/// The service is in the pillar without Eos.
pub(super) fn refuse_elsewhere(before: &Value, entry: &PillarEntry) -> Result<()> {
    let (draft, _) = model::read(before, entry.environment.as_str(), &model::Overrides::default());
    let component = entry.component_or_name();
    match draft.is_some_and(|draft| draft.mentioned.contains(&component)) {
        true => Err(argument(
            "service",
            format!("{} is in the pillar already, and Eos did not write it: change it there", entry.name),
        )),
        false => Ok(()),
    }
}

pub(super) fn not_confirmed(entry: &PillarEntry, doing: &str) -> Error {
    let confirm = option("confirm", &entry.environment);
    argument("confirm", format!("is missing: set {confirm} to {doing} {}", entry.name))
}

/// Commits the change in the checkout of the pillar. Nothing is deployed.
pub(super) fn committed(
    host: &dyn Host,
    entry: &PillarEntry,
    doing: &str,
    mut report: Report,
) -> Result<Report> {
    let message = format!("{doing} the {} {} of {}", entry.kind.word(), entry.name, entry.environment);
    let commit = host.commit_pillar(&message).map_err(|why| {
        let message = words!["the entry is written, and git cannot commit it: ", why];
        let remedy = "correct that in the checkout of the pillar, and call it again";
        Error::new(Layer::Host, Phase::Application, Code::PillarEntryRefused, message, remedy)
    })?;
    report.extra.insert("pillar_commit".to_owned(), commit);
    Ok(report)
}

/// The folder of the pillar in which Eos may write.
pub(super) fn root(place: &PillarPlace) -> Result<&Path> {
    place.root.as_deref().ok_or_else(|| {
        let message = "no folder of this host has a top.sls of the pillar".to_owned();
        let remedy = "nothing was written. The option pillar_roots of the master must name it";
        Error::new(Layer::Salt, Phase::Validation, Code::PillarEntryRefused, message, remedy)
    })
}
