//! Judges Salt: where Eos runs, and the minions that the pillar names.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::layer::{LayerReport, LayerStatus, fault};
use crate::command_line::salt_run;
use crate::count::counted;
use crate::decide::listed_briefly;
use crate::error::{Code, Error, Layer};
use crate::words::{Words, words};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SaltPlace {
    Master,
    Minion,
    Masterless,
}

#[derive(Debug)]
pub struct SaltFacts {
    pub version: String,
    pub place: SaltPlace,
    /// On the master: its process accepts jobs. On a minion: it has a master.
    pub has_master: bool,
    pub minions: Vec<MinionsFacts>,
}

/// Minions that the pillar or the call names.
#[derive(Debug)]
pub struct MinionsFacts {
    /// In Salt's notation, and its type.
    pub target: String,
    pub target_type: String,
    /// Places in the pillar, or the argument `minion`.
    pub used_by: BTreeSet<String>,
    /// Eos runs something on them. Otherwise it only reads their pillar, with the grains that the master has.
    pub works_there: bool,
    /// Each matching minion, and whether it answered.
    pub answered: Result<BTreeMap<String, bool>, Error>,
    /// The version of Eos on each minion that was asked for it and answered. None: it has no Eos.
    pub eos: BTreeMap<String, Option<String>>,
    /// Eos runs functions of its own on them.
    pub needs_eos: bool,
}

pub fn salt(found: SaltFacts) -> LayerReport {
    let SaltFacts { version, place, has_master, minions } = found;
    let mut report = LayerReport::healthy(Map::new());
    let known: BTreeMap<&String, bool> =
        minions.iter().flat_map(|one| one.answered.iter().flatten()).map(|(id, here)| (id, *here)).collect();
    report.summary = summary(&version, place, has_master, minions.is_empty(), &known);
    let facts = [
        ("version", json!(version)),
        ("runs_on", json!(place)),
        ("has_master", has_master.into()),
        ("minions", json!(known)),
        ("targets", minions.iter().map(target).collect::<Vec<_>>().into()),
    ];
    report.facts.extend(facts.map(|(key, value)| (key.to_owned(), value)));
    let said = report.summary.clone();
    report.line("minions", said);
    minions.into_iter().for_each(|one| judge(one, &mut report));
    report
}

fn judge(minions: MinionsFacts, report: &mut LayerReport) {
    let MinionsFacts { target, used_by, works_there, answered, eos, needs_eos, .. } = minions;
    let used_by = used_by.into_iter().collect::<Vec<_>>().join(", ");
    let worst = if works_there { LayerStatus::Unhealthy } else { LayerStatus::Degraded };
    let answered = match answered {
        Ok(answered) => answered,
        Err(error) => return report.fault(worst, error),
    };
    judge_versions(&target, &eos, needs_eos, report);
    let silent: Vec<_> = answered.iter().filter(|(_, here)| !**here).map(|(id, _)| id.clone()).collect();
    let away = |message: String, remedy: Words| fault(Layer::Salt, Code::MinionsAway, message, remedy);
    let start = || {
        let status = Words::shell(salt_run(&["manage.status"]));
        words!["start salt-minion there, and check that it reaches this master: ", status]
    };
    if answered.is_empty() {
        let message = format!("no minion with an accepted key matches {target:?} ({used_by})");
        report
            .fault(worst, away(message, "accept the minion's key (salt-key), or correct the target".into()));
    } else if silent.len() == answered.len() {
        let message = format!("no minion of {target:?} answers ({used_by}): {}", listed_briefly(&silent));
        report.fault(worst, away(message, start()));
    } else if !silent.is_empty() {
        let message = format!(
            "no answer from {} of {target:?} ({used_by}): {}",
            counted(silent.len(), "minion"),
            listed_briefly(&silent)
        );
        report.fault(LayerStatus::Degraded, away(message, start()));
    }
}

/// A minion without Eos counts only where Eos calls functions of its own there.
fn judge_versions(
    target: &str,
    eos: &BTreeMap<String, Option<String>>,
    needs_eos: bool,
    report: &mut LayerReport,
) {
    let here = env!("CARGO_PKG_VERSION");
    let without: Vec<_> = eos.iter().filter(|(_, found)| found.is_none()).map(|(id, _)| id.clone()).collect();
    if needs_eos && !without.is_empty() {
        let message =
            words!["functions of Eos are called on ", listed_briefly(&without), ", which has no Eos"];
        let remedy =
            format!("install saltext-eos {here} for the Python of salt-minion there, and restart it");
        report.fault(
            LayerStatus::Unhealthy,
            fault(Layer::Salt, Code::VersionsDiffer, message, Words::own(remedy)),
        );
    }
    let other = eos.iter().filter_map(|(id, found)| {
        found.as_deref().filter(|found| *found != here).map(|found| format!("{id} ({found})"))
    });
    let other: Vec<_> = other.collect();
    if !other.is_empty() {
        let message = words![
            "minions of ",
            target.to_owned(),
            " have another Eos than ",
            here,
            ": ",
            listed_briefly(&other)
        ];
        let remedy = "install the same version everywhere, and restart salt-minion";
        report.fault(LayerStatus::Degraded, fault(Layer::Salt, Code::VersionsDiffer, message, remedy));
    }
}

fn target(minions: &MinionsFacts) -> Value {
    let answered = minions.answered.as_ref().ok();
    json!({
        "target": minions.target,
        "target_type": minions.target_type,
        "used_by": minions.used_by,
        "minions": answered.map(|all| all.keys().collect::<Vec<_>>()),
    })
}

fn summary(
    version: &str,
    place: SaltPlace,
    has_master: bool,
    names_none: bool,
    known: &BTreeMap<&String, bool>,
) -> Words {
    let place = match (place, has_master) {
        (SaltPlace::Master, true) => "on the master",
        (SaltPlace::Master, false) => "on the master's host, no master runs",
        (SaltPlace::Minion, _) => "on a minion",
        (SaltPlace::Masterless, _) => "on a minion without a master",
    };
    let said = words![version.to_owned(), " ", place];
    let here = known.values().filter(|here| **here).count();
    match known.len() {
        0 if names_none => words![said, ", the pillar names no minions"],
        0 => words![said, ", no minion answers"],
        all => words![said, ", ", here, " of ", all, " minions answer"],
    }
}
