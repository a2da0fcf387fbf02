//! Whom a run waits for.

use super::Holder;

/// Is called when a run begins to wait for a lock, and when the lock has another holder.
pub struct Waiting<'a> {
    report: &'a dyn Fn(&Holder),
    reported: Option<Holder>,
}

impl<'a> Waiting<'a> {
    pub fn new(report: &'a dyn Fn(&Holder)) -> Self {
        Self { report, reported: None }
    }

    /// Reports each holder once. A lock without a text has no holder to report.
    pub fn on(&mut self, holder: Holder) {
        // The same run names its terraform later.
        let holder = Holder { terraform: None, ..holder };
        if holder == Holder::default() || self.reported.as_ref() == Some(&holder) {
            return;
        }
        (self.report)(&holder);
        self.reported = Some(holder);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn each_holder_is_reported_once() {
        let reported = RefCell::new(Vec::new());
        let report = |holder: &Holder| reported.borrow_mut().push(holder.run_id.clone());
        let mut waiting = Waiting::new(&report);
        for run_id in ["one", "one", "", "two", "two"] {
            waiting.on(Holder { run_id: run_id.to_owned(), ..Holder::default() });
        }
        assert_eq!(reported.into_inner(), ["one", "two"]);
    }
}
