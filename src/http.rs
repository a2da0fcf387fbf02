//! What our HTTP clients have in common: they ask the address that is named, and nobody else.

use std::fmt;
use std::path::{Path, PathBuf};

use reqwest::header::HeaderValue;
use reqwest::{Certificate, ClientBuilder, Identity};
use secrecy::{ExposeSecret, SecretString};

use crate::model::Tls;

/// A file of [`Tls`] that cannot be used.
#[derive(Debug)]
pub struct Unusable {
    path: PathBuf,
    reason: String,
}

/// Follows no redirect and asks no proxy; `tls` is None for an `http://` address.
pub fn direct(tls: Option<&Tls>) -> Result<ClientBuilder, Unusable> {
    // reqwest wants one even for http; the first stays, whoever installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    match tls {
        Some(tls) => encrypted(builder, tls),
        // Spares loading the system's authorities.
        None => Ok(builder.tls_certs_only([])),
    }
}

/// A secret as a header's value, which nothing prints; None where it holds what no HTTP header can.
pub fn secret(value: &SecretString) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(value.expose_secret()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn encrypted(builder: ClientBuilder, tls: &Tls) -> Result<ClientBuilder, Unusable> {
    let mut builder = builder.tls_danger_accept_invalid_certs(tls.insecure);
    if let Some(path) = &tls.ca_file {
        let authorities = Certificate::from_pem_bundle(&read(path)?).map_err(|error| no_pem(path, &error))?;
        if authorities.is_empty() {
            return Err(Unusable { path: path.clone(), reason: "holds no certificate".to_owned() });
        }
        builder = builder.tls_certs_only(authorities);
    }
    if let Some((certificate, key)) = &tls.identity {
        let both = [read(certificate)?, read(key)?].join(&b'\n');
        builder = builder.identity(Identity::from_pem(&both).map_err(|error| no_pem(key, &error))?);
    }
    Ok(builder)
}

fn read(path: &Path) -> Result<Vec<u8>, Unusable> {
    std::fs::read(path).map_err(|error| Unusable { path: path.to_owned(), reason: error.to_string() })
}

fn no_pem(path: &Path, error: &reqwest::Error) -> Unusable {
    Unusable { path: path.to_owned(), reason: innermost(error) }
}

/// The cause beneath, such as "Connection refused"; what lies above repeats the address.
pub fn innermost(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot use {}: {}", self.path.display(), self.reason)
    }
}
