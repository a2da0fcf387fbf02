//! The baseline of drift: the values that are known and not in the state.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::change::{self, AcceptedValues, KnownValues, Looking};
use crate::error::Result;
use crate::operation::exec::{Invoker, init};
use crate::operation::store::keyed_digest::DigestKey;
use crate::record::{DriftBaseline, Record};
use crate::workdir::{ComponentPaths, Layout, write_json};

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
        false => write_json(&path, &json!({ "since": now() })),
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
        time: now(),
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
}

impl KnownBaseline {
    pub fn read(layout: &Layout, paths: &ComponentPaths, record: &Record) -> Result<Self> {
        let found = DriftBaseline::read(&paths.baseline())?;
        let is_current = found.as_ref().is_some_and(|found| found.is_of(record));
        let accepted = found.unwrap_or_default().resources;
        Ok(Self { key: DigestKey::of(layout)?, accepted, is_current })
    }

    pub fn looking(&self) -> Looking {
        if self.is_current { Looking::Again } else { Looking::First }
    }

    /// Whether a plan without any difference still has to be read: an accepted value may have changed back.
    pub fn must_be_compared(&self) -> bool {
        self.is_current && !self.accepted.is_empty()
    }

    /// Calls `read` with the known values.
    pub fn with<T>(&self, read: impl FnOnce(&KnownValues<'_>) -> T) -> T {
        let digest = |value: &Value| self.key.digest(value);
        let accepted = self.accepted.clone();
        read(&KnownValues { accepted, is_current: self.is_current, digest: &digest })
    }
}

fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}
