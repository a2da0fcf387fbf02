//! The baseline of drift: the values that are known and not in the state.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::change::{self, AbsorbedValues, AcceptedValues, DriftFindings, KnownValues, Looking};
use crate::clock;
use crate::decide::RecordedState;
use crate::error::Result;
use crate::operation::exec::{Invoker, init};
use crate::operation::store::keyed_digest::DigestKey;
use crate::record::DriftBaseline;
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
    state: &RecordedState,
) -> Result<()> {
    let known = KnownBaseline::of(invoker, state)?;
    let digest = |value: &Value| known.key.digest(value);
    let resources = document.map(|document| change::filled_in(document, &digest)).unwrap_or_default();
    store(invoker, (resources, known.absorbed), state)
}

/// Replaces the baseline.
fn store(
    invoker: &Invoker<'_>,
    (resources, absorbed): (AcceptedValues, AbsorbedValues),
    state: &RecordedState,
) -> Result<()> {
    let baseline = DriftBaseline {
        time: clock::now(),
        run_id: invoker.context.session.call.run_id.clone(),
        lineage: state.lineage.clone(),
        serial: state.serial,
        providers: init::providers(invoker)?,
        resources,
        absorbed,
    };
    baseline.write(&invoker.context.paths.baseline())
}

/// The baseline of a component as a check uses it.
pub(super) struct KnownBaseline {
    key: DigestKey,
    accepted: AcceptedValues,
    absorbed: AbsorbedValues,
    is_current: bool,
    /// Source of a provider to its version at the last look.
    providers: BTreeMap<String, String>,
}

impl KnownBaseline {
    /// `state`: the one that is compared with the resources.
    pub fn of(invoker: &Invoker<'_>, state: &RecordedState) -> Result<Self> {
        let found = DriftBaseline::read(&invoker.context.paths.baseline())?;
        let is_current = found.as_ref().is_some_and(|found| found.is_of(state));
        let DriftBaseline { resources: accepted, absorbed, providers, .. } = found.unwrap_or_default();
        let key = DigestKey::of(&invoker.context.session.call.layout)?;
        Ok(Self { key, accepted, absorbed, is_current, providers })
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
        state: &RecordedState,
        (accepted, absorbed): (&AcceptedValues, &AbsorbedValues),
        is_confirmed: bool,
    ) -> Result<()> {
        let accepted = match self.is_current {
            false => accepted,
            true if is_confirmed || *absorbed != self.absorbed => &self.accepted,
            true => return Ok(()),
        };
        store(invoker, (accepted.clone(), absorbed.clone()), state)
    }

    /// Whether a plan without any difference still has to be read: a known value may have changed back, or may be in
    /// no state.
    pub fn must_be_compared(&self) -> bool {
        self.is_current && !self.accepted.is_empty() || !self.absorbed.is_empty()
    }

    /// Stores what an apply absorbs. The rest of the baseline stays as it is.
    pub fn keep_absorbed(&self, invoker: &Invoker<'_>, absorbed: AbsorbedValues) -> Result<()> {
        if absorbed == self.absorbed {
            return Ok(());
        }
        let path = invoker.context.paths.baseline();
        let found = DriftBaseline::read(&path)?.unwrap_or_default();
        DriftBaseline { absorbed, ..found }.write(&path)
    }

    /// Calls `read` with what is known of the resources.
    pub fn with_known<T>(&self, read: impl FnOnce(&KnownValues<'_>) -> T) -> T {
        let digest = |value: &Value| self.key.digest(value);
        let (accepted, absorbed) = (self.accepted.clone(), self.absorbed.clone());
        read(&KnownValues { accepted, is_current: self.is_current, absorbed, digest: &digest })
    }

    /// Reads the drift in a plan. A plan that only refreshes does not show what Terraform would change, so what the
    /// configuration sets is never accepted from it.
    pub fn findings(
        &self,
        invoker: &Invoker<'_>,
        (plan, refresh): (&Value, Refresh),
        followed: &BTreeMap<String, u64>,
    ) -> DriftFindings {
        let rules = &invoker.context.component.drift;
        let paths = invoker.context.paths;
        let ignored = LazyCell::new(|| ignored_changes(&[paths.module(), paths.data().join("modules")]));
        let may_be_ignored = |kind: &str, name: &str, attribute: &str| {
            refresh == Refresh::Only || ignored.may_cover(kind, name, attribute)
        };
        let looking = Looking { is_first: !self.is_current, may_be_ignored: &may_be_ignored };
        self.with_known(|known| change::drift_findings(plan, rules, followed, known, looking))
    }
}
