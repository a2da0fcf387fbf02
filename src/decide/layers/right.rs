//! Judges what a token may do, compared with what an environment needs.

use std::collections::{BTreeMap, BTreeSet};

use super::layer::{LayerReport, LayerStatus, fault};
use crate::decide::listed_briefly;
use crate::error::{Code, Error, Layer};
use crate::words::{Words, words};

/// Something that an environment needs, and whether the token may do it.
#[derive(Clone, Debug, PartialEq)]
pub struct Right {
    /// Such as `read vault:secret/web`.
    pub what: String,
    /// The rule that allows it, in the notation of the server's policies.
    pub rule: String,
    pub is_allowed: bool,
}

/// The rights of a token. None: nobody asked for them.
pub type Rights = Option<Result<Vec<Right>, Error>>;

impl LayerReport {
    /// `owner`: the server. `token`: the place in the pillar that names the token.
    pub(super) fn judge_rights(&mut self, rights: Rights, layer: Layer, owner: &'static str, token: &str) {
        let rights = match rights {
            None => return,
            // The server did not say it, so it may be right.
            Some(Err(error)) => return self.fault(LayerStatus::Unknown, error),
            Some(Ok(rights)) => rights,
        };
        let mut missing: BTreeMap<&str, &str> = BTreeMap::new();
        for Right { what, rule, .. } in rights.iter().filter(|right| !right.is_allowed) {
            missing.insert(what, rule);
        }
        if missing.is_empty() {
            let said = match rights.len() {
                0 => "this environment needs none",
                _ => "the token may do all that this environment needs",
            };
            return self.line("rights", said);
        }
        let names: Vec<_> = missing.keys().map(|what| (*what).to_owned()).collect();
        let rules: BTreeSet<_> = missing.values().map(|rule| (*rule).to_owned()).collect();
        let message = words!["the token for ", owner, " may not: ", listed_briefly(&names)];
        let remedy = words![
            "give the token of ",
            Words::own(token),
            " a policy with: ",
            listed_briefly(&rules.into_iter().collect::<Vec<_>>())
        ];
        self.fault(LayerStatus::Unhealthy, fault(layer, Code::RightsMissing, message, remedy));
    }
}
