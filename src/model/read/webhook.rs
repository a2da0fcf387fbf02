//! Reads a webhook, of a component or of a run.

use std::time::Duration;

use serde_json::{Map, Value};

use super::fields::{Fields, mapping};
use super::health::header;
use super::tree::Tree;
use super::{scalars, server};
use crate::model::hook::{BodyFormat, Webhook};
use crate::model::reference::reference;
use crate::model::{Reference, Tls, address};

/// `ours`: the keys that Eos sets in a body of all facts.
pub(super) fn webhook(fields: &mut Fields<'_>, ours: &[&str]) -> Option<Webhook> {
    let url = fields.required("url", url);
    let headers = mapping(fields.take_or_empty("headers"), fields.problems, header);
    let format = fields.read("format", format).unwrap_or(BodyFormat::Json);
    let ours = if format == BodyFormat::Slack { &["text"] } else { ours };
    let body: Map<String, Value> =
        mapping(fields.take_or_empty("body"), fields.problems, |name, tree| match ours.contains(&name) {
            true => Err("is set by Eos".to_owned()),
            false => Ok(tree.to_value()),
        })
        .into_iter()
        .collect();
    let timeout = fields.read("timeout", scalars::limit).unwrap_or(Duration::from_secs(10));
    let tls_place = fields.place("tls");
    let tls = server::tls(fields.take_or_empty("tls"), fields.problems);
    if let (Some(Reference::Plain(url)), Some(pillar_path)) = (&url, tls_place)
        && tls != Tls::default()
        && url.starts_with("http:")
    {
        fields.problems.add(&pillar_path, "has no meaning for an http:// address; write https://");
    }
    Some(Webhook { url: url?, headers, body, format, timeout, tls })
}

/// An address, or a reference to one: the address of a chat's webhook is itself a secret.
fn url(tree: &Tree) -> Result<Reference, String> {
    match tree.text().map(reference) {
        Some(Ok(Reference::Plain(_))) | None => address::url(&tree.to_value()).map(Reference::Plain),
        Some(other) => other,
    }
}

fn format(tree: &Tree) -> Result<BodyFormat, String> {
    match tree.text() {
        Some("json") => Ok(BodyFormat::Json),
        Some("slack") => Ok(BodyFormat::Slack),
        _ => Err("must be one of: json, slack".to_owned()),
    }
}
