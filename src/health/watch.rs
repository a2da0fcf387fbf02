//! Measures gates until all of them hold, or until one of them misses its deadline.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};

use super::answer::{Answer, Outlook};
use super::gate::Gate;
use crate::decide::{Hold, Passing, Verdict, verdict};

/// The measurements of one gate so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    pub measured: u64,
    pub passed: u64,
    pub last: Option<Answer>,
}

/// The result if not all gates hold in time.
#[derive(Clone, Debug)]
pub struct Unhealthy {
    /// The gate that missed its deadline.
    pub gate: usize,
    pub watched: Duration,
    pub tallies: Vec<Tally>,
}

/// Returns when all gates hold at the same moment. To stop it, drop the future: a measurement changes nothing.
pub async fn watch(gates: &[Gate], tell: &dyn Fn(&[Tally])) -> Result<(), Unhealthy> {
    let began = Instant::now();
    let mut tallies = vec![Tally::default(); gates.len()];
    let mut passing: Vec<_> = gates
        .iter()
        .map(|Gate { timing, .. }| {
            (Hold { least: timing.min_healthy_time, deadline: timing.healthy_deadline }, Passing::default())
        })
        .collect();
    let ask = async |index: usize, pause: Duration| {
        gates[index].rest(pause).await;
        (index, gates[index].measure().await)
    };
    let mut asked: FuturesUnordered<_> = (0..gates.len()).map(|index| ask(index, Duration::ZERO)).collect();
    loop {
        let wake = match verdict(&passing, began.elapsed()) {
            Verdict::Healthy => return Ok(()),
            Verdict::Unhealthy(gate) => return Err(Unhealthy { gate, watched: began.elapsed(), tallies }),
            Verdict::Wait(until) => began + until,
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
