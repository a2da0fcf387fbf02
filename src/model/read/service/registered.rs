//! Reads the names under which a service is registered. `{service}` and `{environment}` in them stand for names.

use super::context::ServiceContext;
use crate::model::Name;
use crate::model::read::fields::Fields;
use crate::model::read::scalars;
use crate::model::read::tree::Tree;
use crate::model::service::Registry;

const SERVICE: &str = "{service}";
const ENVIRONMENT: &str = "{environment}";
/// Nomad accepts no longer name, because it is a label in DNS.
const LONGEST: usize = 63;

/// `settings:consul_name`: the pattern of all services.
pub(in crate::model::read) fn pattern_of_all(tree: &Tree) -> Result<String, String> {
    let pattern = pattern(tree)?;
    match pattern.contains(SERVICE) {
        true => Ok(pattern),
        false => Err("must contain {service}: without it, all services would have one name".to_owned()),
    }
}

/// A name in which placeholders may stand.
pub(super) fn pattern(tree: &Tree) -> Result<String, String> {
    let pattern = scalars::text(tree)?;
    expanded(&pattern, "s", "e").map(|_| pattern)
}

/// Of the environment's name, `_` becomes `-`: a label in DNS has none.
pub(super) fn with_environment(pattern: &str, environment: &str) -> String {
    pattern.replace(ENVIRONMENT, &environment.replace('_', "-"))
}

/// The name of a service in an environment.
pub(super) fn expanded(pattern: &str, service: &str, environment: &str) -> Result<String, String> {
    let name = with_environment(&pattern.replace(SERVICE, service), environment);
    let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if name.contains(['{', '}']) {
        return Err("may contain {service} and {environment}, and no other braces".to_owned());
    }
    match name.bytes().all(is_inside) && !name.is_empty() && !name.starts_with('-') && !name.ends_with('-') {
        true if name.len() <= LONGEST => Ok(name),
        true => Err(format!("gives the name {name}, which has {} characters: at most {LONGEST}", name.len())),
        false => {
            Err("must consist of letters, digits and '-', with no '-' at the beginning or the end".to_owned())
        }
    }
}

/// The name in Consul or in `registration`, if the pillar sets one. `named`: the one in `registration`.
pub(super) fn name(
    fields: &mut Fields<'_>,
    service: &Name,
    context: &ServiceContext<'_>,
    registry: Option<Registry>,
    named: Option<String>,
) -> Option<String> {
    let (problems, path) = (fields.problems, fields.path.clone());
    let place = fields.place("consul_name");
    let own = fields.read("consul_name", pattern);
    if let Some(place) = &place {
        match registry {
            None => problems.add(place, "needs a registered port: set port"),
            Some(Registry::Nomad) => {
                problems.add(place, "is a name in Consul: use registration: {name: ...}, or remove provider");
            }
            Some(Registry::Consul) if named.is_some() => {
                problems.add(place, "and the name in registration exclude each other");
            }
            Some(Registry::Consul) => {}
        }
    }
    let of_all = context.settings.consul_name.clone().filter(|_| registry == Some(Registry::Consul));
    let place = place.unwrap_or(path);
    let expand = |pattern: String| match expanded(&pattern, service.as_str(), context.environment.as_str()) {
        Ok(name) => Some(name),
        Err(message) => {
            problems.add(&place, format!("consul_name {message}"));
            None
        }
    };
    named.or_else(|| own.or(of_all).and_then(expand))
}
