//! A Salt whose answers the test sets.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use eos::host::{Host, MinionReturn, SaltJob, StartedJob};
use serde_json::{Value, json};

pub type Reply = Box<dyn Fn(&SaltJob, &str) -> Option<MinionReturn>>;

/// Minions that answer as the test says; None means no answer. Every call is recorded.
pub struct Salt {
    pub minions: Vec<String>,
    pub reply: Reply,
    pub calls: RefCell<Vec<SaltJob>>,
    pub stopped: RefCell<Vec<String>>,
    /// The lines of its log.
    pub logged: RefCell<Vec<String>>,
    /// Every tick requests a stop after this number of jobs was started.
    pub stops_after: Option<usize>,
    /// Every tick requests a stop once a line of the log has this text.
    pub stops_at: Option<&'static str>,
}

impl Salt {
    pub fn new(minions: &[&str], reply: impl Fn(&SaltJob, &str) -> Option<MinionReturn> + 'static) -> Self {
        Self {
            minions: minions.iter().map(|one| (*one).to_owned()).collect(),
            reply: Box::new(reply),
            calls: RefCell::default(),
            stopped: RefCell::default(),
            logged: RefCell::default(),
            stops_after: None,
            stops_at: None,
        }
    }

    pub fn well() -> Self {
        Self::new(&["web1"], |job, _| Some(states(job, json!(true), json!({ "diff": "+1" }))))
    }

    pub fn functions(&self) -> Vec<String> {
        self.calls.borrow().iter().map(|job| job.function.clone()).collect()
    }
}

/// The answer of one state. In a test run, the result of a pending change is `null`.
pub fn states(job: &SaltJob, result: Value, changes: Value) -> MinionReturn {
    let test = job.keywords.get("test") == Some(&json!(true));
    let result = if test && result == true && changes != json!({}) { Value::Null } else { result };
    let row = json!({ "result": result, "changes": changes, "comment": "said", "name": "/x", "__id__": "x" });
    MinionReturn { value: json!({ "file_|-x_|-/x_|-managed": row }), retcode: 0 }
}

impl Host for Salt {
    fn fetch(&self, _: &str) -> Result<BTreeMap<String, PathBuf>, String> {
        Ok(BTreeMap::new())
    }
    fn render(&self, _: &Path) -> Result<String, String> {
        Ok(String::new())
    }
    fn emit(&self, _: &str, _: &Value) {}
    fn log(&self, _: tracing::Level, message: &str) {
        self.logged.borrow_mut().push(message.to_owned());
    }
    fn tick(&self) -> u32 {
        let is_logged = |text: &str| self.logged.borrow().iter().any(|line| line.contains(text));
        let is_started = self.stops_after.is_some_and(|jobs| self.calls.borrow().len() >= jobs);
        u32::from(is_started || self.stops_at.is_some_and(is_logged))
    }
    fn start(&self, job: &SaltJob) -> Result<StartedJob, String> {
        self.calls.borrow_mut().push(job.clone());
        let named: Vec<&str> = job.target.split(',').collect();
        let is_named = |minion: &&String| job.target_type != "list" || named.contains(&minion.as_str());
        let minions = self.minions.iter().filter(is_named).cloned().collect();
        Ok(StartedJob { jid: (self.calls.borrow().len() - 1).to_string(), minions, local: false })
    }
    fn poll(&self, jid: &str) -> Result<BTreeMap<String, MinionReturn>, String> {
        let job = &self.calls.borrow()[jid.parse::<usize>().unwrap()];
        let replies = self.minions.iter().map(|minion| (minion.clone(), (self.reply)(job, minion)));
        Ok(replies.filter_map(|(minion, reply)| reply.map(|reply| (minion, reply))).collect())
    }
    fn stop(&self, jid: &str) {
        self.stopped.borrow_mut().push(jid.to_owned());
    }
}
