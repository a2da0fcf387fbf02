//! What our HTTP clients have in common: they ask the address that is named, and nobody else.

mod answer;
mod patience;

use std::fmt;
use std::path::{Path, PathBuf};

use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Certificate, ClientBuilder, Identity};
use secrecy::{ExposeSecret, SecretString};

pub use answer::{Answer, Away, send};
pub use patience::{PATIENCE, patiently};

use crate::model::Tls;

/// Why nobody can be asked with what is given.
#[derive(Debug)]
pub enum Unusable {
    /// A file of [`Tls`].
    File { path: PathBuf, reason: String },
    /// It holds what no HTTP header can.
    Token,
    /// Neither of them is at fault.
    Client(String),
}

/// To one server, with a token in the header of this name, which nothing prints; it is for this server and no other.
pub fn to_server(
    address: &str,
    tls: &Tls,
    header: &'static str,
    token: Option<&SecretString>,
) -> Result<ClientBuilder, Unusable> {
    let mut headers = HeaderMap::new();
    if let Some(token) = token {
        headers.insert(header, secret(token).ok_or(Unusable::Token)?);
    }
    Ok(direct(address.starts_with("https:").then_some(tls))?.default_headers(headers))
}

/// The client that a builder describes.
pub fn build(builder: ClientBuilder) -> Result<reqwest::Client, Unusable> {
    builder.build().map_err(|error| Unusable::Client(innermost(&error)))
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
            return Err(Unusable::File { path: path.clone(), reason: "holds no certificate".to_owned() });
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
    std::fs::read(path).map_err(|error| Unusable::File { path: path.to_owned(), reason: error.to_string() })
}

fn no_pem(path: &Path, error: &reqwest::Error) -> Unusable {
    Unusable::File { path: path.to_owned(), reason: innermost(error) }
}

/// The cause beneath, such as "Connection refused"; what lies above repeats the address.
pub fn innermost(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// So many characters of what a server said, in one line, without the token that it may have repeated.
pub fn one_line(text: &str, most: usize, token: Option<&SecretString>) -> String {
    let token = token.map(ExposeSecret::expose_secret).filter(|token| !token.is_empty());
    let text = token.map_or_else(|| text.to_owned(), |token| text.replace(token, "(token)"));
    match text.split_whitespace().collect::<Vec<_>>().join(" ") {
        line if line.is_empty() => "no text".to_owned(),
        line => line.chars().take(most).collect(),
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, reason } => write!(f, "cannot use {}: {reason}", path.display()),
            Self::Token => f.write_str("the token holds what no HTTP header can"),
            Self::Client(reason) => f.write_str(reason),
        }
    }
}
