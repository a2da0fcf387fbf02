//! Repeats a component's turn with its last applied configuration, if a destroy cannot use today's module.

use std::sync::Arc;

use crate::error::{Code, Error, Layer, Phase, Result};
use crate::graph::Graph;
use crate::model::{Name, Node};
use crate::operation::blueprint::broken_modules;
use crate::operation::component;
use crate::operation::component::approval::{self, CheckedPlan};
use crate::operation::intent::Intent;
use crate::operation::session::Session;
use crate::operation::store::saved_plan::refused;
use crate::operation::store::saved_plans::{SavedPlan, SavedPlans};
use crate::report::{ComponentReport, Status};
use crate::resolve::Module;

/// Runs the turn; if a destroy failed at today's module, runs it again with the last applied configuration.
pub(super) async fn run(session: &Session, name: &Name, intent: &Intent) -> ComponentReport {
    let report = component::run(session, name, intent).await;
    let Some(error) = report.error.as_ref().filter(|error| is_of_the_module(error, intent)) else {
        return report;
    };
    let earlier = match applied(session, name) {
        Ok(Some(earlier)) => earlier,
        Ok(None) => return report,
        Err(error) => {
            tracing::warn!("{name}: it cannot be destroyed with its last applied configuration: {error}");
            return report;
        }
    };
    let reason = error.message.clone();
    let again = component::run(&session.toward([(name.clone(), earlier)].into()), name, intent).await;
    match again.status {
        Status::Failed | Status::Cancelled if again.snapshot_id.is_none() => {
            let message = again.error.map(|error| error.message).unwrap_or_default();
            let note = format!("destroying it with its last applied configuration failed too: {message}");
            let mut report = report;
            report.notes.push(note);
            report
        }
        _ => {
            let mut again = again;
            again.notes.push(broken_modules::say(&reason));
            again
        }
    }
}

/// Refuses a saved plan that cannot be applied any longer. The plan of a destroy may use the last applied configuration.
pub async fn check(session: &Session, plan: SavedPlan<'_>) -> Result<CheckedPlan> {
    let name = plan.component;
    match approval::check(session, plan).await {
        Err(error) if error.code == Code::PlanMoved && plan.read()?.destroy => {
            match applied(session, name)? {
                Some(earlier) => {
                    approval::check(&session.toward([(name.clone(), earlier)].into()), plan).await
                }
                None => Err(error),
            }
        }
        checked => checked,
    }
}

/// Terraform refused before it changed anything, or a saved plan uses the last applied configuration.
fn is_of_the_module(error: &Error, intent: &Intent) -> bool {
    let early = matches!(error.phase, Phase::Preparation | Phase::Planning);
    let refused = error.layer == Layer::Terraform
        && matches!(error.code, Code::TerraformFailed | Code::ProviderUnavailable | Code::TerraformTooOld);
    let kept = intent.plan_id().is_some() && error.code == Code::PlanMoved;
    intent.destroys() && early && (refused || kept)
}

/// None if today's module is the one that was applied.
fn applied(session: &Session, name: &Name) -> Result<Option<(Node, Arc<Module>)>> {
    let today = &session.blueprint.nodes[name];
    let folder = broken_modules::folder(&session.call.layout, &session.call.run_id, name);
    let earlier =
        broken_modules::as_applied(&today.component, &session.call.layout.component(name)?, &folder)?;
    Ok(earlier.filter(|(node, _)| node.interface.digest != today.interface.digest))
}

/// Checks every saved plan against today's facts, before the first is applied. True: one waits for an approval.
pub(super) async fn check_all(session: &Session, graph: &Graph, plans: &SavedPlans) -> Result<bool> {
    let (mut moved, mut waits) = (Vec::new(), false);
    for name in graph.names() {
        match check(session, plans.of(name)).await {
            Ok(checked) => waits |= checked.waits,
            Err(error) => moved.push(error.of(name)),
        }
    }
    // The outputs of an upstream component are read again after it was applied.
    session.ledger.produced.borrow_mut().clear();
    match moved.len() {
        0 => Ok(waits),
        1 => Err(moved.remove(0)),
        _ => {
            let message = by_message(&moved);
            // It is the same for each plan that cannot be applied.
            let remedy =
                moved.iter().find(|error| error.code.refuses_a_plan()).unwrap_or(&moved[0]).remedy.clone();
            Err(Error { remedy, ..refused(Code::PlanMoved, message) })
        }
    }
}

/// A line for each message, with the components that it is about.
fn by_message(errors: &[Error]) -> String {
    let mut lines: Vec<(Vec<&str>, &str)> = Vec::new();
    for error in errors {
        let name = error.component.as_ref().map(Name::as_str).unwrap_or_default();
        match lines.iter_mut().find(|(_, message)| *message == error.message.as_str()) {
            Some((names, _)) => names.push(name),
            None => lines.push((vec![name], error.message.as_str())),
        }
    }
    let lines: Vec<_> =
        lines.iter().map(|(names, message)| format!("{}: {message}", names.join(", "))).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_true_of_several_components_is_said_once() {
        let error = |name: &str, message: &str| {
            refused(Code::PlanSpent, message.to_owned()).of(&Name::new(name).unwrap())
        };
        let errors =
            [error("a", "applied by run 01R"), error("b", "moved"), error("c", "applied by run 01R")];
        assert_eq!(by_message(&errors), "a, c: applied by run 01R\nb: moved");
    }
}
