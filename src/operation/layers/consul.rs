//! Asks each Consul for its leader and its agents, and about the token: that of the locks, and that of services.

use futures_util::future::join_all;
use secrecy::SecretString;
use tokio::join;

use super::deadline::Deadline;
use super::needs;
use super::questions::Questions;
use crate::consul::{ConsulClient, ConsulError, agents, clock, leader, node, own_token, rights};
use crate::decide::layers::{ConsulFacts, LayerReport, Right, consul};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::http::ServerUnavailable;
use crate::model::{ConsulServer, LockSettings, Reference, Tls};

/// A Consul of the settings, and what it is used for.
struct Cluster<'a> {
    settings: &'static str,
    address: &'a str,
    token: Option<&'a Reference>,
    tls: &'a Tls,
    used_for: Vec<&'static str>,
}

pub async fn ask(questions: &Questions<'_>) -> LayerReport {
    let mut clusters: Vec<Cluster<'_>> = Vec::new();
    if let LockSettings::Consul(lock) = &questions.settings().lock {
        clusters.push(Cluster {
            settings: "infrastructure:settings:lock",
            address: &lock.address,
            token: lock.token.as_ref(),
            tls: &lock.tls,
            used_for: vec!["locks"],
        });
    }
    let ConsulServer { address, token, tls, .. } = &questions.settings().consul;
    let used_for: Vec<_> = questions.usage.consul.iter().copied().collect();
    let same = clusters.iter_mut().find(|one| {
        one.address == address && one.token == token.as_ref() && one.tls == tls && !used_for.is_empty()
    });
    match same {
        Some(lock) => lock.used_for.extend(used_for),
        None if used_for.is_empty() => {}
        None => {
            let settings = "infrastructure:settings:consul";
            clusters.push(Cluster { settings, address, token: token.as_ref(), tls, used_for });
        }
    }
    if clusters.is_empty() {
        return LayerReport::not_used();
    }
    consul(join_all(clusters.into_iter().map(|cluster| of(questions, cluster))).await)
}

async fn of(questions: &Questions<'_>, cluster: Cluster<'_>) -> ConsulFacts {
    let Cluster { settings, address, token, tls, used_for } = cluster;
    let token = questions.secrets.maybe(token, questions.deadline).await;
    let readable: Option<SecretString> = token.as_ref().ok().cloned().flatten();
    let (needed, place) = (questions.settings().timeouts.apply, address.to_owned());
    let client = match ConsulClient::open(address, tls, readable.clone()) {
        Ok(client) => client,
        Err(why) => {
            let message = format!("the Consul at {address} cannot be used: {why}");
            let remedy = format!(
                "correct {settings}; the files of tls must be PEM and readable by the user that runs Salt"
            );
            let error = host(Code::ConsulUnusable, message, remedy).because(why);
            let (leader, agents) = (Err(error.clone()), Err(error));
            let (token, rights, clock) = (None, None, None);
            return ConsulFacts {
                address: place,
                settings,
                used_for,
                leader,
                agents,
                token,
                rights,
                clock,
                needed,
            };
        }
    };
    let about = (address, settings);
    let clock = questions.examine(answer(questions, about, clock(&client)));
    let rights = questions.examine(answer(questions, about, allowed(questions, &client, &used_for)));
    let (leader, agents, known, clock, rights) = join!(
        answer(questions, about, leader(&client)),
        answer(questions, about, agents(&client)),
        answer(questions, about, own_token(&client)),
        clock,
        rights,
    );
    let clock = clock.and_then(Result::ok).flatten();
    let token = match (token, readable) {
        (Err(error), _) => Some(Err(error)),
        (Ok(_), None) => None,
        (Ok(_), Some(_)) => known.transpose(),
    };
    ConsulFacts { address: place, settings, used_for, leader, agents, token, rights, clock, needed }
}

/// What the token may do, of what the environment does there.
async fn allowed(
    questions: &Questions<'_>,
    client: &ConsulClient,
    used_for: &[&'static str],
) -> Result<Vec<Right>, ConsulError> {
    let mut needed = Vec::new();
    if let (LockSettings::Consul(lock), true) = (&questions.settings().lock, used_for.contains(&"locks")) {
        needed.extend(needs::locks(lock, questions.draft, &node(client).await?));
    }
    if used_for.iter().any(|one| *one != "locks") {
        needed.extend(needs::services(questions.draft));
    }
    rights(client, needed).await
}

async fn answer<T>(
    questions: &Questions<'_>,
    (address, settings): (&str, &str),
    question: impl Future<Output = Result<T, ConsulError>>,
) -> Result<T> {
    let late = || Err(ConsulError::Unreachable(ServerUnavailable::new(Deadline::missed())));
    let answer = questions.deadline.within(question).await.unwrap_or_else(late);
    answer.map_err(|error| explain(&error, address, settings))
}

fn explain(error: &ConsulError, address: &str, settings: &str) -> Error {
    let (code, what, remedy) = match error {
        ConsulError::Unreachable(unavailable) => {
            let usual = format!("start Consul there, or correct {settings}:address");
            (Code::ConsulUnreachable, "cannot be reached", unavailable.remedy(settings, &usual))
        }
        ConsulError::Denied(_) => {
            let remedy =
                format!("set {settings}:token to a token that this Consul knows and that may read there");
            (Code::ConsulDenied, "denies access", remedy)
        }
        ConsulError::Refused(_) => {
            (Code::ConsulRefused, "refused", format!("{settings}:address must be that of a Consul"))
        }
    };
    host(code, format!("the Consul at {address} {what}: {}", error.text()), remedy).because_of(error.cause())
}

fn host(code: Code, message: String, remedy: String) -> Error {
    Error::new(Layer::Host, Phase::Verification, code, message, remedy)
}
