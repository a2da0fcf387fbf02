//! `infrastructure:settings:lock`.

use std::time::Duration;

use super::address::is_authority;
use super::lock::{ConsulLock, Lock, Tls};
use super::read_settings::absolute;
use super::reader::{self, Fields, Problems};
use super::reference::reference;
use super::tree::Tree;
use super::{Reference, nearest};

/// Consul refuses others. Source: `session_ttl_min` and <https://developer.hashicorp.com/consul/api-docs/session>.
const TTL: [u64; 2] = [10, 86_400];
const LONGEST_LOCK_DELAY: u64 = 60;

pub fn lock(tree: Tree, problems: &Problems) -> Lock {
    let mut fields = Fields::open(tree, problems);
    let place = fields.place("type").unwrap_or_else(|| fields.path.clone());
    let lock = match fields.read("type", reader::text).as_deref() {
        None | Some("file") => Lock::File,
        Some("consul") => Lock::Consul(consul(&mut fields)),
        Some(other) => {
            let hint = nearest::hint(other, ["file", "consul"].into_iter());
            problems.add(&place, format!("there is no lock of type {other:?}; {hint}"));
            // What else stands there cannot be judged.
            return Lock::File;
        }
    };
    fields.close();
    lock
}

fn consul(fields: &mut Fields<'_>) -> ConsulLock {
    let tls_place = fields.place("tls");
    let address = fields.read("address", address).unwrap_or_else(|| "http://127.0.0.1:8500".to_owned());
    let lock = ConsulLock {
        token: fields.read("token", token),
        ttl: fields.read("ttl", ttl).unwrap_or(Duration::from_secs(30)),
        lock_delay: fields.read("lock_delay", lock_delay).unwrap_or(Duration::from_secs(15)),
        prefix: fields.read("prefix", prefix).unwrap_or_else(|| "terraform".to_owned()),
        tls: tls(fields.take_or_empty("tls"), fields.problems),
        address,
    };
    if let Some(place) = tls_place.filter(|_| lock.tls != Tls::default() && lock.address.starts_with("http:"))
    {
        fields.problems.add(&place, "means nothing to an http:// address; write https://");
    }
    lock
}

/// A message never repeats the text: it may hold a password.
fn address(tree: &Tree) -> Result<String, String> {
    let text = reader::text(tree)?;
    let text = text.strip_suffix('/').unwrap_or(&text);
    let host = ["http://", "https://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    match host {
        None => Err("must begin with http:// or https://".to_owned()),
        Some(host) if host.contains('@') => {
            Err("may hold no user and no password; token: takes a reference".to_owned())
        }
        Some(host) if is_authority(host) => Ok(text.to_owned()),
        Some(_) => Err("must be http(s)://host:port, without a path".to_owned()),
    }
}

fn token(tree: &Tree) -> Result<Reference, String> {
    match reference(&reader::text(tree)?)? {
        Reference::Plain(_) => {
            Err("must be a reference, env:NAME or file:/path: a token has no place in a pillar".to_owned())
        }
        reference => Ok(reference),
    }
}

fn ttl(tree: &Tree) -> Result<Duration, String> {
    let [least, most] = TTL;
    match reader::duration(tree)? {
        ttl if (Duration::from_secs(least)..=Duration::from_secs(most)).contains(&ttl) => Ok(ttl),
        _ => Err(format!("must be from {least} s to {most} s: Consul refuses others")),
    }
}

fn lock_delay(tree: &Tree) -> Result<Duration, String> {
    match reader::duration(tree)? {
        delay if delay <= Duration::from_secs(LONGEST_LOCK_DELAY) => Ok(delay),
        _ => Err(format!("must be at most {LONGEST_LOCK_DELAY} s: Consul refuses more")),
    }
}

fn prefix(tree: &Tree) -> Result<String, String> {
    let text = reader::text(tree)?;
    let good = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
            && ![".", ".."].contains(&part)
    };
    match text.split('/').all(good) {
        true => Ok(text),
        false => {
            Err("must be names of letters, digits, '.', '_' and '-', with single slashes between".to_owned())
        }
    }
}

/// How the other side of an `https://` address is known.
pub fn tls(tree: Tree, problems: &Problems) -> Tls {
    let mut fields = Fields::open(tree, problems);
    let place = fields.path.clone();
    let pair = [fields.take("cert_file"), fields.take("key_file")];
    if pair.iter().flatten().count() == 1 {
        problems.add(&place, "cert_file and key_file belong together");
    }
    let [certificate, key] = pair.map(|tree| {
        let tree = tree?;
        absolute(&tree).map_err(|message| problems.add(&tree.path, message)).ok()
    });
    let ca_file = fields.read("ca_file", absolute);
    let insecure = fields.read("insecure", reader::flag).unwrap_or(false);
    if insecure && ca_file.is_some() {
        problems.add(&place, "ca_file says whom to believe, insecure says anybody: keep one");
    }
    fields.close();
    Tls { ca_file, identity: certificate.zip(key), insecure }
}
