//! The components that a call with `refresh=False` passes over: those whose fingerprint is as it was.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::slice::{OwnParts, PillarSlice, PillarSlices};
use crate::error::{Code, Result};
use crate::host::Host;
use crate::model::Name;
use crate::operation::request::pillar::Pillar;
use crate::record::{Ensured, Record};
use crate::report::{ComponentReport, Status, Warning};

/// The fingerprints of a run's components. A component that only a run can compare has none.
pub struct Passing<'a> {
    pillar: &'a (dyn Pillar + Sync),
    components: BTreeMap<Name, (Arc<PillarSlice>, OwnParts)>,
    /// The components that ended without a change.
    unchanged: RefCell<BTreeSet<Name>>,
}

impl<'a> Passing<'a> {
    /// `module`: the digest of a component's module.
    pub fn read(
        pillar: &'a (dyn Pillar + Sync),
        host: &dyn Host,
        slices: &PillarSlices,
        module: impl Fn(&Name) -> Option<String>,
    ) -> Self {
        let one = |(name, slice): (&Name, &Arc<PillarSlice>)| {
            let own = slice.own_parts(module(name)?, host).ok()??;
            Some((name.clone(), (slice.clone(), own)))
        };
        let components = slices.iter().filter_map(one).collect();
        Self { pillar, components, unchanged: RefCell::default() }
    }

    /// The report of a component that needs no turn: its fingerprint is as it was, and each of the components `among`
    /// whose outputs it reads ended without a change. None: it needs one.
    pub fn report(&self, name: &Name, among: &BTreeSet<Name>) -> Option<ComponentReport> {
        let (slice, own) = self.components.get(name)?;
        let unchanged = self.unchanged.borrow();
        let mut read = slice.component.reads().map(|reference| &reference.component);
        if read.any(|producer| among.contains(producer) && !unchanged.contains(producer)) {
            return None;
        }
        let ensured = Ensured::read(&slice.paths.ensured()).ok()??;
        let record = record_of(slice, name).ok()??;
        if !slice.is_left(Some(&record), &ensured) || self.digest(slice, own).ok()? != ensured.fingerprint {
            return None;
        }
        let warnings = record.warnings.into_iter().map(Warning::recorded).collect();
        Some(ComponentReport { warnings, ..ComponentReport::new(Status::Unchanged, Code::ByFingerprint) })
    }

    /// Notes how a component ended, for those that read its outputs.
    pub fn note(&self, name: &Name, report: &ComponentReport) {
        if report.status == Status::Unchanged {
            self.unchanged.borrow_mut().insert(name.clone());
        }
    }

    /// The fingerprint right before a turn.
    pub fn before(&self, name: &Name) -> Option<String> {
        let (slice, own) = self.components.get(name)?;
        self.digest(slice, own).ok()
    }

    /// Remembers how a turn left the component. A change in the meantime is found by the next call.
    pub fn remember(&self, name: &Name, before: Option<String>, version: &str) -> Result<()> {
        let (Some((slice, own)), Some(before)) = (self.components.get(name), before) else { return Ok(()) };
        match record_of(slice, name)? {
            Some(record) if self.digest(slice, own)? == before => {
                slice.remember(record, before, version.to_owned())
            }
            _ => Ok(()),
        }
    }

    fn digest(&self, slice: &PillarSlice, own: &OwnParts) -> Result<String> {
        slice.digest(own, self.pillar, |name| record_of(slice, name))
    }
}

/// The record on this host, which the run has updated at its start.
fn record_of(slice: &PillarSlice, name: &Name) -> Result<Option<Record>> {
    Record::read(&slice.sibling(name)?.record())
}
