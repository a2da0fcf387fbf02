//! Builds the report of a run.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock};
use std::time::{Instant, SystemTime};

use serde_json::Value;

use super::arguments::Arguments;
use super::call::CallerIdentity;
use crate::change::Redactor;
use crate::command_line;
use crate::error::Error;
use crate::model::Name;
use crate::report::{ComponentReport, Report, SCHEMA, Status};

/// What is known at the start of a run.
pub struct ReportBuilder {
    pub run_id: String,
    pub operation: String,
    pub environment: String,
    pub test: bool,
    pub identity: CallerIdentity,
    /// The program that runs modules, `terraform` or `opentofu`, and its version, once they are known.
    program: OnceLock<(&'static str, String)>,
    /// All secrets that its components read.
    pub secrets: Redactor,
    /// Notes, one sentence each, on what other systems still have of this call and what could not be removed.
    left_behind: Mutex<Vec<String>>,
    began: Instant,
    started: SystemTime,
}

impl ReportBuilder {
    pub fn new(operation: &str, environment: &str, test: bool, identity: &CallerIdentity) -> Self {
        Self {
            run_id: ulid::Ulid::generate().to_string(),
            operation: operation.to_owned(),
            environment: environment.to_owned(),
            test,
            identity: identity.clone(),
            program: OnceLock::new(),
            secrets: Redactor::default(),
            left_behind: Mutex::default(),
            began: Instant::now(),
            started: SystemTime::now(),
        }
    }

    /// Notes which program runs the modules.
    pub fn runs_with(&self, program: &'static str, version: String) {
        let _ = self.program.set((program, version));
    }

    pub fn leaves(&self, left: Vec<String>) {
        self.left_behind.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).extend(left);
    }

    pub fn report(
        self,
        components: BTreeMap<Name, ComponentReport>,
        extra: BTreeMap<String, Value>,
    ) -> Report {
        let result = result(&components);
        self.close(result, components, None, extra)
    }

    /// The answer to a question: true, whatever the state of the components is.
    pub fn answer(
        self,
        components: BTreeMap<Name, ComponentReport>,
        extra: BTreeMap<String, Value>,
    ) -> Report {
        self.close(Some(true), components, None, extra)
    }

    /// The answer to a question that has to examine components: false if that failed for one of them.
    pub fn found(
        self,
        components: BTreeMap<Name, ComponentReport>,
        extra: BTreeMap<String, Value>,
    ) -> Report {
        let lost = |one: &ComponentReport| {
            matches!(one.status, Status::Failed | Status::Blocked | Status::Cancelled)
        };
        let result = !components.values().any(lost);
        self.close(Some(result), components, None, extra)
    }

    pub fn failed(mut self, error: Error) -> Report {
        // A call that is refused may have no environment. Then a placeholder stands for it.
        let is_placeholder = self.environment == Arguments::placeholder().as_str();
        if is_placeholder && command_line::environment() != self.environment {
            self.environment.clear();
        }
        self.close(Some(false), BTreeMap::new(), Some(error), BTreeMap::new())
    }

    fn close(
        self,
        result: Option<bool>,
        mut components: BTreeMap<Name, ComponentReport>,
        mut error: Option<Error>,
        mut extra: BTreeMap<String, Value>,
    ) -> Report {
        let left = self.left_behind.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        // A secret that one component read late may be in the report of another.
        components.values_mut().for_each(|report| self.secrets.report(report));
        error.iter_mut().for_each(|error| self.secrets.error(error));
        if !left.is_empty() {
            extra.insert("left_behind".to_owned(), left.into());
        }
        if let Some(branch) = &self.identity.branch {
            extra.insert("branch".to_owned(), serde_json::json!(branch));
            extra.insert("of_branch".to_owned(), branch.to_string().into());
        }
        let ours = ("eos", env!("CARGO_PKG_VERSION").to_owned());
        let versions =
            [ours, ("salt", self.identity.salt_version)].into_iter().chain(self.program.into_inner());
        Report {
            schema: SCHEMA,
            run_id: self.run_id,
            run_kept: false,
            operation: self.operation,
            environment: self.environment,
            result,
            test: self.test,
            jid: self.identity.jid,
            user: self.identity.user,
            versions: versions.map(|(name, version)| (name.to_owned(), version)).collect(),
            started: humantime::format_rfc3339_seconds(self.started).to_string(),
            duration: self.began.elapsed().as_secs_f64(),
            components,
            error,
            extra,
        }
    }
}

/// A report with the keys that users of an execution module expect.
pub fn shape(report: Report) -> Value {
    let retcode = report.retcode();
    let mut value = serde_json::to_value(report).unwrap_or_default();
    value["retcode"] = retcode.into();
    value
}

/// False if a component is not as requested; null if changes wait; otherwise true.
pub fn result(components: &BTreeMap<Name, ComponentReport>) -> Option<bool> {
    let any = |wanted| components.values().any(|one| one.status.result() == wanted);
    match any(Some(false)) {
        true => Some(false),
        false => (!any(None)).then_some(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(statuses: &[Status]) -> Option<bool> {
        let reports = statuses.iter().enumerate().map(|(index, &status)| {
            (Name::new(&format!("c{index}")).unwrap(), ComponentReport::new(status, None))
        });
        result(&reports.collect())
    }

    #[test]
    fn a_failed_component_makes_the_result_false_and_a_pending_one_makes_it_null() {
        assert_eq!(of(&[]), Some(true));
        assert_eq!(of(&[Status::Applied, Status::Unchanged]), Some(true));
        assert_eq!(of(&[Status::Applied, Status::Planned]), None);
        assert_eq!(of(&[Status::PendingInputs, Status::Blocked]), Some(false));
        assert_eq!(of(&[Status::Applied, Status::Skipped]), Some(false));
        assert_eq!(of(&[Status::Applied, Status::AppliedWithWarnings]), Some(true));
        assert_eq!(of(&[Status::Unchanged, Status::RolledBack]), Some(false));
    }
}
