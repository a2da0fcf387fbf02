//! A component whose rollback failed: nothing is applied to it until a person acknowledges that.

use crate::clock;
use crate::command_line::command;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::operation::exec::context::Context;
use crate::operation::intent::rollback::{RollbackStep, RollbackTrigger};
use crate::operation::store::records;
use crate::record::{FailedRollback, Record};
use crate::report::{ComponentReport, Status};
use crate::words::{Words, words};

/// Removes the block, because a person has looked.
pub(super) async fn acknowledge(context: &Context<'_>, record: Option<&Record>) -> Result<ComponentReport> {
    let Some(record) = record.filter(|record| record.blocked.is_some()) else {
        return Ok(ComponentReport::new(Status::Unchanged, Code::NothingToAcknowledge));
    };
    let record = Record { blocked: None, ..record.clone() };
    records::write(context.lock, &context.component.name, context.paths, record).await?;
    Ok(ComponentReport::new(Status::Unchanged, Code::Acknowledged))
}

/// The report of a component that is blocked.
pub(super) fn refuse(context: &Context<'_>, record: Option<&Record>) -> Option<ComponentReport> {
    let rollback = record?.blocked.as_ref()?;
    let name = &context.component.name;
    let when = format!("the rollback of run {} failed ({}): ", rollback.run_id, rollback.since);
    let message =
        words![Words::own(when), &rollback.message, "; nothing is applied until a person has checked it"];
    let remedy = remedy(context.session.blueprint.environment.as_str(), name.as_str());
    let error = Error::new(Layer::Host, Phase::Preparation, Code::RollbackFailed, message, remedy).of(name);
    let report = ComponentReport::new(Status::Blocked, error.code);
    Some(ComponentReport { error: Some(error), ..report })
}

fn remedy(environment: &str, name: &str) -> Words {
    let call = command("acknowledge").of(environment).with("components", name);
    words!["check the resources, then run ", call]
}

/// Records that a rollback failed, and says what a person has to do before the next apply.
pub(super) async fn block(
    context: &Context<'_>,
    step: &RollbackStep,
    mut report: ComponentReport,
) -> ComponentReport {
    let Some(error) = report.error.as_ref().filter(|_| report.status == Status::Failed) else {
        return report;
    };
    if error.code == Code::MovedSince || step.trigger != RollbackTrigger::Automatic {
        return report;
    }
    let message = error.message.to_string();
    let written = async {
        let paths = context.paths;
        let record = context.session.records().read(context.component, paths).await?.unwrap_or_default();
        let rollback =
            FailedRollback { run_id: context.session.call.run_id.clone(), since: clock::now(), message };
        let (known_good, perpetual_diff) =
            (step.target.known_good.clone(), step.target.perpetual_diff.clone());
        records::write(
            context.lock,
            &context.component.name,
            context.paths,
            Record { blocked: Some(rollback), known_good, residue: perpetual_diff, ..record },
        )
        .await
    };
    match (written.await, &mut report.error) {
        (Err(error), _) => {
            report.notes.push(words!["the failure of the rollback could not be recorded: ", &error]);
        }
        (Ok(()), Some(error)) => {
            let environment = context.session.blueprint.environment.as_str();
            let needed = remedy(environment, context.component.name.as_str());
            error.remedy =
                words![&error.remedy, "; Eos applies nothing to it until you ", needed, ", then run again"];
        }
        (Ok(()), None) => {}
    }
    report
}
