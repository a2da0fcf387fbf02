//! A component whose rollback failed: nothing is applied to it until a person acknowledges that.

use super::intent::{Act, Intent};
use super::way_back::{MOVED, Manner, Way};
use crate::error::{Error, Layer, Phase, Result};
use crate::operation::exec::Invoker;
use crate::operation::store::records;
use crate::record::{Blocked, Record};
use crate::report::{ComponentReport, Status};
use crate::words::{Words, words};

/// The report of a component that is blocked, or that was acknowledged.
pub(super) async fn check(
    invoker: &Invoker<'_>,
    record: Option<&Record>,
    intent: &Intent,
) -> Result<Option<ComponentReport>> {
    let name = &invoker.component.name;
    let found = record.and_then(|record| record.blocked.as_ref().map(|blocked| (record, blocked)));
    match (&intent.act, found) {
        (Act::Acknowledge, None) => {
            Ok(Some(ComponentReport::new(Status::Unchanged, "nothing_to_acknowledge")))
        }
        (Act::Acknowledge, Some((record, _))) => {
            records::write(
                invoker.lock,
                &invoker.component.name,
                invoker.place,
                Record { blocked: None, ..record.clone() },
            )
            .await?;
            Ok(Some(ComponentReport::new(Status::Unchanged, "acknowledged")))
        }
        (act, Some((_, blocked))) if act.changes_things() => {
            let when = format!("the way back of run {} failed ({}): ", blocked.run_id, blocked.since);
            let message =
                words![Words::own(when), &blocked.message, "; nothing is applied before somebody has looked"];
            let environment = &invoker.session.blueprint.environment;
            let remedy = acknowledge(environment.as_str(), name.as_str());
            let error =
                Error::new(Layer::Host, Phase::Preparation, "rollback_failed", message, remedy).of(name);
            let report = ComponentReport::new(Status::Blocked, error.code);
            Ok(Some(ComponentReport { error: Some(error), ..report }))
        }
        _ => Ok(None),
    }
}

fn acknowledge(environment: &str, name: &str) -> Words {
    let call = format!("salt-run infrastructure.acknowledge {environment} components={name}");
    Words::own(format!("look at what is there, then {call}"))
}

/// Records that a rollback failed, and says what a person has to do before the next apply.
pub(super) async fn block(invoker: &Invoker<'_>, way: &Way, mut report: ComponentReport) -> ComponentReport {
    let Some(error) = report.error.as_ref().filter(|_| report.status == Status::Failed) else {
        return report;
    };
    if error.code == MOVED || way.manner != Manner::OfRun {
        return report;
    }
    let message = error.message.to_string();
    let written = async {
        let place = invoker.place;
        let record = invoker.session.records().read(invoker.component, place).await?.unwrap_or_default();
        let blocked = Blocked {
            run_id: invoker.session.run_id.clone(),
            since: humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string(),
            message,
        };
        let (known_good, residue) = (way.leg.known_good.clone(), way.leg.residue.clone());
        records::write(
            invoker.lock,
            &invoker.component.name,
            invoker.place,
            Record { blocked: Some(blocked), known_good, residue, ..record },
        )
        .await
    };
    match (written.await, &mut report.error) {
        (Err(error), _) => {
            report.notes.push(format!("that the way back failed could not be recorded: {error}"));
        }
        (Ok(()), Some(error)) => {
            let environment = invoker.session.blueprint.environment.as_str();
            let needed = acknowledge(environment, invoker.component.name.as_str());
            error.remedy = words![
                &error.remedy,
                "; nothing is applied to it before you ",
                needed,
                ", and then run again"
            ];
        }
        (Ok(()), None) => {}
    }
    report
}
