//! One component's way back: what its plan may take, and from where it may start.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::apply::Run;
use super::super::session::Session;
use super::super::{plan, records};
use crate::change::Changes;
use crate::decide::{self, Blocked, State};
use crate::error::{Error, Layer, Phase, Result};
use crate::lock::Guard;
use crate::model::Component;
use crate::record::Record;
use crate::report::{ComponentReport, ResourceChange, Status};
use crate::workdir::Manifest;

/// Somebody else has been there since the run failed.
pub const MOVED: &str = "moved_since";
/// Its turn comes once those that depend on it are back.
pub const WAITS: &str = "waits";

#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// Addresses that were there before the run.
    pub before: BTreeSet<String>,
    /// Addresses that the known-good configuration never comes clean of.
    pub residue: BTreeSet<String>,
    /// Its outputs that components read which are not back yet.
    pub read: BTreeSet<String>,
    /// What is destroyed waits until those are back.
    pub waits: bool,
    /// What was known to be good before the run stays that, should this way not lead there.
    pub known_good: Option<String>,
}

impl Way {
    /// Refuses to go on from anything but what this run left.
    pub fn refuse_moved(
        &self,
        session: &Session,
        record: Option<&Record>,
        found: Option<&State>,
    ) -> Result<()> {
        let found = found.map(State::remembered).unwrap_or_default();
        let ours =
            record.is_some_and(|record| record.run_id == session.run_id && record.remembered() == found);
        match ours {
            true => Ok(()),
            false => Err(Error::new(
                Layer::Host,
                Phase::Rollback,
                MOVED,
                "its state is not as this run left it: somebody else has changed it since",
                "look at what is there, then orchestrate",
            )),
        }
    }

    /// Applies its plan, or that part of it whose turn it is, where nobody has to be asked.
    pub async fn go(
        &self,
        run: Run<'_>,
        guard: &Guard,
        manifest: &mut Manifest,
        file: &Path,
        changes: Changes,
    ) -> Result<ComponentReport> {
        let component = &run.node.component;
        let (changes, partly) = match self.first(&changes) {
            None => (changes, false),
            Some(targets) if targets.is_empty() => return Ok(ComponentReport::new(Status::Unchanged, WAITS)),
            Some(targets) => (plan::targeted(run.invoker, file, &targets).await?, true),
        };
        let verdict = self.judge(component, &changes);
        let changes = plan::redacted(run.invoker, changes);
        if let Err(blocked) = verdict {
            let record = run.record.cloned().unwrap_or_default();
            let (known_good, residue) = (self.known_good.clone(), self.residue.clone());
            records::write(run.invoker, Record { known_good, residue, ..record }).await?;
            return Ok(plan::blocked(changes, blocked, &component.name));
        }
        let run = Run { partly, ..run };
        let report = run.apply(guard.fence().await?, manifest, file, changes).await?;
        match partly && report.status == Status::Applied {
            true => Ok(ComponentReport { reason: WAITS.to_owned(), ..report }),
            false => Ok(report),
        }
    }

    /// What does not wait; None where nothing does.
    fn first(&self, changes: &Changes) -> Option<Vec<String>> {
        let destroys = |change: &&ResourceChange| change.actions == ["delete"];
        let waits = self.waits && changes.resources.iter().any(|change| destroys(&change));
        waits.then(|| {
            let first = changes.resources.iter().filter(|change| !destroys(change));
            first.map(|change| change.address.clone()).collect()
        })
    }

    /// Whether this plan may be applied unasked.
    fn judge(&self, component: &Component, changes: &Changes) -> Result<(), Blocked> {
        let asks = decide::needs_approval(&component.policy, &component.rollback, &self.before, changes);
        let asks: Vec<_> = asks.into_iter().map(|change| change.address.clone()).collect();
        if !asks.is_empty() {
            return Err(refused("the way back destroys what was there before the run", asks));
        }
        let used: Vec<_> = changes.outputs.keys().filter(|output| self.read.contains(*output)).collect();
        let asked = !component.rollback.needs_approval_for.is_empty();
        if asked && !used.is_empty() && changes.destroyed().next().is_some() {
            let used = used.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let addresses = changes.destroyed().map(|change| change.address.clone()).collect();
            let what = format!("the way back destroys while others still read what it changes ({used})");
            return Err(refused(&what, addresses));
        }
        Ok(())
    }
}

fn refused(what: &str, addresses: Vec<String>) -> Blocked {
    Blocked {
        code: "rollback_needs_approval",
        message: format!("{what}: {}", addresses.join(", ")),
        remedy: String::new(),
        addresses,
    }
}
