//! Which components a branch or a time affects: those that have changed, and all that depend on them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use super::made_from::MadeFrom;
use super::slice::PillarSlice;
use crate::command_line::command;
use crate::decide::is_id;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{Blueprint, Component, Name, Source};
use crate::operation::blueprint::prepared::Prepared;
use crate::operation::request::call::Call;
use crate::operation::store::keyed_digest::DigestKey;
use crate::operation::store::run_log;
use crate::report::Status;
use crate::resolve;
use crate::words::{Words, words};
use crate::workdir::{Layout, ensure_lasting};

/// The result of the comparison.
pub struct Affected {
    /// The commit or the run, as people read it.
    since: String,
    /// The number of components that were compared.
    of: usize,
    /// Why each is affected.
    why: BTreeMap<Name, String>,
    /// Those that are no longer in the pillar.
    removed: Vec<Name>,
    /// What could not be compared.
    notes: Vec<String>,
}

/// How it was before.
struct Before {
    since: String,
    components: BTreeMap<Name, MadeFrom>,
    /// Components that count as changed, whatever they are made from, and why.
    suspect: BTreeMap<Name, String>,
    /// What a component without an earlier description is.
    absent: &'static str,
    notes: Vec<String>,
}

/// Compares the components `among` with a commit of git, or with the run of this id.
pub fn affected(
    call: &Call<'_>,
    prepared: &Prepared,
    among: &BTreeSet<Name>,
    since: &str,
) -> Result<Affected> {
    let Blueprint { graph, settings, environment, .. } = &prepared.blueprint;
    let layout = Layout::new(&settings.root, environment)?;
    ensure_lasting(&layout.control())?;
    let key = DigestKey::of(&layout)?;
    let pillar = &call.request.infrastructure;
    let module = |component: &Component| prepared.module_digest(&component.name);
    let now =
        MadeFrom::of(&PillarSlice::read_each(pillar, environment, among, &prepared.given), &key, module);
    let before = match is_id(since) {
        true => of_run(&layout, environment, since)?,
        false => of_commit(call, &key, prepared, since)?,
    };
    let changed: BTreeMap<Name, String> =
        among.iter().filter_map(|name| Some((name.clone(), before.change(name, now.get(name))?))).collect();
    let known: BTreeSet<&Name> = graph.names().collect();
    let removed = before.components.keys().filter(|name| !known.contains(name)).cloned().collect();
    let start: BTreeSet<Name> = changed.keys().cloned().collect();
    let reached = graph.reversed().closure(&start);
    let why = |name: &Name| match changed.get(name) {
        Some(why) => why.clone(),
        None => {
            let on: Vec<_> = graph.dependencies(name).intersection(&reached).map(Name::as_str).collect();
            format!("depends on {}", on.join(", "))
        }
    };
    Ok(Affected {
        of: among.len(),
        why: reached
            .iter()
            .filter(|name| among.contains(*name))
            .map(|name| (name.clone(), why(name)))
            .collect(),
        removed,
        since: before.since,
        notes: before.notes,
    })
}

impl Affected {
    pub fn names(&self) -> BTreeSet<Name> {
        self.why.keys().cloned().collect()
    }

    /// For the report.
    pub fn facts(&self) -> Value {
        json!({
            "since": self.since, "of": self.of, "components": self.why, "removed": self.removed, "notes": self.notes,
        })
    }
}

impl Before {
    /// Why a component counts as changed. None if it is the same.
    fn change(&self, name: &Name, now: Option<&MadeFrom>) -> Option<String> {
        if let Some(why) = self.suspect.get(name) {
            return Some(why.clone());
        }
        let Some(before) = self.components.get(name) else { return Some(self.absent.to_owned()) };
        // What cannot be read now is refused by its plan.
        let Some(now) = now else { return Some("its pillar".to_owned()) };
        match (before.pillar != now.pillar, before.module != now.module) {
            (true, true) => Some("its pillar and its module".to_owned()),
            (true, false) => Some("its pillar".to_owned()),
            (false, true) => Some("its module".to_owned()),
            (false, false) => None,
        }
    }
}

