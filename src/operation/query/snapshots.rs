//! The snapshots of an environment's components, and the configurations to which they can be rolled back.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::decide::Baseline;
use crate::error::Result;
use crate::model::{self, Draft, Name, PillarPath, Problem, nearest};
use crate::operation::blueprint::draft;
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::operation::store::shared_records;
use crate::record::Record;
use crate::report::Report;
use crate::snapshot::SnapshotStore;
use crate::workdir::Layout;

pub fn snapshots(call: &Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let environment = arguments.environment();
    let components = arguments.named_among("components", || everything(call, &environment));
    arguments.value("minion");
    let builder = ReportBuilder::new("snapshots", environment.as_str(), false, &call.request.identity);
    let found = arguments.check().and_then(|()| list(&draft(&call.request, &environment)?, components));
    match found {
        Ok(found) => {
            builder.answer(BTreeMap::new(), BTreeMap::from([("snapshots".to_owned(), found.into())]))
        }
        Err(error) => builder.failed(error),
    }
}

fn list(draft: &Draft, named: Option<BTreeSet<Name>>) -> Result<Vec<Value>> {
    let layout = Layout::new(&draft.settings.root, &draft.environment)?;
    let mut torn = shared_records::fetch(&draft.settings, &draft.environment)?;
    let there = components(&layout, draft);
    if let Some(named) = &named {
        refuse_unknown(draft, named, &there)?;
    }
    let mut shown = Vec::new();
    for name in there.iter().filter(|name| named.as_ref().is_none_or(|named| named.contains(*name))) {
        let paths = match layout.component(name) {
            Ok(paths) => paths,
            Err(error) => {
                shown.push((String::new(), json!({ "component": name, "snapshot_id": "", "error": error })));
                continue;
            }
        };
        let record = torn.remove(name).map_or_else(|| Record::read(&paths.record()), Err);
        let store = SnapshotStore::new(paths.snapshots());
        let ids = store.list();
        // Without the record the snapshots are shown, but not which of them is known good.
        for error in [record.as_ref().err(), ids.as_ref().err()].into_iter().flatten() {
            shown.push((String::new(), json!({ "component": name, "snapshot_id": "", "error": error })));
        }
        let baseline = record.ok().flatten().map(|record| record.baseline()).unwrap_or_default();
        for id in ids.unwrap_or_default() {
            shown.push((id.clone(), one(&store, name, &id, &baseline)));
        }
    }
    shown.sort_by(|(a, _), (b, _)| b.cmp(a));
    Ok(shown.into_iter().map(|(_, one)| one).collect())
}

/// A snapshot that cannot be read is shown with its error, and the others are shown too.
fn one(store: &SnapshotStore, component: &Name, id: &str, baseline: &Baseline) -> Value {
    let snapshot = match store.read(id) {
        Ok(snapshot) => snapshot,
        Err(error) => return json!({ "component": component, "snapshot_id": id, "error": error }),
    };
    let is = |remembered: &Option<String>| {
        snapshot.configuration.is_some() && snapshot.configuration == *remembered
    };
    let mut shown = json!(snapshot);
    shown["component"] = json!(component);
    shown["known_good"] = is(&baseline.known_good).into();
    shown["applied"] = is(&baseline.applied).into();
    shown
}

/// The names that a pattern may mean. If the pillar cannot be read, [`list`] says why.
fn everything(call: &Call<'_>, environment: &Name) -> Option<Vec<Name>> {
    let draft = draft(&call.request, environment).ok()?;
    let layout = Layout::new(&draft.settings.root, &draft.environment).ok()?;
    Some(components(&layout, &draft).into_iter().collect())
}

/// The components of the pillar, and those that were removed from it.
fn components(layout: &Layout, draft: &Draft) -> BTreeSet<Name> {
    let folders = std::fs::read_dir(layout.components()).into_iter().flatten().flatten();
    let found = folders.filter_map(|entry| Name::new(&entry.file_name().to_string_lossy()).ok());
    draft.components.keys().cloned().chain(found).collect()
}

/// Refuses names of components that do not exist.
pub(super) fn refuse_unknown(draft: &Draft, named: &BTreeSet<Name>, there: &BTreeSet<Name>) -> Result<()> {
    let path = PillarPath::arguments().child("components");
    let problem = |name: &Name| {
        let hint = nearest(name.as_str(), there.iter().map(Name::as_str))
            .map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
        Problem::new(&path, format!("no component {:?} in {}{hint}", name.as_str(), draft.environment))
    };
    let problems: Vec<_> = named.difference(there).map(problem).collect();
    match problems.is_empty() {
        true => Ok(()),
        false => Err(model::refusal(problems)),
    }
}
