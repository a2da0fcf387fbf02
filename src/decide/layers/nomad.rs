//! Judges Nomad: its leader, its nodes, and the token.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::clock::ServerClock;
use super::layer::{LayerReport, LayerStatus, fault, unanswered};
use super::right::Rights;
use super::token::TokenFacts;
use crate::count::counted;
use crate::decide::listed_briefly;
use crate::error::{Code, Error, Layer};
use crate::model::wildcards;
use crate::words::{Words, words};

/// The answers of one region of Nomad.
#[derive(Debug)]
pub struct NomadFacts {
    pub address: String,
    pub region: Option<String>,
    /// Empty if there is no leader.
    pub leader: Result<String, Error>,
    pub nodes: Result<Vec<NomadNode>, Error>,
    /// None if the settings name no token, or if Nomad's access control is off.
    pub token: Option<Result<TokenFacts, Error>>,
    /// Service to the datacenters that it names, as Nomad's patterns.
    pub services: BTreeMap<String, Vec<String>>,
    pub rights: Rights,
    /// None: nobody asked for it, or there is no answer.
    pub clock: Option<ServerClock>,
    /// The longest possible apply.
    pub needed: Duration,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct NomadNode {
    pub name: String,
    pub datacenter: String,
    /// Nomad's word: `ready`, `down`, `disconnected` or `initializing`.
    pub status: String,
    /// Nomad may place new allocations on it.
    pub eligible: bool,
}

impl NomadNode {
    fn takes_work(&self) -> bool {
        self.status == "ready" && self.eligible
    }

