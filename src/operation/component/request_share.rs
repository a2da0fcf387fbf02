//! A component's share of the requests that Hetzner's API allows a project. Nothing begins that would meet the limit.
//!
//! Eos cannot count the requests of a provider, which is a process of its own. So it estimates them, asks the API how
//! many are left, and waits.

use std::time::{Duration, SystemTime};

use secrecy::ExposeSecret;

use crate::cloud::hetzner;
use crate::digest::sha256;
use crate::error::{Phase, Result};
use crate::operation::exec::Invoker;
use crate::operation::session::request_limits::Reserved;
use crate::report::ResourceChange;
use crate::view::progress::Stage;
use crate::words::Words;

const PROVIDER: &str = "hcloud";
/// Requests of a plan, beside one for each resource: data sources, and pages.
const OF_A_PLAN: u64 = 10;
/// Requests for a resource that changes. A server takes most: nine in the tests, and one more each time that the wait for
/// its actions doubles.
const OF_A_CHANGE: u64 = 12;
/// The API is asked again at least this often, because other programs use the project too.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Hetzner fills a bucket within an hour. If others empty it, nothing more can be expected.
const LONGEST: Duration = Duration::from_secs(3600);

/// The requests of a plan that reads so many resources.
pub(super) fn of_plan(resources: u64) -> u64 {
    OF_A_PLAN + resources
}

/// The requests of an apply, which reads nothing again.
pub(super) fn of_apply(changes: &[ResourceChange]) -> u64 {
    OF_A_CHANGE * changes.iter().filter(|change| change.kind.starts_with("hcloud_")).count() as u64
}

/// Waits until the project of this component's token allows so many requests, and reserves them. A limit that is not
/// known is no reason to wait.
pub(super) async fn wait(invoker: &Invoker<'_>, needed: u64, phase: Phase) -> Result<Option<Reserved>> {
    let (session, name) = (invoker.context.session, &invoker.context.component.name);
    let uses = session.modules.get(name).is_some_and(|module| module.interface.uses(PROVIDER));
    let Some(token) = uses.then(|| invoker.variable("HCLOUD_TOKEN")).flatten().filter(|_| needed > 0) else {
        return Ok(None);
    };
    let address = invoker.variable("HCLOUD_ENDPOINT").map(|address| address.expose_secret().to_owned());
    let address = address.unwrap_or_else(|| hetzner::ADDRESS.to_owned());
    let project = sha256(format!("{address}\n{}", token.expose_secret()));
    let project = session.call.request_limits.project(&project);
    if project.asking.try_lock().is_err() {
        session.call.channel.stage(name, Stage::WaitingForRequests { seconds: 0 });
    }
    let _asking = tokio::select! {
        asking = project.asking.lock() => Some(asking),
        _ = session.call.cancel.cancelled() => None,
    };
    let mut waited = Duration::ZERO;
    let mut first = None;
    loop {
        invoker.context.go_on(phase).await?;
        let limit = match hetzner::rate_limit(&address, &token).await {
            Ok(limit) => limit,
            Err(why) => {
                tracing::warn!("{name}: the rate limit of Hetzner's API is not known: {why}");
                return Ok(None);
            }
        };
        let pause = limit.wait(needed, project.reserved(), now());
        let Some(pause) = pause.filter(|_| waited < LONGEST) else {
            invoker.waits.borrow_mut().extend(first.map(|left| note(waited, left, limit.limit)));
            return Ok(Some(project.reserve(needed)));
        };
        first.get_or_insert(limit.remaining);
        session.call.channel.stage(name, Stage::WaitingForRequests { seconds: pause.as_secs() });
        tracing::info!("{name}: waits {}s for the rate limit of Hetzner's API", pause.as_secs());
        let pause = pause.min(LONGEST_PAUSE);
        tokio::select! {
            _ = session.call.cancel.cancelled() => {}
            () = tokio::time::sleep(pause) => waited += pause,
        }
    }
}

fn note(waited: Duration, left: u64, limit: u64) -> Words {
    Words::own(format!(
        "waited {} for the rate limit of Hetzner's API: {left} of {limit} requests were left",
        humantime::format_duration(waited)
    ))
}

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
