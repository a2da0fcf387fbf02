//! A moment of a run, as events and hooks tell it.

use serde_json::{Map, Value, json};

use crate::journal::RunStart;
use crate::model::{Name, RunMoment};
use crate::operation::request::call::Call;
use crate::report::{Counts, Report};
use crate::view::announcement::{self, RunTitle};

/// How many failed components an event names.
const NAMED: usize = 10;

/// What is announced at one moment of a run.
pub struct News {
    pub moment: RunMoment,
    pub run_id: String,
    pub operation: String,
    pub message: String,
    /// The data of the event, with the message.
    pub data: Map<String, Value>,
    /// What only a webhook gets: an event has a limited size.
    pub components: Map<String, Value>,
}

impl News {
    /// It has its id and its journal.
    pub fn started(environment: &Name, began: &RunStart) -> Self {
        let who = &began.who;
        let data = facts(environment, began);
        let message = announcement::started(&title(environment, began), began.components.len());
        Self::new(RunMoment::Started, &who.run_id, &who.operation, message, data)
    }

    /// `began` is None if it failed before it had a folder.
    pub fn ended(report: &Report, began: Option<&RunStart>) -> Self {
        let moment = if report.result == Some(false) { RunMoment::Failed } else { RunMoment::Finished };
        let mut counts = Map::new();
        for one in report.components.values() {
            let count = counts.get(one.status.word()).and_then(Value::as_u64).unwrap_or_default();
            counts.insert(one.status.word().to_owned(), (count + 1).into());
        }
        let whole = serde_json::to_value(report).unwrap_or_default();
        let failed = report.components.iter().filter(|(_, one)| announcement::is_cause(one)).take(NAMED);
        let failed: Vec<_> = failed
            .map(|(name, one)| {
                let message = announcement::why(one);
                json!({ "component": name, "status": one.status, "reason": one.reason(), "message": message })
            })
            .collect();
        let mut data = json!({
            "environment": report.environment,
            "jid": report.jid,
            "user": report.user,
            "host": began.map(|began| &began.who.host),
            "result": report.result,
            "reason": report.error.as_ref().map(|error| error.code),
            "total": report.components.len(),
            "counts": counts,
            "changes": Counts::of_report(&whole),
            "duration": report.duration,
            "resumes": began.map(|began| &began.resumes),
            "plan_id": report.extra.get("plan_id"),
            "approve_command": report.extra.get("approve_command"),
        });
        if moment == RunMoment::Failed {
            data["failed"] = failed.into();
        }
        let message = announcement::ended(&whole, report);
        let components = report.components.iter().map(|(name, one)| {
            let facts = json!({ "status": one.status, "reason": one.reason(), "changes": one.changes });
            (name.to_string(), facts)
        });
        let components = components.collect();
        Self { components, ..Self::new(moment, &report.run_id, &report.operation, message, data) }
    }

    /// It was killed, and a later call says so.
    pub fn died(environment: &Name, began: &RunStart) -> Self {
        let who = &began.who;
        let mut data = facts(environment, began);
        data["result"] = false.into();
        data["reason"] = "died".into();
        data["died"] = true.into();
        let message = announcement::died(&title(environment, began), &who.host, &who.since);
        Self::new(RunMoment::Failed, &who.run_id, &who.operation, message, data)
    }

    pub fn is_about_a_killed_run(&self) -> bool {
        self.data.get("died").is_some_and(|died| *died == true)
    }

    /// Sends the event.
    pub fn send(&self, call: &Call<'_>, environment: &Name) {
        let tag = format!("eos/{environment}/run/{}", self.moment.word());
        call.host.emit(&tag, &Value::Object(self.data.clone()));
    }

    fn new(moment: RunMoment, run_id: &str, operation: &str, message: String, data: Value) -> Self {
        let mut data = match data {
            Value::Object(data) => data,
            _ => Map::new(),
        };
        data.insert("run_id".to_owned(), run_id.into());
        data.insert("operation".to_owned(), operation.into());
        data.insert("message".to_owned(), message.as_str().into());
        // The result of a run that left changes for later is null.
        data.retain(|key, value| !value.is_null() || key == "result");
        let (run_id, operation) = (run_id.to_owned(), operation.to_owned());
        Self { moment, run_id, operation, message, data, components: Map::new() }
    }
}

/// What the journal says of a run. The jid is that of the run, also if another job tells of it.
fn facts(environment: &Name, began: &RunStart) -> Value {
    json!({
        "environment": environment,
        "jid": began.who.jid,
        "user": began.user,
        "host": began.who.host,
        "total": began.components.len(),
        "resumes": began.resumes,
        "plan_id": began.plan_id,
    })
}

fn title<'a>(environment: &'a Name, began: &'a RunStart) -> RunTitle<'a> {
    let (operation, run_id) = (&began.who.operation, &began.who.run_id);
    RunTitle { environment: environment.as_str(), operation, user: &began.user, run_id }
}
