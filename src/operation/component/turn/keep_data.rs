//! A destroy that keeps the resources that hold data: what stays, and what the plan is limited to.

use std::collections::BTreeSet;

use super::Turn;
use crate::change::Changes;
use crate::decide::{State, kept, not_kept, taken_data};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::Component;
use crate::report::{ComponentReport, KeptResource, ResourceChange, Status};

/// Empty if everything goes.
#[derive(Default)]
pub struct Selection {
    pub kept: Vec<KeptResource>,
    /// The addresses that the plan is limited to.
    pub targets: Vec<String>,
}

impl Turn<'_> {
    pub(super) fn selection(&self, state: Option<&State>) -> Selection {
        let component = self.invoker.context.component;
        let Some(state) = state.filter(|_| self.intent.preserves_data()) else { return Selection::default() };
        let kept = kept(state, &component.data, &component.policy.protect);
        match kept.is_empty() {
            true => Selection::default(),
            false => Selection { targets: not_kept(state, &kept).into_iter().collect(), kept },
        }
    }
}

impl Selection {
    /// The report if the whole component stays.
    pub fn report_without_plan(&self) -> Option<ComponentReport> {
        let stays = !self.kept.is_empty() && self.targets.is_empty();
        stays.then(|| self.tell(ComponentReport::new(Status::Unchanged, Code::DataKept)))
    }

    pub fn tell(&self, mut report: ComponentReport) -> ComponentReport {
        if report.kept.is_empty() {
            report.keep(self.kept.clone());
        }
        report
    }

    /// Refuses a plan that takes what stays: the module may have changed since the state was written.
    pub fn check(&self, changes: &Changes) -> Result<()> {
        let stays: BTreeSet<&str> = self.kept.iter().map(|one| one.address.as_str()).collect();
        let taken: Vec<_> = changes
            .destroyed()
            .filter(|change| stays.contains(change.address.as_str()))
            .map(|change| change.address.clone())
            .collect();
        if taken.is_empty() {
            return Ok(());
        }
        let message = format!("Terraform would also destroy what has to stay: {}", taken.join(", "));
        let remedy = "apply the component first, so that its state has the dependencies of today's module";
        Err(Error::new(Layer::Terraform, Phase::Planning, Code::TakesData, message, remedy))
    }
}

/// The addresses that these changes destroy and that hold data. Where a failed creation is undone, what the run itself
/// created is not counted: `existed` are the others.
pub(super) fn taken<'a>(
    component: &Component,
    existed: Option<&BTreeSet<String>>,
    destroyed: impl Iterator<Item = &'a ResourceChange>,
) -> Vec<String> {
    let mut data = taken_data(&component.data, destroyed);
    data.retain(|address| existed.is_none_or(|existed| existed.contains(address)));
    data
}
