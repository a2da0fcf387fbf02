//! The health gates of a component: they read its outputs, and are watched at the end of its turn.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::value_path;
use crate::command_line::{command, only_a_retry};
use crate::count::counted;
use crate::decide::{BatchGoal, State};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::health::{
    self, ConsulGate, FinalReason, GateContext, GateTally, HealthGate, NoConnection, Outlook, Unhealthy,
};
use crate::model::{
    self, ConsulProbe, HttpProbe, NomadProbe, OwnOutput, ProbeSettings, TcpProbe, ValueOrOutput, address,
    job_name, registered_name,
};
use crate::nomad::{DeploymentWatch, JobName};
use crate::operation::exec::context::Context;
use crate::operation::exec::servers;
use crate::view::progress::Stage;
use crate::words::{Words, words};

/// How much the gates of a component have to prove.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Each gate holds for its `min_healthy_time`.
    Lasting,
    /// The same version has proved that before. A gate that the pillar does not write has to pass once.
    Repeated,
}

/// Waits until all gates pass. An error if one does not pass in time, if the run is stopped, or if the lock is lost.
pub async fn hold(context: &Context<'_>, state: &State, batch_goal: BatchGoal, proof: Proof) -> Result<()> {
    let mut gates = gates(context, state, batch_goal).await?;
    for (gate, settings) in gates.iter_mut().zip(&context.component.health) {
        if settings.is_derived && proof == Proof::Repeated {
            gate.timing.min_healthy_time = Duration::ZERO;
        }
    }
    if gates.is_empty() {
        return Ok(());
    }
    let tell = |tallies: &[GateTally]| {
        let passes = |tally: &&GateTally| tally.last.as_ref().is_some_and(|answer| answer.passed);
        let failing = tallies.iter().filter(|tally| !passes(tally)).find_map(|tally| tally.last.as_ref());
        let stage = Stage::Verifying {
            passing: tallies.iter().filter(passes).count(),
            gates: gates.len(),
            begun: tallies.iter().any(|tally| tally.measured > 0),
            last: failing.map(|answer| answer.said.clone()).unwrap_or_default(),
        };
        context.session.call.channel.stage(&context.component.name, stage);
    };
    tell(&vec![GateTally::default(); gates.len()]);
    let lost = async {
        match context.lock {
            Some(lock) => lock.lost().await.during(Phase::Verification),
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        _ = context.session.call.cancel.cancelled() => Err(Error::new(
            Layer::Host,
            Phase::Verification,
            Code::Cancelled,
            "stopped on request while waiting for health",
            "run again to continue",
        )),
        error = lost => Err(error),
        held = watch(&gates, &tell) => held,
    }
}

async fn watch(gates: &[HealthGate], tell: &dyn Fn(&[GateTally])) -> Result<()> {
    match health::watch(gates, tell).await {
        Ok(()) => Ok(()),
        Err(unhealthy) => Err(explain(gates, &unhealthy).await),
    }
}

/// The gates of the component, with their values from this state.
pub async fn gates(context: &Context<'_>, state: &State, batch_goal: BatchGoal) -> Result<Vec<HealthGate>> {
    let mut gates = Vec::new();
    for gate in &context.component.health {
        gates.push(open(gate, state, context, batch_goal).await?);
    }
    Ok(gates)
}

async fn open(
    gate: &model::GateSettings,
    state: &State,
    context: &Context<'_>,
    batch_goal: BatchGoal,
) -> Result<HealthGate> {
    let (settings, reader) = (&context.session.blueprint.settings, &context.reader);
    let (component, blind) = (context.component, context.has_unreadable_secrets);
    let sensitive = |own: &OwnOutput| state.outputs.get(&own.output).is_some_and(|output| output.sensitive);
    let opening = || GateContext {
        path: gate.path.to_string(),
        timing: gate.timing,
        is_patient: !gate.timing.is_set,
        hidden: blind || gate.outputs().any(|(_, own)| sensitive(own)),
        redactor: context.redactor.clone(),
    };
    let refuse = |message: String| unmeasurable(gate, &message);
    match &gate.probe {
        ProbeSettings::Http(probe @ HttpProbe { url, headers, .. }) => {
            let url = value(url, state, address::url).map_err(refuse)?;
            let headers: Vec<_> = reader.read_all(headers).await?.into_iter().collect();
            let referred = headers.iter().filter(|(name, _)| is_reference(probe, name));
            for (name, value) in referred {
                context.hide(&format!("header {name} of {}", gate.path), &value.expose_secret().into());
            }
            HealthGate::http(opening(), &url, probe, &headers).map_err(refuse)
        }
        ProbeSettings::Tcp(TcpProbe { host, port }) => {
            let host = value(host, state, address::host).map_err(refuse)?;
            let port = value(port, state, address::port).map_err(refuse)?;
            Ok(HealthGate::tcp(opening(), host, port))
        }
        ProbeSettings::Nomad(NomadProbe { job, namespace }) => {
            let id = value(job, state, job_name).map_err(refuse)?;
            let is_it = |namespaced: &str| namespace.as_ref().is_none_or(|given| given == namespaced);
            let own = state.jobs.iter().find(|own| own.id == id && is_it(&own.namespace));
            let asked = namespace.as_ref().unwrap_or(&settings.nomad.namespace);
            let namespace = own.map_or(asked, |own| &own.namespace).clone();
            let registered = own.and_then(|own| own.modify_index);
            let failed = own.is_some_and(|own| own.failed);
            let follow = DeploymentWatch::new(
                servers::nomad(settings, component, reader).await?,
                JobName { namespace, id },
                registered,
            );
            let follow = follow.after_failure(failed).silently(blind).with_batch_goal(batch_goal);
            Ok(HealthGate::nomad(opening(), follow))
        }
        ProbeSettings::Consul(ConsulProbe { service, least }) => {
            let service = value(service, state, registered_name).map_err(refuse)?;
            let mut jobs = Vec::new();
            for own in &state.jobs {
                let name = JobName { namespace: own.namespace.clone(), id: own.id.clone() };
                jobs.push(
                    DeploymentWatch::new(
                        servers::nomad(settings, component, reader).await?,
                        name,
                        own.modify_index,
                    )
                    .after_failure(own.failed)
                    .silently(blind)
                    .with_batch_goal(batch_goal),
                );
            }
            let token = servers::consul_token(settings, reader).await?;
            let consul = ConsulGate::open(&settings.consul, token, service, *least, jobs);
            Ok(HealthGate::consul(opening(), consul.map_err(refuse)?))
        }
    }
}

fn is_reference(probe: &HttpProbe, header: &str) -> bool {
    !matches!(probe.headers.get(header), None | Some(model::Reference::Plain(_)))
}

/// The literal or the value of the output. The error contains the name of the output, never its value.
fn value<T: Clone>(
    given: &ValueOrOutput<T>,
    state: &State,
    read: fn(&Value) -> Result<T, String>,
) -> Result<T, String> {
    let own = match given {
        ValueOrOutput::Literal(value) => return Ok(value.clone()),
        ValueOrOutput::Output(own) => own,
    };
    let output =
        state.outputs.get(&own.output).ok_or_else(|| format!("output {} has no value", own.output))?;
    value_path::own(own, &output.value, read)
}

/// A gate that cannot be measured because of its definition.
fn unmeasurable(gate: &model::GateSettings, message: &str) -> Error {
    let remedy = "correct the gate in the pillar, or the module's output";
    let message = format!("{} could not be checked: {message}", gate.path);
    Error::new(Layer::Salt, Phase::Verification, Code::HealthGate, message, remedy)
}

async fn explain(gates: &[HealthGate], unhealthy: &Unhealthy) -> Error {
    let Unhealthy { gate: late, watched, tallies } = unhealthy;
    let (gate, tally) = (&gates[*late], &tallies[*late]);
    let timing = &gate.timing;
    let seconds = Duration::from_millis(u64::try_from(watched.as_millis()).unwrap_or(u64::MAX));
    let last = tally.last.as_ref().map_or("no answer yet", |answer| answer.said.as_str());
    let outlook = tally.last.as_ref().map(|answer| answer.outlook).unwrap_or_default();
    let (code, remedy) = ending(outlook);
    let last = last.to_owned();
    let mut message = match outlook {
        Outlook::Never(_) => words![&gate.target, ": ", last],
        _ => {
            let held = format!(
                " did not hold for {} within {}: its last answer was ",
                humantime::format_duration(timing.min_healthy_time),
                humantime::format_duration(timing.healthy_deadline),
            );
            let passed = format!(
                "; {} of {} passed in {}",
                tally.passed,
                counted(tally.measured, "check"),
                humantime::format_duration(seconds),
            );
            words![&gate.target, Words::own(held), last, Words::own(passed)]
        }
    };
    let told = gates.iter().zip(tallies).map(|(gate, tally)| {
        json!({
            "gate": gate.path, "target": gate.target, "measured": tally.measured, "passed": tally.passed, "last": tally.last,
        })
    });
    let mut details = json!({ "gate": gate.path, "gates": told.collect::<Vec<_>>() });
    if let Some(found) = diagnosis(gate, outlook).await {
        message = found.lines.iter().fold(message, |message, line| words![message, "\n  ", line]);
        let seen = gates.iter().filter_map(HealthGate::seen_failing);
        message = seen.fold(message, |message, line| words![message, "\n  seen before: ", line]);
        details["nomad"] = found.details;
    }
    let remedy =
        words![remedy, "; ", command("health").here(), Words::own(format!(" checks again ({})", gate.path))];
    Error::new(Layer::Service, Phase::Verification, code, message, remedy).with(details)
}

/// None if there is no failure to explain.
async fn diagnosis(gate: &HealthGate, outlook: Outlook) -> Option<crate::nomad::Diagnosis> {
    match outlook {
        Outlook::Open | Outlook::UnderWay(_) | Outlook::Never(FinalReason::Failed) => gate.diagnose().await,
        Outlook::Unseen(_) | Outlook::Never(_) => None,
    }
}

/// The code of a gate that did not pass, and the remedy.
pub fn ending(outlook: Outlook) -> (Code, Words) {
    match outlook {
        Outlook::Open | Outlook::UnderWay(_) => {
            (Code::Unhealthy, "the applied changes stay. Find the cause, then run again".into())
        }
        Outlook::Unseen(Some(NoConnection { settings, failure })) => (
            Code::HealthUnknown,
            format!("the applied changes stay. To ask that server, {}", failure.remedy(settings)).into(),
        ),
        Outlook::Unseen(None) => (
            Code::HealthUnknown,
            "the applied changes stay. Repair that server or correct infrastructure:settings, then run again"
                .into(),
        ),
        Outlook::Never(FinalReason::Denied) => (
            Code::HealthUnknown,
            "the applied changes stay. Give the token the permission, then run again".into(),
        ),
        Outlook::Never(FinalReason::Failed) => {
            (Code::DeploymentFailed, Words::own(format!("correct the job. {}", only_a_retry())))
        }
        Outlook::Never(FinalReason::Stopped) => (
            Code::JobStopped,
            words![
                "nothing was rolled back. Start the job with ",
                Words::shell("nomad job start"),
                ", then run again. In your own module, rerun_if_dead = true in its nomad_job lets a run start it"
            ],
        ),
        Outlook::Never(FinalReason::Superseded) => (
            Code::Superseded,
            "nothing was rolled back. Find who else registers this job, then run again".into(),
        ),
        Outlook::Never(FinalReason::AwaitingPromotion) => (
            Code::AwaitingPromotion,
            "check the canaries, then promote or fail the deployment, then run again".into(),
        ),
    }
}
