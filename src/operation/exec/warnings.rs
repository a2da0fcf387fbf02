//! The warnings of all terraform commands of one turn, without secrets.

use super::Invoker;
use crate::count::counted;
use crate::printable::printable;
use crate::record::Record;
use crate::report::{ComponentReport, Warning};
use crate::terraform::{self, Diagnostic, Severity};
use crate::words::Words;

impl Invoker<'_> {
    /// `evaluated`: the command has evaluated the checks.
    pub(super) fn keep_warnings(&self, diagnostics: &[Diagnostic], evaluated: bool) {
        let is_kept =
            |one: &&Diagnostic| one.severity == Severity::Warning && !terraform::is_about_arguments(one);
        let kept = diagnostics.iter().filter(is_kept).map(warning).collect();
        self.warnings.borrow_mut().add(kept, evaluated);
    }

    /// For the record of this turn. `record`: the one before.
    pub fn warnings_to_record(&self, record: Option<&Record>) -> Vec<Warning> {
        let before = record.map(|record| record.warnings.as_slice()).unwrap_or_default();
        let mut warnings = self.warnings.borrow().recorded(before);
        // A secret that was read after the warning is masked too.
        warnings.iter_mut().for_each(|one| self.context.redactor.warning(one));
        warnings
    }

    /// Adds them to the report of this turn. `record`: the one before.
    pub fn report_warnings(&self, record: Option<&Record>, report: &mut ComponentReport) {
        let before = record.map(|record| record.warnings.as_slice()).unwrap_or_default();
        let (shown, left_out) = self.warnings.borrow().shown(before);
        report.warnings = shown;
        if left_out > 0 {
            report.notes.push(Words::own(format!(
                "Terraform has {}, not listed here",
                counted(left_out, "more warning")
            )));
        }
    }
}

fn warning(diagnostic: &Diagnostic) -> Warning {
    let safe = |text: &str| printable(text.trim()).into_owned();
    Warning {
        summary: safe(&diagnostic.summary),
        detail: safe(&diagnostic.detail),
        address: diagnostic.address.as_deref().map(safe),
        check: diagnostic.check().map(safe),
        place: diagnostic
            .range
            .as_ref()
            .map(|range| safe(&format!("{}:{}", range.filename, range.start.line))),
        stays: false,
    }
}
