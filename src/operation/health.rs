//! A component's health gates: its outputs put in, and watched at the end of its turn.

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::inputs;
use super::invoke::{CANCELLED, Invoker};
use super::secrets::Reading;
use crate::change::Redactor;
use crate::decide::State;
use crate::error::{Error, Layer, Phase, Result};
use crate::health::{self, Gate, Opening, Tally, Unhealthy};
use crate::model::{self, Given, HttpProbe, OwnOutput, Probe, TcpProbe, address};
use crate::view::progress::Stage;

/// Waits until all gates hold. An error where one does not in time, where the run is stopped or the lock lost.
pub async fn hold(invoker: &Invoker<'_>, state: &State) -> Result<()> {
    let gates = gates(invoker, state).await?;
    if gates.is_empty() {
        return Ok(());
    }
    let tell = |tallies: &[Tally]| {
        let passes = |tally: &&Tally| tally.last.as_ref().is_some_and(|answer| answer.passed);
        let failing = tallies.iter().filter(|tally| !passes(tally)).find_map(|tally| tally.last.as_ref());
        let stage = Stage::Verifying {
            passing: tallies.iter().filter(passes).count(),
            gates: gates.len(),
            begun: tallies.iter().any(|tally| tally.measured > 0),
            last: failing.map(|answer| answer.said.clone()).unwrap_or_default(),
        };
        invoker.session.teller.stage(&invoker.component.name, stage);
    };
    tell(&vec![Tally::default(); gates.len()]);
    let lost = async {
        match invoker.lock {
            Some(lock) => lock.lost().await.during(Phase::Verification),
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        _ = invoker.session.cancel.cancelled() => Err(Error::new(
            Layer::Host,
            Phase::Verification,
            CANCELLED,
            "stopped while waiting for health, as asked",
            "run again to go on",
        )),
        error = lost => Err(error),
        held = health::watch(&gates, &tell) => held.map_err(|unhealthy| explain(&gates, &unhealthy)),
    }
}

/// The component's gates, with what they read from this state.
pub async fn gates(invoker: &Invoker<'_>, state: &State) -> Result<Vec<Gate>> {
    let mut redactor = invoker.redactor.clone();
    redactor.add(state.outputs.values().filter(|output| output.sensitive).map(|output| &output.value));
    let mut gates = Vec::new();
    for gate in &invoker.component.health {
        gates.push(open(gate, state, redactor.clone(), &invoker.reading).await?);
    }
    Ok(gates)
}

async fn open(gate: &model::Gate, state: &State, redactor: Redactor, reading: &Reading) -> Result<Gate> {
    let sensitive = |own: &OwnOutput| state.outputs.get(&own.output).is_some_and(|output| output.sensitive);
    let opening = |redactor: Redactor| Opening {
        path: gate.path.to_string(),
        timing: gate.timing,
        hidden: gate.outputs().any(|(_, own)| sensitive(own)),
        redactor,
    };
    let refuse = |message: String| unmeasurable(gate, &message);
    match &gate.probe {
        Probe::Http(probe @ HttpProbe { url, headers, .. }) => {
            let url = value(url, state, address::url).map_err(refuse)?;
            let headers: Vec<_> = reading.read_all(headers).await?.into_iter().collect();
            let mut redactor = redactor;
            let referred = headers.iter().filter(|(name, _)| is_reference(probe, name));
            let secrets: Vec<Value> = referred.map(|(_, value)| value.expose_secret().into()).collect();
            redactor.add(&secrets);
            Gate::http(opening(redactor), &url, probe, &headers).map_err(refuse)
        }
        Probe::Tcp(TcpProbe { host, port }) => {
            let host = value(host, state, address::host).map_err(refuse)?;
            let port = value(port, state, address::port).map_err(refuse)?;
            Ok(Gate::tcp(opening(redactor), host, port))
        }
    }
}

fn is_reference(probe: &HttpProbe, header: &str) -> bool {
    !matches!(probe.headers.get(header), None | Some(model::Reference::Plain(_)))
}

/// The literal, or what the output is; the error names the output, never its value.
fn value<T: Clone>(
    given: &Given<T>,
    state: &State,
    read: fn(&Value) -> Result<T, String>,
) -> Result<T, String> {
    let own = match given {
        Given::Literal(value) => return Ok(value.clone()),
        Given::Output(own) => own,
    };
    let output =
        state.outputs.get(&own.output).ok_or_else(|| format!("output {} has no value", own.output))?;
    let mut value = &output.value;
    for step in &own.path {
        value = inputs::below(value, step).ok_or_else(|| format!("output {own}: there is no {step:?}"))?;
    }
    read(value).map_err(|reason| format!("output {own} {reason}"))
}

/// A gate that cannot be measured, whatever the world is like.
fn unmeasurable(gate: &model::Gate, message: &str) -> Error {
    let remedy = "correct the gate in the pillar, or the module's output";
    let message = format!("{} cannot be measured: {message}", gate.path);
    Error::new(Layer::Salt, Phase::Verification, "health_gate", message, remedy)
}

fn explain(gates: &[Gate], unhealthy: &Unhealthy) -> Error {
    let Unhealthy { gate: late, watched, tallies } = unhealthy;
    let (gate, tally) = (&gates[*late], &tallies[*late]);
    let timing = &gate.timing;
    let seconds = std::time::Duration::from_millis(u64::try_from(watched.as_millis()).unwrap_or(u64::MAX));
    let last = tally.last.as_ref().map_or("no answer yet", |answer| answer.said.as_str());
    let message = format!(
        "{} did not hold for {} within {}: its last answer was {last}; {} of {} measurement(s) passed in {}",
        gate.target,
        humantime::format_duration(timing.min_healthy_time),
        humantime::format_duration(timing.healthy_deadline),
        tally.passed,
        tally.measured,
        humantime::format_duration(seconds),
    );
    let remedy = format!(
        "what was applied stays: find out why, then run again; infrastructure.health measures now ({})",
        gate.path
    );
    let told = gates.iter().zip(tallies).map(|(gate, tally)| {
        json!({
            "gate": gate.path, "target": gate.target, "measured": tally.measured, "passed": tally.passed, "last": tally.last,
        })
    });
    Error::new(Layer::Service, Phase::Verification, "unhealthy", message, remedy)
        .with(json!({ "gate": gate.path, "gates": told.collect::<Vec<_>>() }))
}
