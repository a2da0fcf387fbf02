//! Reads `health` of a component.

use std::time::Duration;

use serde_json::Value;

use super::fields::{Fields, mapping};
use super::problems::Problems;
use super::tree::{Tree, TreeKind};
use super::{scalars, server};
use crate::model::health::{
    ConsulProbe, GateSettings, GateTiming, HttpProbe, NomadProbe, OwnOutput, ProbeSettings, StatusRanges,
    TcpProbe, ValueOrOutput,
};
use crate::model::reference::reference;
use crate::model::{Reference, Tls, address, hint, output_path};
use crate::model::{job_name, registered_name};

const KINDS: [&str; 4] = ["http", "tcp", "nomad", "consul"];
const METHODS: [&str; 4] = ["GET", "HEAD", "OPTIONS", "POST"];
/// The first status of each class.
const CLASSES: [(&str, u16); 4] = [("2xx", 200), ("3xx", 300), ("4xx", 400), ("5xx", 500)];
/// Headers whose value is a credential, in lower case.
const CREDENTIALS: [&str; 8] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "x-api-key",
    "x-auth-token",
    "x-consul-token",
    "x-nomad-token",
    "x-vault-token",
];

pub(super) fn health(tree: Tree, problems: &Problems) -> Vec<GateSettings> {
    match tree.kind {
        TreeKind::List(items) => items.into_iter().filter_map(|item| gate(item, problems)).collect(),
        TreeKind::Leaf(Value::Null) => Vec::new(),
        TreeKind::Map(ref map) if map.is_empty() => Vec::new(),
        _ => {
            problems
                .add(&tree.path, "must be a list of gates, such as [{tcp: {host: db.example, port: 5432}}]");
            Vec::new()
        }
    }
}

/// `{http: {...}}`, `{tcp: {...}}`, `{nomad: {...}}` or `{consul: {...}}`.
pub(super) fn gate(tree: Tree, problems: &Problems) -> Option<GateSettings> {
    let path = tree.path.clone();
    let refuse = |pillar_path, message: String| {
        problems.add(pillar_path, message);
        None
    };
    let TreeKind::Map(map) = tree.kind else {
        return refuse(&path, "must be a mapping with one key: http, tcp, nomad or consul".to_owned());
    };
    let mut entries = map.into_iter();
    let (Some((kind, tree)), None) = (entries.next(), entries.next()) else {
        return refuse(&path, "must have exactly one of the keys http, tcp, nomad and consul".to_owned());
    };
    let pillar_path = tree.path.clone();
    if !KINDS.contains(&kind.as_str()) {
        return refuse(&pillar_path, format!("unknown kind of gate; {}", hint(&kind, KINDS.into_iter())));
    }
    let mut fields = Fields::open(tree, problems);
    let probe = match kind.as_str() {
        "http" => http(&mut fields).map(ProbeSettings::Http),
        "tcp" => tcp(&mut fields).map(ProbeSettings::Tcp),
        "nomad" => nomad(&mut fields).map(ProbeSettings::Nomad),
        _ => consul(&mut fields).map(ProbeSettings::Consul),
    };
    let timing = timing(&mut fields);
    fields.close();
    Some(GateSettings { path, probe: probe?, timing, is_derived: false })
}

fn http(fields: &mut Fields<'_>) -> Option<HttpProbe> {
    let (path_place, tls_place) = (fields.place("path"), fields.place("tls"));
    let url = given(fields, "url", address::url);
    let path = fields.read("path", path);
    let method = fields.read("method", method).unwrap_or(METHODS[0]);
    let statuses = fields.read("status", statuses).unwrap_or(StatusRanges(vec![(200, 299)]));
    let headers = mapping(fields.take_or_empty("headers"), fields.problems, header);
    let tls = server::tls(fields.take_or_empty("tls"), fields.problems);
    if let (Some(ValueOrOutput::Literal(url)), Some(pillar_path)) = (&url, path_place)
        && url.contains('?')
    {
        fields.problems.add(&pillar_path, "cannot follow a url that has a query: move the query here");
    }
    if let (Some(ValueOrOutput::Literal(url)), Some(pillar_path)) = (&url, tls_place)
        && tls != Tls::default()
        && url.starts_with("http:")
    {
        fields.problems.add(&pillar_path, "has no meaning for an http:// address; write https://");
    }
    Some(HttpProbe { url: url?, path, method, statuses, headers, tls })
}

fn tcp(fields: &mut Fields<'_>) -> Option<TcpProbe> {
    let host = given(fields, "host", address::host);
    let port = given(fields, "port", address::port);
    Some(TcpProbe { host: host?, port: port? })
}

fn nomad(fields: &mut Fields<'_>) -> Option<NomadProbe> {
    let job = given(fields, "job", job_name);
    let namespace = fields.read("namespace", scalars::label);
    Some(NomadProbe { job: job?, namespace })
}