    fn is_away(&self) -> bool {
        matches!(self.status.as_str(), "down" | "disconnected")
    }
}

pub fn nomad(regions: Vec<NomadFacts>) -> LayerReport {
    LayerReport::of_clusters(regions, facts, summary, judge)
}

fn judge(region: NomadFacts, report: &mut LayerReport) {
    let NomadFacts { address, leader, nodes, token, services, rights, clock, needed, .. } = region;
    report.clocks.extend(clock);
    match leader {
        Err(error) if error.code == Code::NomadDenied => report.unanswered(error),
        // The other questions failed for the same reason.
        Err(error) => return report.unanswered(error),
        Ok(leader) if leader.is_empty() => {
            let message = format!("the Nomad at {address} has no leader");
            let members = Words::shell("nomad server members");
            let remedy = words!["check that most of its servers run and reach each other: ", members];
            // Without a leader, Nomad answers nothing else.
            return report
                .fault(LayerStatus::Unhealthy, fault(Layer::Nomad, Code::NoLeader, message, remedy));
        }
        Ok(_) => {}
    }
    let mut is_known = true;
    match token {
        None => {}
        Some(Ok(token)) => {
            let remedy = "create a new token, and write it where infrastructure:settings:nomad:token points";
            let early = token.expires_early(needed, Layer::Nomad, "Nomad", remedy);
            report.line("token", token.end());
            early.into_iter().for_each(|error| report.fault(LayerStatus::Degraded, error));
        }
        // A run with this token fails, even if others may read what was asked.
        Some(Err(error)) => {
            is_known = false;
            report.fault(LayerStatus::Unhealthy, error);
        }
    }
    if is_known {
        report.judge_rights(rights, Layer::Nomad, "Nomad", "infrastructure:settings:nomad:token");
    }
    match nodes {
        Ok(nodes) => judge_nodes(&nodes, &services, report),
        // Then the token is the cause, and it was reported.
        Err(error) if error.code == Code::NomadDenied && !is_known => {}
        Err(error) if error.code == Code::NomadDenied => {
            let remedy = "to see the nodes, give the token of infrastructure:settings:nomad:token the policy \
                          node { policy = \"read\" }; runs do not need it";
            report.unanswered(Error { remedy: remedy.into(), ..error });
        }
        Err(error) => report.unanswered(error),
    }
}

fn judge_nodes(nodes: &[NomadNode], services: &BTreeMap<String, Vec<String>>, report: &mut LayerReport) {
    let mut unplaceable: BTreeMap<&Vec<String>, Vec<String>> = BTreeMap::new();
    let mut partly: BTreeMap<&String, Vec<String>> = BTreeMap::new();
    for (service, patterns) in services {
        let without = |pattern: &&String| {
            !nodes.iter().any(|node| node.takes_work() && matches(pattern, &node.datacenter))
        };
        let empty: Vec<_> = patterns.iter().filter(without).collect();
        match empty.len() == patterns.len() {
            true => unplaceable.entry(patterns).or_default().push(service.clone()),
            false => empty.into_iter().for_each(|one| partly.entry(one).or_default().push(service.clone())),
        }
    }
    let remedy = "start a Nomad client there, make a node eligible again (nomad node eligibility -enable), or \
                  change the datacenters of the services";
    for (datacenters, services) in unplaceable {
        let message = format!(
            "no node in {} is ready and eligible, so Nomad cannot place {}",
            in_words(datacenters),
            listed_briefly(&services)
        );
        report.fault(LayerStatus::Unhealthy, fault(Layer::Nomad, Code::NoReadyNode, message, remedy));
    }
    for (datacenter, services) in partly {
        let message = format!(
            "no node in {} is ready and eligible; {} can only be placed elsewhere",
            in_words(std::slice::from_ref(datacenter)),
            listed_briefly(&services)
        );
        report.fault(LayerStatus::Degraded, fault(Layer::Nomad, Code::NoReadyNode, message, remedy));
    }
    if services.is_empty() && !nodes.iter().any(NomadNode::takes_work) {
        let message = "no node of Nomad is ready and eligible";
        report.fault(LayerStatus::Degraded, fault(Layer::Nomad, Code::NoReadyNode, message, remedy));
    }
    let is_used = |node: &&NomadNode| {
        services.is_empty() || services.values().flatten().any(|pattern| matches(pattern, &node.datacenter))
    };
    let away = nodes.iter().filter(is_used).filter(|node| node.is_away());
    let away: Vec<_> = away
        .map(|NomadNode { name, datacenter, status, .. }| format!("{name} ({datacenter}): {status}"))
        .collect();
    if !away.is_empty() {
        let message = format!("no answer from {}: {}", counted(away.len(), "node"), listed_briefly(&away));
        let remedy = "start the Nomad client there; a node that will not come back disappears after Nomad's \
                      garbage collection";
        report.fault(LayerStatus::Degraded, fault(Layer::Nomad, Code::NodesDown, message, remedy));
    }
}

fn in_words(datacenters: &[String]) -> String {
    match datacenters {
        [one] if one == "*" => "any datacenter".to_owned(),
        [one] => format!("datacenter {one}"),
        many => format!("the datacenters {}", listed_briefly(many)),
    }
}

fn facts(region: &NomadFacts) -> Value {
    let mut datacenters: BTreeMap<&str, Value> = BTreeMap::new();
    for node in region.nodes.iter().flatten() {
        let counts = datacenters
            .entry(&node.datacenter)
            .or_insert_with(|| json!({ "ready": 0, "down": 0, "ineligible": 0, "initializing": 0 }));
        let word = match () {
            () if node.takes_work() => "ready",
            () if node.status == "ready" => "ineligible",
            () if node.is_away() => "down",
            () => "initializing",
        };
        counts[word] = (counts[word].as_u64().unwrap_or_default() + 1).into();
    }
    for (datacenter, counts) in &mut datacenters {
        let names = |patterns: &&Vec<String>| patterns.iter().any(|one| matches(one, datacenter));
        let services = region.services.iter().filter(|(_, patterns)| names(patterns)).map(|(name, _)| name);
        counts["services"] = json!(services.collect::<BTreeSet<_>>());
    }
    json!({
        "address": region.address,
        "region": region.region,
        "leader": region.leader.as_ref().ok().filter(|leader| !leader.is_empty()),
        "datacenters": region.nodes.is_ok().then_some(datacenters),
        "token": region.token.as_ref().and_then(|token| token.as_ref().ok()).map(TokenFacts::json),
    })
}

fn summary(region: &NomadFacts) -> Words {
    let mut said = match &region.leader {
        Ok(leader) if leader.is_empty() => words!["no leader at ", region.address.clone()],
        Ok(leader) => words!["leader ", leader.clone()],
        Err(error) => words![unanswered(error), region.address.clone()],
    };
    if let Some(name) = &region.region {
        said = words!["region ", name.clone(), ": ", said];
    }
    match &region.nodes {
        Ok(nodes) => {
            let ready = nodes.iter().filter(|node| node.takes_work()).count();
            words![said, ", ", ready, " of ", nodes.len(), " nodes ready"]
        }
        Err(error) if error.code == Code::NomadDenied => words![said, ", nodes not visible"],
        Err(_) => said,
    }
}

/// Whether a datacenter matches Nomad's pattern, in which only `*` is a wildcard.
fn matches(pattern: &str, name: &str) -> bool {
    wildcards::matches(pattern, name, None)
}
