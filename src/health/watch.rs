//! Measures gates until all of them hold, or until one of them misses its deadline.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};

use super::answer::{Measurement, Outlook};
use super::gate::HealthGate;
use crate::decide::{GateRequirement, HealthVerdict, PassingWindow, health_verdict};

/// The measurements of one gate so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GateTally {
    pub measured: u64,
    pub passed: u64,
    pub last: Option<Measurement>,
}

/// The result if not all gates hold in time.
#[derive(Clone, Debug)]
pub struct Unhealthy {
    /// The gate that missed its deadline.
    pub gate: usize,
    pub watched: Duration,
    pub tallies: Vec<GateTally>,
}

/// Returns when all gates hold at the same moment. To stop it, drop the future: a measurement changes nothing.
pub async fn watch(gates: &[HealthGate], tell: &dyn Fn(&[GateTally])) -> Result<(), Unhealthy> {
    let began = Instant::now();
    let mut tallies = vec![GateTally::default(); gates.len()];
    let mut passing: Vec<_> = gates
        .iter()
        .map(|HealthGate { timing, .. }| {
            (
                GateRequirement { least: timing.min_healthy_time, deadline: timing.healthy_deadline },
                PassingWindow::default(),
            )
        })
        .collect();
    let ask = async |index: usize, pause: Duration| {
        gates[index].rest(pause).await;
        (index, gates[index].measure().await)
    };
    let mut asked: FuturesUnordered<_> = (0..gates.len()).map(|index| ask(index, Duration::ZERO)).collect();
    loop {
        let wake = match health_verdict(&passing, began.elapsed()) {
            HealthVerdict::Healthy => return Ok(()),
            HealthVerdict::Unhealthy(gate) => {
                return Err(Unhealthy { gate, watched: began.elapsed(), tallies });
            }
            HealthVerdict::Wait(until) => began + until,
        };
        tokio::select! {
            biased;
            Some((index, answer)) = asked.next() => {
                let (hold, passing) = &mut passing[index];
                passing.add(began.elapsed(), answer.passed);
                match answer.outlook {
                    Outlook::Never(_) => passing.give_up(),
                    // If the pillar sets no deadline, the work in progress sets it.
                    Outlook::UnderWay(more) if gates[index].is_patient => {
                        hold.deadline = hold.deadline.max(began.elapsed() + more);
                    }
                    _ => {}
                }
                let tally = &mut tallies[index];
                tally.measured += 1;
                tally.passed += u64::from(answer.passed);
                tally.last = Some(answer);
                tell(&tallies);
                asked.push(ask(index, gates[index].timing.interval));
            }
            () = sleep_until(wake) => {}
        }
    }
}
