//! Judges Consul: its leader, its agents, and the token.

use std::time::Duration;

use serde_json::{Value, json};

use super::clock::ServerClock;
use super::layer::{LayerReport, LayerStatus, fault, unanswered};
use super::right::Rights;
use super::token::TokenFacts;
use crate::count::counted;
use crate::decide::listed_briefly;
use crate::error::{Code, Error, Layer};
use crate::words::{Words, words};

/// The answers of one Consul.
#[derive(Debug)]
pub struct ConsulFacts {
    pub address: String,
    /// Its place in the pillar, such as `infrastructure:settings:lock`.
    pub settings: &'static str,
    /// What it is used for.
    pub used_for: Vec<&'static str>,
    /// Empty if there is no leader.
    pub leader: Result<String, Error>,
    pub agents: Result<ConsulAgents, Error>,
    /// None if the settings name no token, or if Consul's access control is off.
    pub token: Option<Result<TokenFacts, Error>>,
    pub rights: Rights,
    /// None: nobody asked for it, or there is no answer.
    pub clock: Option<ServerClock>,
    /// The longest possible apply.
    pub needed: Duration,
}

#[derive(Debug, Default)]
pub struct ConsulAgents {
    pub all: Vec<ConsulAgent>,
    /// The token may not see all agents, so some are left out.
    pub filtered: bool,
}

#[derive(Debug, Default)]
pub struct ConsulAgent {
    pub name: String,
    /// `alive`, `leaving`, `left`, `failed`, or `unknown`.
    pub status: &'static str,
    pub is_server: bool,
}

pub fn consul(clusters: Vec<ConsulFacts>) -> LayerReport {
    LayerReport::of_clusters(clusters, facts, summary, judge)
}

fn judge(cluster: ConsulFacts, report: &mut LayerReport) {
    let ConsulFacts { address, settings, leader, agents, token, rights, clock, needed, .. } = cluster;
    report.clocks.extend(clock);
    let is_leaderless = leader.as_ref().is_ok_and(String::is_empty);
    match leader {
        Err(error) if error.code == Code::ConsulDenied => report.unanswered(error),
        // The other questions failed for the same reason.
        Err(error) => return report.unanswered(error),
        Ok(leader) if leader.is_empty() => {
            let message = format!("the Consul at {address} has no leader");
            let peers = Words::shell("consul operator raft list-peers");
            let remedy = words!["check that most of its servers run and reach each other: ", peers];
            report.fault(LayerStatus::Unhealthy, fault(Layer::Host, Code::NoLeader, message, remedy));
        }
        Ok(_) => {}
    }
    let mut is_known = true;
    match token {
        None => {}
        // Without a leader, Consul knows no tokens.
        Some(Err(_)) if is_leaderless => {}
        Some(Ok(token)) => {
            let remedy = format!("create a new token, and write it where {settings}:token points");
            let early = token.expires_early(needed, Layer::Host, "Consul", &remedy);
            report.line("token", token.end());
            early.into_iter().for_each(|error| report.fault(LayerStatus::Degraded, error));
        }
        // A run with this token fails, even if others may read what was asked.
        Some(Err(error)) => {
            is_known = false;
            report.fault(LayerStatus::Unhealthy, error);
        }
    }
    if is_known && !is_leaderless {
        report.judge_rights(rights, Layer::Host, "Consul", &format!("{settings}:token"));
    }
    let agents = match agents {
        Ok(agents) => agents,
        // Then the token is the cause, and it was reported.
        Err(error) if error.code == Code::ConsulDenied && !is_known => return,
        Err(error) => return report.unanswered(error),
    };
    let failed = agents.all.iter().filter(|agent| agent.status == "failed");
    let failed: Vec<_> = failed
        .map(|agent| if agent.is_server { format!("{} (a server)", agent.name) } else { agent.name.clone() })
        .collect();
    if !failed.is_empty() {
        let message = format!(
            "no answer from {} of Consul: {}",
            counted(failed.len(), "agent"),
            listed_briefly(&failed)
        );
        let leave = Words::shell("consul force-leave NAME");
        let remedy = words!["start Consul there; remove an agent that will not come back: ", leave];
        report.fault(LayerStatus::Degraded, fault(Layer::Host, Code::AgentsFailed, message, remedy));
    }
    if agents.filtered && is_known {
        let message = format!("the token may not see all agents of the Consul at {address}");
        let remedy = format!(
            "to see them, give the token of {settings}:token the policy node_prefix \"\" {{ policy = \"read\" }}; \
             Consul gates need it too"
        );
        report.unanswered(fault(Layer::Host, Code::ConsulDenied, message, remedy));
    }
}

fn facts(cluster: &ConsulFacts) -> Value {
    let agents = cluster.agents.as_ref().ok().map(|agents| {
        let mut counts = json!({ "alive": 0, "failed": 0, "left": 0 });
        for agent in &agents.all {
            let word = if agent.status == "leaving" { "left" } else { agent.status };
            counts[word] = (counts[word].as_u64().unwrap_or_default() + 1).into();
        }
        counts["servers"] =
            agents.all.iter().filter(|one| one.is_server && one.status == "alive").count().into();
        counts["complete"] = (!agents.filtered).into();
        counts
    });
    json!({
        "address": cluster.address,
        "used_for": cluster.used_for,
        "leader": cluster.leader.as_ref().ok().filter(|leader| !leader.is_empty()),
        "agents": agents,
        "token": cluster.token.as_ref().and_then(|token| token.as_ref().ok()).map(TokenFacts::json),
    })
}

fn summary(cluster: &ConsulFacts) -> Words {
    let said = match &cluster.leader {
        Ok(leader) if leader.is_empty() => words!["no leader at ", cluster.address.clone()],
        Ok(leader) => words!["leader ", leader.clone()],
        Err(error) => return words![unanswered(error), cluster.address.clone()],
    };
    match &cluster.agents {
        Ok(ConsulAgents { all, filtered: false }) => {
            let alive = all.iter().filter(|agent| agent.status == "alive").count();
            words![said, ", ", alive, " of ", all.len(), " agents alive"]
        }
        _ => words![said, ", agents not visible"],
    }
}
