//! Judges Terraform: its program, the backends of the states, and the locks.

use serde_json::{Map, Value, json};

use super::layer::{LayerReport, LayerStatus, fault};
use crate::command_line::command;
use crate::decide::listed_briefly;
use crate::error::{Code, Error, Layer};
use crate::model::Name;
use crate::shell::quote;
use crate::words::{Words, words};

#[derive(Debug)]
pub struct TerraformFacts {
    pub environment: Name,
    pub program: Result<ProgramFacts, Error>,
    pub backends: Vec<BackendFacts>,
    pub locks: Result<Vec<LockFacts>, Error>,
    pub left: Vec<LeftLock>,
    /// Folders that cannot be used.
    pub folders: Vec<Error>,
}

#[derive(Debug)]
pub struct ProgramFacts {
    /// `terraform` or `opentofu`.
    pub product: &'static str,
    pub version: String,
    pub path: String,
    /// The versions that are allowed, such as `>=1.5`.
    pub allowed: String,
}

/// A backend, and the components whose states are in it.
#[derive(Debug)]
pub struct BackendFacts {
    pub kind: String,
    pub components: Vec<Name>,
    pub answer: BackendAnswer,
}

#[derive(Debug)]
pub enum BackendAnswer {
    /// A state of this component could be read. None for the local backend, which is a folder.
    Reachable(Option<Name>),
    /// Why it was not asked.
    NotAsked(&'static str),
    Unreachable(Error),
}

/// A lock of Eos that is held now.
#[derive(Debug)]
pub struct LockFacts {
    pub component: String,
    /// For people: the run, its operation, user and host, and since when.
    pub holder: String,
    pub run_id: String,
    pub operation: String,
    pub user: String,
    pub host: String,
    pub since: String,
    /// The process that took it has certainly ended.
    pub stale: bool,
    pub kept_by: LockKeeper,
}

/// What still holds a lock whose process has ended.
#[derive(Debug)]
pub enum LockKeeper {
    /// A terraform that runs on.
    Terraform(u32),
    /// A process that has this file open.
    File(String),
    /// A session in Consul. `unlock` needs this id.
    Session(String),
}

impl LockFacts {
    /// How the lock becomes free.
    fn remedy(&self, environment: &Name) -> Words {
        match &self.kept_by {
            LockKeeper::Terraform(pid) => words![
                "wait until its terraform, process ",
                u64::from(*pid),
                ", ends, or stop it: ",
                Words::shell(format!("kill -INT {pid}"))
            ],
            LockKeeper::File(path) => words![
                "wait until its guardian has ended terraform; this shows the process that still holds it: ",
                Words::shell(format!("fuser {}", quote(path)))
            ],
            LockKeeper::Session(id) => words![
                "it is free when its session in Consul ends. At once, if that process is certainly gone: ",
                command("unlock").of(environment).with("component", &self.component).with("id", id)
            ],
        }
    }
}

/// A terraform that was killed may have left a lock in the backend.
#[derive(Debug)]
pub struct LeftLock {
    pub component: Name,
    pub kind: String,
    pub run_id: String,
    pub host: String,
    pub since: String,
}

pub fn terraform(found: TerraformFacts) -> LayerReport {
    let mut report = LayerReport::healthy(Map::new());
    report.summary = summary(&found);
    report.facts = facts(&found);
    lines(&found, &mut report);
    let TerraformFacts { environment, program, backends, locks, left, folders } = found;
    program.err().into_iter().chain(folders).for_each(|error| report.fault(LayerStatus::Unhealthy, error));
    for backend in backends {
        if let BackendAnswer::Unreachable(error) = backend.answer {
            report.fault(LayerStatus::Unhealthy, error);
        }
    }
    match locks {
        Err(error) => report.fault(LayerStatus::Unhealthy, error),
        Ok(locks) => {
            for lock in locks.into_iter().filter(|lock| lock.stale) {
                let message = format!(
                    "the lock of {} is held by {}, whose process has ended",
                    lock.component, lock.holder
                );
                let remedy = lock.remedy(&environment);
                report.fault(
                    LayerStatus::Degraded,
                    fault(Layer::Host, Code::LockStale, Words::own(message), remedy),
                );
            }
        }
    }
    for LeftLock { component, kind, run_id, host, since } in left {
        let message = format!(
            "the terraform of run {run_id} on {host} was killed; since {since} it may have left its lock on the \
             state of {component} in the {kind} backend"
        );
        let remedy =
            "run again on that host: the next run releases such a lock, if it is certainly left over";
        report.fault(
            LayerStatus::Degraded,
            fault(Layer::Terraform, Code::BackendLockLeft, Words::own(message), remedy),
        );
    }
    report
}

/// One line for each part.
fn lines(found: &TerraformFacts, report: &mut LayerReport) {
    if let Ok(ProgramFacts { product, version, path, allowed }) = &found.program {
        let said =
            words![*product, " ", version.clone(), " at ", path.clone(), " (allowed: ", allowed.clone(), ")"];
        report.line("program", said);
    }
    for BackendFacts { kind, answer, .. } in &found.backends {
        match answer {
            BackendAnswer::Reachable(None) => report.line("backends", words![kind.clone(), ": in the root"]),
            BackendAnswer::Reachable(Some(by)) => {
                report.line("backends", words![kind.clone(), " answers with the state of ", by]);
            }
            BackendAnswer::NotAsked(why) => report.not_asked("backends", words![kind.clone(), ": ", *why]),
            BackendAnswer::Unreachable(_) => {}
        }
    }
    match found.locks.as_deref() {
        Ok([]) => report.line("locks", "none is held"),
        Ok(held) => {
            let names: Vec<_> = held.iter().map(|lock| lock.component.clone()).collect();
            report.line("locks", words!["held by runs: ", listed_briefly(&names)]);
        }
        Err(_) => {}
    }
}

fn facts(found: &TerraformFacts) -> Map<String, Value> {
    let mut facts = Map::new();
    if let Ok(ProgramFacts { product, version, path, .. }) = &found.program {
        facts.insert("program".to_owned(), json!({ "name": product, "version": version, "path": path }));
    }
    let backends = found.backends.iter().map(|backend| {
        let mut one = json!({ "type": backend.kind, "components": backend.components });
        match &backend.answer {
            BackendAnswer::Reachable(by) => {
                one["state"] = "reachable".into();
                if let Some(by) = by {
                    one["asked_with"] = by.as_str().into();
                }
            }
            BackendAnswer::NotAsked(why) => {
                one["state"] = "not_asked".into();
                one["because"] = (*why).into();
            }
            BackendAnswer::Unreachable(_) => one["state"] = "unreachable".into(),
        }
        one
    });
    facts.insert("backends".to_owned(), backends.collect());
    if let Ok(locks) = &found.locks {
        let locks = locks.iter().map(|lock| {
            json!({
                "component": lock.component, "run_id": lock.run_id, "operation": lock.operation,
                "user": lock.user, "host": lock.host, "since": lock.since, "stale": lock.stale,
            })
        });
        facts.insert("locks".to_owned(), locks.collect());
    }
    facts
}

fn summary(found: &TerraformFacts) -> Words {
    let mut said = match &found.program {
        Ok(ProgramFacts { product, version, .. }) => words![*product, " ", version.clone()],
        Err(_) => words!["no usable program"],
    };
    for backend in &found.backends {
        let state = match backend.answer {
            BackendAnswer::Reachable(_) => " reachable",
            BackendAnswer::NotAsked(_) => " not asked",
            BackendAnswer::Unreachable(_) => " unreachable",
        };
        said = words![said, ", backend ", backend.kind.clone(), state];
    }
    match &found.locks {
        Ok(locks) => match &locks[..] {
            [] => words![said, ", no locks held"],
            [LockFacts { component, operation, user, host, since, .. }] => Words::own(format!(
                "{said}, {component} locked by {operation} of {user} on {host} since {since}"
            )),
            many => words![said, ", ", many.len(), " locks held (", command("locks").here(), ")"],
        },
        Err(_) => words![said, ", locks not visible"],
    }
}