fn consul(fields: &mut Fields<'_>) -> Option<ConsulProbe> {
    let service = given(fields, "service", registered_name);
    let least = fields.read("least", scalars::positive).map_or(1, |least| least.get() as u64);
    Some(ConsulProbe { service: service?, least })
}

/// A required value: a literal, or `{output: NAME}`.
pub(super) fn given<T>(
    fields: &mut Fields<'_>,
    key: &'static str,
    read: fn(&Value) -> Result<T, String>,
) -> Option<ValueOrOutput<T>> {
    let Some(tree) = fields.take(key) else {
        fields.problems.add(&fields.path.child(key), "is missing: a value, or {output: NAME}");
        return None;
    };
    given_in(tree, fields.problems, read)
}

/// Like [`given`], for one item of a list.
pub(super) fn given_in<T>(
    tree: Tree,
    problems: &Problems,
    read: fn(&Value) -> Result<T, String>,
) -> Option<ValueOrOutput<T>> {
    if matches!(tree.kind, TreeKind::Map(_)) {
        let path = tree.path.clone();
        let mut inner = Fields::open(tree, problems);
        if inner.place("output").is_none() {
            problems.add(&path, "must be a value, or {output: NAME}");
        }
        let output = inner.read("output", own_output);
        inner.close();
        return output.map(ValueOrOutput::Output);
    }
    match read(&tree.to_value()) {
        Ok(value) => Some(ValueOrOutput::Literal(value)),
        Err(message) => {
            problems.add(&tree.path, message);
            None
        }
    }
}

fn own_output(tree: &Tree) -> Result<OwnOutput, String> {
    let (output, path) = output_path::parse(&scalars::text(tree)?).map_err(|reason| {
        format!("must be an output of this component, such as endpoint[0].url; it {reason}")
    })?;
    Ok(OwnOutput { output, path })
}

fn path(tree: &Tree) -> Result<String, String> {
    let text = scalars::text(tree)?;
    match text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        true => Ok(text),
        false => Err("must be the path of a URL in encoded form, and begin with /".to_owned()),
    }
}

fn method(tree: &Tree) -> Result<&'static str, String> {
    let known = METHODS.into_iter().find(|method| tree.text() == Some(method));
    known.ok_or_else(|| format!("must be one of: {}", METHODS.join(", ")))
}

/// `200`, `2xx`, or a list of them.
fn statuses(tree: &Tree) -> Result<StatusRanges, String> {
    let one = |tree: &Tree| {
        let value = tree.to_value();
        let class = CLASSES.iter().find(|(word, _)| value == *word).map(|(_, first)| (*first, first + 99));
        let code = value.as_u64().and_then(|code| u16::try_from(code).ok());
        let code = code.filter(|code| (200..600).contains(code)).map(|code| (code, code));
        class.or(code).ok_or_else(|| {
            "must be a status such as 200, a class (2xx, 3xx, 4xx or 5xx), or a list of them".to_owned()
        })
    };
    match &tree.kind {
        TreeKind::List(items) if !items.is_empty() => {
            items.iter().map(one).collect::<Result<_, _>>().map(StatusRanges)
        }
        _ => one(tree).map(|one| StatusRanges(vec![one])),
    }
}

pub(super) fn header(name: &str, tree: &Tree) -> Result<Reference, String> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err("must be a valid name of an HTTP header".to_owned());
    }
    match reference(&scalars::text(tree)?)? {
        Reference::Plain(_) if CREDENTIALS.contains(&name.to_ascii_lowercase().as_str()) => {
            Err("must be a reference, env:NAME or file:/path, not the credential itself".to_owned())
        }
        Reference::Plain(text) if !text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') => {
            Err("must contain only visible ASCII characters".to_owned())
        }
        found => Ok(found),
    }
}

fn timing(fields: &mut Fields<'_>) -> GateTiming {
    let places = [fields.place("healthy_deadline"), fields.place("min_healthy_time")];
    let mut limit = |key, seconds| fields.read(key, scalars::limit).unwrap_or(Duration::from_secs(seconds));
    let (interval, timeout, healthy_deadline) =
        (limit("interval", 5), limit("timeout", 5), limit("healthy_deadline", 300));
    let min_healthy_time =
        fields.read("min_healthy_time", scalars::duration).unwrap_or(Duration::from_secs(10));
    if min_healthy_time > healthy_deadline
        && let Some(pillar_path) = places.iter().flatten().next()
    {
        let message = format!(
            "min_healthy_time ({}) is longer than healthy_deadline ({}), so the gate could never pass",
            humantime::format_duration(min_healthy_time),
            humantime::format_duration(healthy_deadline)
        );
        fields.problems.add(pillar_path, message);
    }
    GateTiming { interval, timeout, min_healthy_time, healthy_deadline, is_set: places[0].is_some() }
}