/// What the run was made from.
fn of_run(layout: &Layout, environment: &Name, run_id: &str) -> Result<Before> {
    let Some(run) = run_log::one(layout, environment, run_id)? else {
        let message = format!("no run {run_id} of {environment}");
        let remedy = words![command("history").of(environment), " shows the runs that are kept"];
        return Err(refused(Code::NoSuchRun, message, remedy));
    };
    let Some(components) = MadeFrom::read(&run.folder)? else {
        let message = format!("run {run_id} has not kept what its components are made from");
        let remedy = "name a run of orchestrate, plan or apply, by this version or a later one";
        return Err(refused(Code::NotComparable, message, remedy));
    };
    let bad = |(name, status): (&Name, &String)| {
        let ended_well =
            matches!(Status::from_word(status), Status::Planned) || Status::from_word(status).ended_well();
        (!ended_well).then(|| (name.clone(), format!("it was {status} in that run")))
    };
    Ok(Before {
        since: format!("run {run_id}"),
        suspect: run.history.statuses.iter().filter_map(bad).collect(),
        components,
        absent: "was not in that run",
        notes: Vec::new(),
    })
}

/// The pillar and the modules at a commit.
fn of_commit(call: &Call<'_>, key: &DigestKey, prepared: &Prepared, reference: &str) -> Result<Before> {
    let Blueprint { graph, environment, .. } = &prepared.blueprint;
    let past = call.host.at_commit(reference).map_err(|reason| {
        let message = words!["nothing can be compared with ", Words::own(reference.to_owned()), ": ", reason];
        let remedy =
            "name a commit, a branch or a tag of the repository that has the pillar, or the id of a run";
        refused(Code::NotComparable, message, remedy)
    })?;
    let since = format!("{reference} ({})", past.commit.chars().take(12).collect::<String>());
    let then =
        ["components", "services"].iter().flat_map(|key| named(&past.infrastructure, environment, key));
    let names: BTreeSet<Name> = then.chain(graph.names().cloned()).collect();
    // Many components may have one module.
    let mut digests = BTreeMap::new();
    let module = |component: &Component| {
        let (source, template) = (component.source.as_ref()?, component.template);
        let digest = || resolve::digest(&moved(source, &past.top, &past.copy), template, &*past.host).ok();
        digests.entry((source.clone(), template)).or_insert_with(digest).clone()
    };
    let (given, pillar) = (&prepared.given, &past.infrastructure);
    let components = MadeFrom::of(&PillarSlice::read_each(pillar, environment, &names, given), key, module);
    let said = |words: &[String], what: String| (!words.is_empty()).then_some(what);
    let wrong =
        said(&past.problems, format!("the pillar of {reference} has problems: {}", past.problems.join("; ")));
    let folders = past.outside.join(", ");
    let outside = said(&past.outside, format!("not in the repository, and so not compared: {folders}"));
    Ok(Before {
        since,
        components,
        suspect: BTreeMap::new(),
        absent: "new",
        notes: wrong.into_iter().chain(outside).collect(),
    })
}

/// A source in the repository, in the copy of it.
fn moved(source: &Source, top: &Path, copy: &Path) -> Source {
    match source {
        Source::Path { root, subdir } => {
            let root = root.strip_prefix(top).map_or_else(|_| root.clone(), |below| copy.join(below));
            Source::Path { root, subdir: subdir.clone() }
        }
        other => other.clone(),
    }
}

/// The names of components that this key of a pillar gives, also those of services.
fn named(pillar: &Value, environment: &Name, key: &str) -> Vec<Name> {
    let levels = [&pillar[key], &pillar["environments"][environment.as_str()][key]];
    let names = levels.into_iter().filter_map(Value::as_object).flat_map(|level| level.keys());
    let component = |name: &String| match key {
        "services" => crate::model::component_name(name),
        _ => name.clone(),
    };
    names.filter_map(|name| Name::new(&component(name)).ok()).collect()
}

fn refused(code: Code, message: impl Into<Words>, remedy: impl Into<Words>) -> Error {
    Error::new(Layer::Salt, Phase::Validation, code, message, remedy)
}
