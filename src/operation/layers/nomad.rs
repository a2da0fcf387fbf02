//! Asks Nomad for its leader and its nodes, and about the token. Each region that a service names is asked.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use secrecy::SecretString;
use tokio::join;

use super::deadline::Deadline;
use super::needs;
use super::questions::Questions;
use crate::decide::layers::{LayerReport, NomadFacts, nomad};
use crate::error::{Phase, Result};
use crate::http::ServerUnavailable;
use crate::model::NomadServer;
use crate::nomad::{NomadClient, NomadError};

pub async fn ask(questions: &Questions<'_>) -> LayerReport {
    if questions.usage.nomad.is_empty() {
        return LayerReport::not_used();
    }
    let server = &questions.settings().nomad;
    let token = questions.secrets.maybe(server.token.as_ref(), questions.deadline).await;
    let regions = questions.usage.nomad.iter();
    nomad(join_all(regions.map(|(region, services)| of(questions, region, services, &token))).await)
}

async fn of(
    questions: &Questions<'_>,
    region: &Option<String>,
    services: &BTreeMap<String, Vec<String>>,
    token: &Result<Option<SecretString>>,
) -> NomadFacts {
    let server = &questions.settings().nomad;
    let (address, services) = (server.address.clone(), services.clone());
    let region = region.clone().or_else(|| server.region.clone());
    let server = NomadServer { region: region.clone(), retry_for: Duration::ZERO, ..server.clone() };
    let needed = questions.settings().timeouts.apply;
    let readable = token.as_ref().ok().cloned().flatten();
    let client = match NomadClient::open(&server, readable.clone()) {
        Ok(client) => client,
        Err(error) => {
            let (leader, nodes) = (Err(error.clone()), Err(error));
            let (token, rights, clock) = (None, None, None);
            return NomadFacts { address, region, leader, nodes, token, services, rights, clock, needed };
        }
    };
    let (leader, nodes, known, clock, rights) = join!(
        answer(questions, &address, client.leader()),
        answer(questions, &address, client.nodes()),
        answer(questions, &address, client.own_token()),
        questions.examine(answer(questions, &address, client.clock())),
        questions.examine(answer(questions, &address, client.rights())),
    );
    let clock = clock.and_then(Result::ok).flatten();
    let used = needs::namespaces(questions.draft, &services.keys().cloned().collect());
    let rights = rights.map(|rights| rights.map(|rights| rights.compared_with(&used)));
    let token = match (token, readable) {
        (Err(error), _) => Some(Err(error.clone())),
        (Ok(_), None) => None,
        (Ok(_), Some(_)) => known.transpose(),
    };
    NomadFacts { address, region, leader, nodes, token, services, rights, clock, needed }
}

async fn answer<T>(
    questions: &Questions<'_>,
    address: &str,
    question: impl Future<Output = Result<T, NomadError>>,
) -> Result<T> {
    let late = || Err(NomadError::Unreachable(ServerUnavailable::new(Deadline::missed())));
    let answer = questions.deadline.within(question).await.unwrap_or_else(late);
    answer.map_err(|error| error.explain(address, Phase::Verification))
}
