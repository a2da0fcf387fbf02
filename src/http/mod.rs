//! The base of all HTTP clients of Eos. A client sends requests only to the configured address.

mod answer;
mod connection;
mod path;
mod patience;
mod sent;

use std::fmt;
use std::path::{Path, PathBuf};

use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Certificate, ClientBuilder, Identity};
use secrecy::{ExposeSecret, SecretString};

use crate::error::Cause;

pub use answer::{HttpAnswer, ServerUnavailable, send};
pub use connection::ConnectionFailure;
pub use path::path;
pub use patience::patiently;
pub use sent::Sent;

use crate::model::Tls;

/// Why the settings do not give a usable client.
#[derive(Debug)]
pub enum ClientError {
    /// A file of [`Tls`] is not usable.
    File { path: PathBuf, reason: String, cause: Option<Cause> },
    /// The token contains bytes that no HTTP header allows.
    Token,
    /// Another reason than a file or the token.
    Client(reqwest::Error),
}

/// Makes the builder of a client for one server. The token is in the header of this name, and nothing prints it. Only
/// this server gets the token.
pub fn to_server(
    address: &str,
    tls: &Tls,
    header: &'static str,
    token: Option<&SecretString>,
) -> Result<ClientBuilder, ClientError> {
    let mut headers = HeaderMap::new();
    if let Some(token) = token {
        headers.insert(header, secret(token).ok_or(ClientError::Token)?);
    }
    Ok(direct(address.starts_with("https:").then_some(tls))?.default_headers(headers))
}

/// Builds the client.
pub fn build(builder: ClientBuilder) -> Result<reqwest::Client, ClientError> {
    builder.build().map_err(|error| ClientError::Client(error.without_url()))
}

/// Makes the builder of a client that follows no redirect and uses no proxy. `tls` is None for an `http://` address.
pub fn direct(tls: Option<&Tls>) -> Result<ClientBuilder, ClientError> {
    // reqwest needs a crypto provider even for http. If one is installed already, it stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    match tls {
        Some(tls) => encrypted(builder, tls),
        // Without certificates, reqwest does not load those of the system.
        None => Ok(builder.tls_certs_only([])),
    }
}

/// Makes a header's value from a secret. Nothing prints the value. None if the secret contains bytes that no HTTP
/// header allows.
pub fn secret(value: &SecretString) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(value.expose_secret()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn encrypted(builder: ClientBuilder, tls: &Tls) -> Result<ClientBuilder, ClientError> {
    let mut builder = builder.tls_danger_accept_invalid_certs(tls.insecure);
    if let Some(path) = &tls.ca_file {
        let authorities = Certificate::from_pem_bundle(&read(path)?).map_err(|error| no_pem(path, error))?;
        if authorities.is_empty() {
            let reason = "contains no certificate".to_owned();
            return Err(ClientError::File { path: path.clone(), reason, cause: None });
        }
        builder = builder.tls_certs_only(authorities);
    }
    if let Some((certificate, key)) = &tls.identity {
        let both = [read(certificate)?, read(key)?].join(&b'\n');
        builder = builder.identity(Identity::from_pem(&both).map_err(|error| no_pem(key, error))?);
    }
    Ok(builder)
}

fn read(path: &Path) -> Result<Vec<u8>, ClientError> {
    std::fs::read(path).map_err(|error| {
        let (path, reason) = (path.to_owned(), error.to_string());
        ClientError::File { path, reason, cause: Some(Cause::new(error)) }
    })
}

fn no_pem(path: &Path, error: reqwest::Error) -> ClientError {
    ClientError::File { path: path.to_owned(), reason: innermost(&error), cause: Some(Cause::new(error)) }
}

/// Why a request got no answer, in plain words where Eos knows them, else the innermost cause, such as "Connection
/// refused". The outer errors repeat the address.
pub fn innermost(error: &reqwest::Error) -> String {
    if let Some(failure) = ConnectionFailure::of(error) {
        return failure.text().to_owned();
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// Reduces a server's text to one line of at most `most` characters. If the text repeats the token, it is replaced.
pub fn one_line(text: &str, most: usize, token: Option<&SecretString>) -> String {
    let token = token.map(ExposeSecret::expose_secret).filter(|token| !token.is_empty());
    let text = token.map_or_else(|| text.to_owned(), |token| text.replace(token, "(token)"));
    match text.split_whitespace().collect::<Vec<_>>().join(" ") {
        line if line.is_empty() => "not text".to_owned(),
        line => line.chars().take(most).collect(),
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, reason, .. } => write!(f, "cannot use {}: {reason}", path.display()),
            Self::Token => f.write_str("the token contains characters that an HTTP header cannot have"),
            Self::Client(error) => f.write_str(&innermost(error)),
        }
    }
}

impl std::error::Error for ClientError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { cause, .. } => cause.as_ref().map(Cause::error),
            Self::Token => None,
            Self::Client(error) => Some(error),
        }
    }
}
