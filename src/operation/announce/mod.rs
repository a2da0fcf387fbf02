//! Tells others of a whole run that changes things: events on Salt's bus, and the hooks of runs.
//!
//! A run that failed before it began is announced too, but a wrong call is no run. Nothing here changes the result of a
//! run.

mod died;
mod news;
mod run_hooks;
pub mod webhook;

use serde_json::{Value, json};

pub use self::died::tell_died;
use self::news::News;
use self::run_hooks::{HookFailure, RunHooks};
use crate::journal::RunStart;
use crate::model::{Name, Problem, Settings};
use crate::operation::blueprint::draft;
use crate::operation::request::call::Call;
use crate::operation::store::run_log;
use crate::report::Report;
use crate::workdir::Layout;

/// The events and the hooks of one run.
pub struct Announcer<'a> {
    call: &'a Call<'a>,
    environment: Name,
    /// Whether anything is told at all.
    is_told: bool,
    /// Known once the pillar is read.
    hooks: Option<RunHooks>,
    /// Known once the run has its folder.
    began: Option<(Layout, RunStart)>,
    failures: Vec<HookFailure>,
    left_behind: Vec<String>,
}

impl<'a> Announcer<'a> {
    /// `changes_things`: what the request asks for. `problems`: those of the call.
    pub fn new(call: &'a Call<'a>, environment: &Name, changes_things: bool, problems: &[Problem]) -> Self {
        let is_wrong_call = problems.iter().any(|problem| problem.path.is_argument());
        Self {
            call,
            environment: environment.clone(),
            is_told: changes_things && !is_wrong_call,
            hooks: None,
            began: None,
            failures: Vec::new(),
            left_behind: Vec::new(),
        }
    }

    /// The run has its folder and its journal. Earlier runs that were killed are announced first.
    pub fn began(&mut self, settings: &Settings, layout: &Layout, began: &RunStart) {
        let hooks = RunHooks::of(settings);
        self.failures.extend(died::tell(self.call, &hooks, layout, &self.environment));
        self.hooks = Some(hooks);
        self.began = Some((layout.clone(), began.clone()));
        if self.is_told {
            let news = News::started(&self.environment, began);
            self.tell(&news);
        }
    }

    /// The run has ended. The report gets the hooks that failed.
    pub fn ended(mut self, mut report: Report) -> Report {
        if self.is_told {
            if self.hooks.is_none() {
                // The run failed before it began. The settings may be readable all the same.
                let draft = draft(&self.call.request, &self.environment).ok();
                self.hooks = draft.map(|draft| RunHooks::of(&draft.settings));
            }
            let news = News::ended(&report, self.began.as_ref().map(|(_, began)| began));
            self.tell(&news);
        }
        let failures = HookFailure::sentences(&self.failures);
        let more = [("failed_hooks", failures), ("left_behind", self.left_behind)];
        let more: Vec<_> = more.into_iter().filter(|(_, sentences)| !sentences.is_empty()).collect();
        if more.is_empty() {
            return report;
        }
        for (key, sentences) in more {
            if let Value::Array(known) = report.extra.entry(key.to_owned()).or_insert_with(|| json!([])) {
                known.extend(sentences.into_iter().map(Value::from));
            }
        }
        if let Some((layout, _)) = &self.began {
            run_log::complete(self.call.host, layout, &report);
        }
        report
    }

    fn tell(&mut self, news: &News) {
        news.send(self.call, &self.environment);
        if let Some(hooks) = &self.hooks {
            let told = hooks.run(self.call, &self.environment, std::slice::from_ref(news));
            self.failures.extend(told.failures);
            self.left_behind.extend(told.left_behind);
        }
    }
}
