//! Components that have resources but were removed from the pillar.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::command_line::command;
use crate::count::counted;
use crate::error::{Code, Result};
use crate::model::{self, Blueprint, Draft, Name, Overrides, Problem};
use crate::record::{self, Record};
use crate::report::{ComponentReport, Status};
use crate::words::{Words, words};
use crate::workdir::{ComponentPaths, Layout, read_json};

/// A report for each of them. They are not changed.
pub fn report(blueprint: &Blueprint, layout: &Layout) -> Result<BTreeMap<Name, ComponentReport>> {
    let gone = all(layout, |name| blueprint.nodes.contains_key(name))?;
    let reports = gone.into_iter().map(|(name, record)| {
        let mut report = ComponentReport::new(Status::Orphaned, Code::GoneFromThePillar);
        let note = record.map(|record| describe(&blueprint.environment, &name, record));
        report.notes.push(note.unwrap_or_else(|error| error.to_string().into()));
        (name, report)
    });
    Ok(reports.collect())
}

/// What a call is told that names a component which left the pillar and still has resources.
pub fn refusal(blueprint: &Blueprint, name: &Name) -> Option<Words> {
    let mut gone = report(blueprint, &Layout::of(blueprint).ok()?).ok()?;
    let notes = gone.remove(name)?.notes;
    let mut notes = notes.into_iter();
    let first = words![name, " is not in the pillar any more: ", notes.next()?];
    Some(notes.fold(first, |all, note| words![all, "; ", note]))
}

fn describe(environment: &Name, name: &Name, record: Record) -> Words {
    let edges: Vec<_> = record.edges.into_iter().collect();
    let needs = if edges.is_empty() { "nothing".to_owned() } else { edges.join(", ") };
    let destroy = command("destroy").of(environment).with("components", name).with("confirm", environment);
    let resources = counted(record.resources, "resource");
    words![format!("it has {resources}, and depended on {needs}; "), destroy, " destroys it"]
}

/// Adds all of them if `named` has one, so that it can be destroyed: with their last applied configurations.
pub(super) fn adopt(
    draft: &mut Draft,
    named: &BTreeSet<Name>,
    overrides: &Overrides,
) -> Result<Vec<Problem>> {
    if named.is_subset(&draft.mentioned) {
        return Ok(Vec::new());
    }
    let layout = Layout::new(&draft.settings.root, &draft.environment)?;
    let gone = all(&layout, |name| draft.mentioned.contains(name))?;
    let known: BTreeSet<Name> = draft.mentioned.iter().chain(gone.keys()).cloned().collect();
    let mut problems = Vec::new();
    for (name, record) in gone {
        let paths = layout.component(&name)?;
        // Without its module nothing can run. The call then reports that there is no such component.
        if paths.module().is_dir() {
            match record.and_then(|record| last_applied(record, &paths, &known)) {
                Ok(declared) => problems.extend(model::adopt(draft, name, &declared, overrides)),
                Err(error) if named.contains(&name) => return Err(error.of(&name)),
                // It is not changed, and `report` gives its error.
                Err(_) => {}
            }
        }
    }
    Ok(problems)
}

/// A component whose record cannot be read may have resources.
fn all(layout: &Layout, in_pillar: impl Fn(&Name) -> bool) -> Result<BTreeMap<Name, Result<Record>>> {
    let may_have = |record: &Result<Record>| record.as_ref().map_or(true, |record| record.resources > 0);
    let records = record::all(&layout.components())?;
    Ok(records.into_iter().filter(|(name, record)| may_have(record) && !in_pillar(name)).collect())
}

const VALUES: &str = "restore it from a backup: it contains the values of the component's last apply";

/// Its own workdir is its module's source. Stored values are used as they were.
fn last_applied(record: Record, paths: &ComponentPaths, known: &BTreeSet<Name>) -> Result<Value> {
    let values: Map<String, Value> = read_json(&paths.variables(), VALUES)?.unwrap_or_default();
    let mut declared = record.declared;
    let subdir = if record.subdir.is_empty() { String::new() } else { format!("//{}", record.subdir) };
    declared.insert("source".to_owned(), format!("{}{subdir}", paths.module().display()).into());
    declared.remove("template");
    declared.remove("enabled");
    let edges: Vec<_> =
        record.edges.into_iter().filter(|edge| known.iter().any(|name| name.as_str() == edge)).collect();
    declared.insert("depends_on".to_owned(), edges.into());
    for map in ["from_outputs", "secrets"] {
        if let Some(Value::Object(inputs)) = declared.get_mut(map) {
            inputs.retain(|variable, _| !values.contains_key(variable));
        }
    }
    declared.insert("variables".to_owned(), values.into());
    Ok(declared.into())
}
