//! Starts each component as soon as its last dependency is done, within the limits on parallel work.

use std::collections::BTreeMap;
use std::time::Instant;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use crate::error::Code;
use crate::graph::{Graph, NodeOutcome, ReadyQueue};
use crate::model::{Blueprint, Name, OnFailure};
use crate::operation::session::Session;
use crate::operation::session::channel::HostChannel;
use crate::report::{After, ComponentReport, Status};
use crate::view::progress::Stage;

/// Runs `work` for every name of the graph. A name that is never started is reported as skipped. `on_failure` decides
/// what a failure means for the other components.
pub(super) async fn schedule(
    session: &Session,
    graph: Graph,
    on_failure: impl Fn(&Name) -> OnFailure,
    work: impl AsyncFn(Name) -> ComponentReport,
) -> BTreeMap<Name, ComponentReport> {
    let parallelism = session.blueprint.settings.parallelism.get();
    for name in graph.names() {
        let on = graph.dependencies(name).iter().cloned().collect();
        session.call.channel.stage(name, Stage::Waiting { on });
    }
    let mut queue = ReadyQueue::new(graph);
    let mut running = FuturesUnordered::new();
    let mut reports = BTreeMap::new();
    let skip = |names: Vec<Name>, reason: Code, after: Option<&After>, reports: &mut BTreeMap<_, _>| {
        for name in names {
            let report = not_started(reason, after);
            tell_end(&session.call.channel, &name, &report);
            reports.insert(name, report);
        }
    };
    loop {
        while running.len() < parallelism && session.call.cancel.cause().is_none() {
            let busy: Vec<Name> = queue.running().cloned().collect();
            let Some(name) = queue.next(|name| has_room(&session.blueprint, name, &busy)) else {
                break;
            };
            let began = Instant::now();
            let work = &work;
            running.push(async move {
                let report = work(name.clone()).await;
                (name, ComponentReport { duration: began.elapsed().as_secs_f64(), ..report })
            });
        }
        let Some((name, report)) = running.next().await else {
            break;
        };
        tell_end(&session.call.channel, &name, &report);
        match report.status {
            Status::Failed | Status::Blocked | Status::Cancelled => {
                let after = Some(&After { component: name.clone(), status: report.status });
                skip(queue.finish(&name, NodeOutcome::Failed), Code::DependencyNotDone, after, &mut reports);
                if report.status == Status::Failed && on_failure(&name) != OnFailure::Continue {
                    skip(queue.stop(), Code::StoppedAfterFailure, after, &mut reports);
                }
            }
            _ => {
                queue.finish(&name, NodeOutcome::Done);
            }
        }
        reports.insert(name, report);
    }
    skip(queue.stop(), Code::Cancelled, None, &mut reports);
    reports
}

/// The report of a component that had no turn. `after`: the one that prevented it.
fn not_started(reason: Code, after: Option<&After>) -> ComponentReport {
    let mut report = ComponentReport::new(Status::Skipped, reason);
    report.after = after.cloned();
    let why = after.map_or_else(|| "the run was stopped before".to_owned(), After::now);
    let only = match reason {
        Code::StoppedAfterFailure => ", and only on_failure: continue goes on after a failure",
        _ => "",
    };
    report.notes.push(format!("not started, because {why}{only}"));
    report
}

/// Whether every provider of this component may serve one more component.
fn has_room(blueprint: &Blueprint, name: &Name, busy: &[Name]) -> bool {
    let uses = |name: &Name, provider: &str| {
        blueprint.nodes.get(name).is_some_and(|node| node.interface.uses(provider))
    };
    blueprint.settings.concurrency.iter().all(|(provider, most)| {
        !uses(name, provider) || busy.iter().filter(|other| uses(other, provider)).count() < most.get()
    })
}

fn tell_end(channel: &HostChannel, name: &Name, report: &ComponentReport) {
    channel.finished(name, report);
    let (status, reason) = (report.status.word(), report.reason());
    match &report.error {
        Some(error) => tracing::error!(repeated = true, "{name}: {status} ({reason}): {error}"),
        None => tracing::info!("{name}: {status} {reason}"),
    }
}
