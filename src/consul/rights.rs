//! What the token of a client may do. Everybody may ask this about the own token.

use serde::Deserialize;
use serde_json::{Value, json};

use super::client::ConsulClient;
use super::error::ConsulError;
use crate::decide::layers::Right;

/// One thing that the token must be allowed to do.
#[derive(Clone, Debug, PartialEq)]
pub struct AclQuestion {
    /// `key`, `node`, `service` or `session`.
    pub resource: &'static str,
    /// `read` or `write`.
    pub access: &'static str,
    /// The name of the resource.
    pub segment: String,
    /// For people.
    pub what: String,
    /// The rule that allows it.
    pub rule: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Allowed {
    allow: bool,
}

/// Compares what the token may do with these questions. Consul has this for its own pages: it changes nothing. Without
/// access control, everything is allowed.
pub async fn rights(client: &ConsulClient, asked: Vec<AclQuestion>) -> Result<Vec<Right>, ConsulError> {
    let body: Vec<Value> = asked
        .iter()
        .map(|one| json!({ "Resource": one.resource, "Access": one.access, "Segment": one.segment }))
        .collect();
    let allowed = match client.post("internal/acl/authorize", json!(body).to_string().into_bytes()).await {
        Err(ConsulError::Refused(why)) if why.contains("ACL support disabled") => vec![true; asked.len()],
        reply => {
            let reply = reply?;
            let answers: Vec<Allowed> = client.parse(&reply)?;
            if answers.len() != asked.len() {
                return Err(client.not_consul(&reply));
            }
            answers.into_iter().map(|answer| answer.allow).collect()
        }
    };
    let right = |(AclQuestion { what, rule, .. }, is_allowed)| Right { what, rule, is_allowed };
    Ok(asked.into_iter().zip(allowed).map(right).collect())
}

/// The name of the asked agent's node, on which sessions are made. Empty if it is not known. A token that may not ask
/// for it gets the name with the refusal.
pub async fn node(client: &ConsulClient) -> Result<String, ConsulError> {
    match client.get("agent/self").await {
        Ok(reply) => {
            let own: Value = client.parse(&reply)?;
            Ok(own["Config"]["NodeName"].as_str().unwrap_or_default().to_owned())
        }
        Err(ConsulError::Denied(why)) => Ok(refused_node(&why).unwrap_or_default().to_owned()),
        Err(error) => Err(error),
    }
}

/// The node in `... lacks permission 'agent:read' on "web-1"`.
fn refused_node(why: &str) -> Option<&str> {
    why.rsplit_once("'agent:read' on \"")?.1.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::refused_node;

    #[test]
    fn a_refusal_names_the_node() {
        let why = "HTTP 403: Permission denied: token with AccessorID 'c5' lacks permission 'agent:read' on \"web-1\"";
        assert_eq!(refused_node(why), Some("web-1"));
        assert_eq!(refused_node("HTTP 403: Permission denied"), None);
    }
}
