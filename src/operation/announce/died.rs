//! Runs that were killed cannot say so themselves. The next run or scheduled check on the same host says it, once.

use serde_json::json;

use super::news::News;
use super::run_hooks::{HookFailure, RunHooks};
use crate::clock;
use crate::lock::host_name;
use crate::model::{Name, Settings};
use crate::operation::request::call::Call;
use crate::operation::store::run_log::{self, LoggedRun};
use crate::workdir::{Layout, create_json};

/// The same for a scheduled check, whose report has no place for hooks that failed: the log has them.
pub fn tell_died(call: &Call<'_>, settings: &Settings, layout: &Layout, environment: &Name) {
    tell(call, &RunHooks::of(settings), layout, environment);
}

/// Returns the hooks that failed.
pub(super) fn tell(
    call: &Call<'_>,
    hooks: &RunHooks,
    layout: &Layout,
    environment: &Name,
) -> Vec<HookFailure> {
    let mut died = Vec::new();
    // Whether a process of another host lives is not known here: the root may be shared.
    let is_here = |run: &LoggedRun| run.history.began.who.host == host_name();
    for run in run_log::died(layout, environment).into_iter().filter(is_here) {
        // Of several calls at the same time, only one creates the file.
        let at = json!({ "told_at": clock::now() });
        if !create_json(&layout.died(&run.run_id), &at).unwrap_or_default() {
            continue;
        }
        let news = News::died(environment, &run.history.began);
        news.send(call, environment);
        died.push(news);
    }
    // All at once, because the next run waits for them.
    hooks.run(call, environment, &died).failures
}
