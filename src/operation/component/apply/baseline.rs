//! What providers fill in: read right after an apply, while nobody else can apply.

use serde_json::Value;

use super::PlannedApply;
use crate::decide::State;
use crate::error::Result;
use crate::model::OnFailure;
use crate::operation::component::{drift_baseline, plan};
use crate::report::ComponentReport;
use crate::terraform::Refresh;

impl PlannedApply<'_> {
    /// Reads the resources once and remembers how they differ from the state, unless a second plan does it later.
    pub(super) async fn look(&self, report: &mut ComponentReport, after: &State) {
        let replans = self.has_to_prove() && self.on_failure() == OnFailure::Rollback && !self.partly;
        if !replans || report.error.is_some() {
            self.look_now(report, after).await;
        }
    }

    async fn look_now(&self, report: &mut ComponentReport, after: &State) {
        if !self.looks(after) {
            return;
        }
        let looked = plan::again(self.invoker, Refresh::Only, true).await;
        let stored = looked.and_then(|looked| self.remember_look(looked.document.as_ref(), after));
        if let Err(error) = stored {
            report.notes.push(format!(
                "what the providers filled in could not be read, so the next drift check lists it: {error}"
            ));
        }
    }

    /// Nobody asks for drift where no check ever ran, and nothing can drift where all providers are built in. Jobs on
    /// Nomad have their own rules.
    pub(super) fn looks(&self, after: &State) -> bool {
        !self.destroy && after.resources > after.jobs.len() as u64 && drift_baseline::is_wanted(self.invoker)
    }

    /// `document`: the plan in clear, if its refresh found differences.
    pub(super) fn remember_look(&self, document: Option<&Value>, after: &State) -> Result<()> {
        drift_baseline::after_apply(self.invoker, document, &after.remembered())
    }
}
