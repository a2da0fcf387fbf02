//! Judges Vault: whether it is unsealed, and the token.

use std::time::Duration;

use serde_json::{Map, json};

use super::clock::ServerClock;
use super::layer::{LayerReport, LayerStatus, fault, unanswered};
use super::right::Rights;
use super::token::TokenFacts;
use crate::error::{Code, Error, Layer};
use crate::words::{Words, words};

#[derive(Debug)]
pub struct VaultFacts {
    pub address: String,
    /// How a run logs in: `token`, `approle`, `jwt`, or `wrapped`.
    pub method: &'static str,
    pub seal: Result<VaultSeal, Error>,
    /// None if it was not asked: Vault is away or sealed.
    pub token: Option<Result<VaultToken, Error>>,
    pub rights: Rights,
    /// None: nobody asked for it, or there is no answer.
    pub clock: Option<ServerClock>,
    /// The longest possible apply.
    pub needed: Duration,
}

#[derive(Clone, Debug, Default)]
pub struct VaultSeal {
    pub version: String,
    pub initialised: bool,
    pub sealed: bool,
    /// It passes requests on to the active server.
    pub standby: bool,
}

#[derive(Clone, Debug)]
pub enum VaultToken {
    /// From the pillar. Eos neither renews nor revokes it.
    Supplied(TokenFacts),
    /// From a login that was made for this question, and revoked after it.
    LoggedIn(TokenFacts),
    /// A wrapping token that is still unused, and its remaining time. A login would use it up, so none was made.
    Wrapped(Duration),
}

pub fn vault(found: VaultFacts) -> LayerReport {
    let VaultFacts { address, method, seal, token, rights, clock, needed } = found;
    let mut report = LayerReport::healthy(Map::new());
    report.clocks.extend(clock);
    report.facts.insert("address".to_owned(), address.clone().into());
    report.facts.insert("auth".to_owned(), method.into());
    let seal = match seal {
        Ok(seal) => seal,
        Err(error) => {
            report.summary = words![unanswered(&error), address];
            report.unanswered(error);
            return report;
        }
    };
    let VaultSeal { version, initialised, sealed, standby } = seal;
    let facts = [
        ("version", json!(version)),
        ("initialised", initialised.into()),
        ("sealed", sealed.into()),
        ("standby", standby.into()),
    ];
    report.facts.extend(facts.map(|(key, value)| (key.to_owned(), value)));
    let state = match (initialised, sealed) {
        (false, _) => "not initialised",
        (true, true) => "sealed",
        (true, false) if standby => "unsealed, standby",
        (true, false) => "unsealed",
    };
    report.summary = words![state];
    report.line("server", state);
    let refusal = match (initialised, sealed) {
        (false, _) => Some(("is not initialised", "initialise and unseal it: ", "vault operator init")),
        (true, true) => Some(("is sealed", "unseal it: ", "vault operator unseal")),
        (true, false) => None,
    };
    if let Some((what, doing, command)) = refusal {
        let message = format!("Vault at {address} {what}");
        let remedy = words![doing, Words::shell(command)];
        report.fault(LayerStatus::Unhealthy, fault(Layer::Host, Code::VaultSealed, message, remedy));
    }
    match token {
        None => {}
        Some(Err(error)) => {
            let about = match error.code {
                Code::VaultLogin => ", no valid token",
                // A lookup without an answer says nothing about the token.
                _ => ", token not known",
            };
            report.summary = words![&report.summary, about];
            report.unanswered(error);
        }
        Some(Ok(VaultToken::Wrapped(left))) => {
            let left = Duration::from_secs(left.as_secs());
            report.facts.insert("wrapping_token".to_owned(), json!({ "used": false, "ttl": left.as_secs() }));
            let left = humantime::format_duration(left).to_string();
            report.line("token", words!["the wrapping token is unused and expires in ", left.clone()]);
            report.summary = words![&report.summary, ", the wrapping token is unused and expires in ", left];
        }
        Some(Ok(VaultToken::LoggedIn(token))) => {
            report.facts.insert("token".to_owned(), token.json());
            report.line("token", words!["the login works, its token ", token.end()]);
            report.summary = words![&report.summary, ", the login works, its token ", token.end()];
            if token.renewable == Some(false) {
                let remedy = "raise token_ttl of the role, or let it give renewable tokens";
                let early = token.expires_early(needed, Layer::Host, "Vault", remedy);
                early.into_iter().for_each(|error| report.fault(LayerStatus::Degraded, error));
            }
        }
        Some(Ok(VaultToken::Supplied(token))) => {
            report.facts.insert("token".to_owned(), token.json());
            report.line("token", words!["it ", token.end()]);
            report.summary = words![&report.summary, ", the token ", token.end()];
            let remedy = match token.renewable {
                Some(true) => words![
                    "renew it: ",
                    Words::shell("vault token renew"),
                    ". Eos does not renew a token from the pillar"
                ],
                _ => words!["supply a new token where infrastructure:settings:vault:auth points"],
            };
            let early = token.expires_early(needed, Layer::Host, "Vault", remedy);
            early.into_iter().for_each(|error| report.fault(LayerStatus::Degraded, error));
        }
    }
    report.judge_rights(rights, Layer::Host, "Vault", "infrastructure:settings:vault:auth");
    report
}
