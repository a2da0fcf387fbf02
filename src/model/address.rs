//! Reads hosts, ports and URLs. A message never repeats their text: it may contain a password, or be a secret itself.

use core::net::Ipv6Addr;

use serde_json::Value;

use super::service::CONSUL_DOMAIN;

/// Whether the text is a name, an IPv4 address or an IPv6 address in brackets, with or without a port.
pub fn is_authority(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !text.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_ipv6 = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .is_some_and(|host| host.parse::<Ipv6Addr>().is_ok());
    (is_ipv6 || is_name(host)) && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port != 0))
}

/// Whether the text can be a host name or an IPv4 address.
fn is_name(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
}

/// Reads `http(s)://host` with an optional port and path. A slash at the end is removed.
pub fn url(value: &Value) -> Result<String, String> {
    let text = value.as_str().ok_or("must be a text: http(s)://host:port/path")?;
    let rest = ["http://", "https://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let rest = rest.ok_or("must begin with http:// or https://")?;
    let (authority, _) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err("must not contain a user or a password; use headers with references".to_owned());
    }
    match is_authority(authority) && rest.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        true => Ok(text.strip_suffix('/').unwrap_or(text).to_owned()),
        false => Err("must be http(s)://host:port/path".to_owned()),
    }
}

/// Reads a name, an IPv4 address or an IPv6 address. Brackets around an IPv6 address are removed.
pub fn host(value: &Value) -> Result<String, String> {
    let text = value.as_str().ok_or("must be a text: a name or an IP address")?;
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    match is_name(text) || bare.parse::<Ipv6Addr>().is_ok() {
        true => Ok(bare.to_owned()),
        false => Err("must be a name or an IP address".to_owned()),
    }
}

/// Reads a port from a number or from a text: modules output both.
pub fn port(value: &Value) -> Result<u16, String> {
    let number = match value {
        Value::Number(number) => number.as_u64().and_then(|number| u16::try_from(number).ok()),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    number.filter(|port| *port != 0).ok_or_else(|| "must be a port: 1 to 65535".to_owned())
}

/// Reads a job name with Nomad's own rules: the name of a dispatched job contains slashes.
pub fn job_name(value: &Value) -> Result<String, String> {
    let good = |letter: char| !letter.is_whitespace() && !letter.is_control();
    let name = value.as_str().filter(|text| (1..=128).contains(&text.len()) && text.chars().all(good));
    name.map(str::to_owned).ok_or_else(|| "must be the name of a job: up to 128 bytes, no spaces".to_owned())
}

/// Reads the name of a service in Consul. A name in Consul's DNS is the name of its service.
pub fn registered_name(value: &Value) -> Result<String, String> {
    let good = |byte: u8| byte.is_ascii_graphic() && byte != b'/';
    let name = value.as_str().map(|text| text.strip_suffix(CONSUL_DOMAIN).unwrap_or(text));
    let name = name.filter(|text| (1..=128).contains(&text.len()) && text.bytes().all(good));
    name.map(str::to_owned)
        .ok_or_else(|| "must be the name of a service: up to 128 visible characters".to_owned())
}
