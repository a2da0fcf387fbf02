//! The baseline of drift: the values that are known and not in the state.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

use crate::change::{self, AcceptedValues, DriftFindings, KnownValues, Looking};
use crate::clock;
use crate::error::Result;
use crate::operation::exec::{Invoker, init};
use crate::operation::store::keyed_digest::DigestKey;
use crate::record::{DriftBaseline, Record};
use crate::resolve::ignored_changes;
use crate::terraform::Refresh;
use crate::workdir::{Layout, write_json};

/// Whether somebody looks for drift here, and a provider of this component can cause it.
pub(super) fn is_wanted(invoker: &Invoker<'_>) -> bool {
    let context = &invoker.context;
    let checked = || context.session.call.layout.drift_checked().exists();
    (context.component.drift.baseline || checked())
        && init::providers(invoker).is_ok_and(|providers| !providers.is_empty())
}

/// From now on, applies of this environment look for what providers fill in.
pub fn begin_checks(layout: &Layout) -> Result<()> {
    let path = layout.drift_checked();
    match path.exists() {
        true => Ok(()),
        false => write_json(&path, &json!({ "since": clock::now() })),
    }
}

/// `document`: a plan right after the apply, if its refresh found differences.
pub(super) fn after_apply(
    invoker: &Invoker<'_>,
    document: Option<&Value>,
    lineage: &str,
    serial: u64,
) -> Result<()> {
    let key = DigestKey::of(&invoker.context.session.call.layout)?;
    let digest = |value: &Value| key.digest(value);
    let resources = document.map(|document| change::filled_in(document, &digest)).unwrap_or_default();
    store(invoker, resources, lineage, serial)
}

/// Replaces the baseline.
pub(super) fn store(
    invoker: &Invoker<'_>,
    resources: AcceptedValues,
    lineage: &str,
    serial: u64,
) -> Result<()> {
    let baseline = DriftBaseline {
        time: clock::now(),
        run_id: invoker.context.session.call.run_id.clone(),
        lineage: lineage.to_owned(),
        serial,
        providers: init::providers(invoker)?,
        resources,
    };
    baseline.write(&invoker.context.paths.baseline())
}

/// The baseline of a component as a check uses it.
pub(super) struct KnownBaseline {
    key: DigestKey,
    accepted: AcceptedValues,
    is_current: bool,
    /// Source of a provider to its version at the last look.
    providers: BTreeMap<String, String>,
}

impl KnownBaseline {
    /// `record`: that of the last run, if there is one.
    pub fn of(invoker: &Invoker<'_>, record: Option<&Record>) -> Result<Self> {
        let found = DriftBaseline::read(&invoker.context.paths.baseline())?;
        let nothing = Record::default();
        let is_current = found.as_ref().is_some_and(|found| found.is_of(record.unwrap_or(&nothing)));
        let DriftBaseline { resources, providers, .. } = found.unwrap_or_default();
        let key = DigestKey::of(&invoker.context.session.call.layout)?;
        Ok(Self { key, accepted: resources, is_current, providers })
    }

    /// Providers that have another version now than at the last look.
    pub fn upgraded(&self, invoker: &Invoker<'_>) -> Result<BTreeSet<String>> {
        let now = init::providers(invoker)?;
        let then = self.providers.iter();
        let moved = then.filter(|(source, then)| now.get(*source).is_some_and(|now| now != *then));
        Ok(moved.map(|(source, _)| source.clone()).collect())
    }

    /// Stores what a check found out: its first look, or that the new versions of the providers find no drift.
    /// `is_confirmed`: providers were upgraded, and nothing has drifted.
    pub fn after_check(
        &self,
        invoker: &Invoker<'_>,
        record: &Record,
        accepted: &AcceptedValues,
        is_confirmed: bool,
    ) -> Result<()> {
        let known = match self.is_current {
            false => accepted,
            true if is_confirmed => &self.accepted,
            true => return Ok(()),
        };
        store(invoker, known.clone(), &record.lineage, record.serial)
    }

    /// Whether a plan without any difference still has to be read: an accepted value may have changed back.
    pub fn must_be_compared(&self) -> bool {
        self.is_current && !self.accepted.is_empty()
    }

    /// Reads the drift in a plan. A plan that only refreshes does not show what Terraform would change, so what the
    /// configuration sets is never accepted from it.
    pub fn findings(
        &self,
        invoker: &Invoker<'_>,
        (plan, refresh): (&Value, Refresh),
        followed: &BTreeMap<String, u64>,
    ) -> DriftFindings {
        let digest = |value: &Value| self.key.digest(value);
        let accepted = self.accepted.clone();
        let known = KnownValues { accepted, is_current: self.is_current, digest: &digest };
        let rules = &invoker.context.component.drift;
        if self.is_current {
            return change::drift_findings(plan, rules, followed, &known, Looking::Again);
        }
        let paths = invoker.context.paths;
        let ignored = ignored_changes(&[paths.module(), paths.data().join("modules")]);
        let may_be = |kind: &str, name: &str, attribute: &str| {
            refresh == Refresh::Only || ignored.may_cover(kind, name, attribute)
        };
        change::drift_findings(plan, rules, followed, &known, Looking::First(&may_be))
    }
}
