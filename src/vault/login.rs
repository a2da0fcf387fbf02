//! Logs in to Vault: a run gets its token here.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::client::VaultClient;
use super::error::{VaultError, refuse};
use super::token::NewToken;
use crate::error::{Code, Error, Result};

/// A [`crate::model::VaultAuth`] with its resolved values.
pub enum Login {
    Token(SecretString),
    AppRole { mount: String, role_id: SecretString, secret_id: Option<SecretString> },
    Wrapped { mount: String, role_id: SecretString, wrapping: SecretString },
    Jwt { mount: String, role: String, jwt: SecretString },
}

pub async fn login(client: &VaultClient, login: Login) -> Result<NewToken> {
    let (mount, body) = match login {
        Login::Token(token) => return supplied(client, token).await,
        Login::AppRole { mount, role_id, secret_id } => {
            let secret_id = secret_id.as_ref().map(ExposeSecret::expose_secret);
            (mount, json!({ "role_id": role_id.expose_secret(), "secret_id": secret_id }))
        }
        Login::Wrapped { mount, role_id, wrapping } => {
            let secret_id = unwrap(client, &mount, &wrapping).await?;
            let pairs = json!({ "role_id": role_id.expose_secret(), "secret_id": secret_id.expose_secret() });
            (mount, pairs)
        }
        Login::Jwt { mount, role, jwt } => (mount, json!({ "role": role, "jwt": jwt.expose_secret() })),
    };
    let path = format!("auth/{mount}/login");
    let answer = client.patiently(async || client.post(&path, body.clone()).await).await;
    let answer = answer.map_err(|error| match error {
        VaultError::Unreachable(_) | VaultError::Sealed => error.explain(&client.address, "log in"),
        other => failed(client, &path, &other),
    })?;
    NewToken::made(&answer["auth"]).ok_or_else(|| {
        refuse(
            Code::VaultLogin,
            format!("{path} at Vault ({}) returned no token", client.address),
            "correct infrastructure:settings:vault:auth",
        )
    })
}

fn failed(client: &VaultClient, path: &str, error: &VaultError) -> Error {
    refuse(
        Code::VaultLogin,
        format!("cannot log in with {path} at Vault ({}): {}", client.address, error.text()),
        "correct infrastructure:settings:vault:auth, or use other credentials",
    )
}

/// Checks a token from the pillar before it is used.
async fn supplied(client: &VaultClient, token: SecretString) -> Result<NewToken> {
    let lookup = client.patiently(async || client.get_as(&token, "auth/token/lookup-self").await).await;
    let answer = lookup.map_err(|error| match error {
        VaultError::Denied(text) => refuse(
            Code::VaultLogin,
            format!("Vault at {} does not know the token, or the token has expired: {text}", client.address),
            "set infrastructure:settings:vault:auth:token to a valid token",
        ),
        other => other.explain(&client.address, "look up the token"),
    })?;
    Ok(NewToken::supplied(token, &answer["data"]))
}

/// Unwraps a wrapping token. This works only once. A client that unwrapped it before Eos has Eos's credentials.
async fn unwrap(client: &VaultClient, mount: &str, wrapping: &SecretString) -> Result<SecretString> {
    self::wrapping(client, mount, wrapping).await?;
    // Sent only once: Vault does not give a lost answer again.
    let answer = client
        .post_as(wrapping, "sys/wrapping/unwrap", json!({}))
        .await
        .map_err(|error| used(client, error))?;
    let secret_id = answer["data"]["secret_id"].as_str().filter(|text| !text.is_empty());
    secret_id.map(SecretString::from).ok_or_else(|| {
        let message = "security: the wrapping token contained no secret_id";
        refuse(Code::VaultWrappingForeign, message, "find who put it there, then supply another")
    })
}

/// What Vault knows about a wrapping token, which stays unused. Refuses a token that was not made for a secret_id of
/// this mount.
pub async fn wrapping(client: &VaultClient, mount: &str, token: &SecretString) -> Result<Value> {
    let body = json!({ "token": token.expose_secret() });
    let lookup = client.patiently(async || client.post("sys/wrapping/lookup", body.clone()).await).await;
    let mut found = lookup.map_err(|error| used(client, error))?;
    let made_by = found["data"]["creation_path"].as_str().unwrap_or_default();
    let ours = made_by.strip_prefix(&format!("auth/{mount}/role/")).and_then(|rest| rest.split_once('/'));
    if ours.is_none_or(|(_, rest)| rest != "secret-id") {
        return Err(refuse(
            Code::VaultWrappingForeign,
            format!("security: the wrapping token was not made by auth/{mount}/role/.../secret-id"),
            "find who put it there, then supply one that was made for this role",
        ));
    }
    Ok(found["data"].take())
}

/// The error of a wrapping token that Vault does not know any more.
fn used(client: &VaultClient, error: VaultError) -> Error {
    match error {
        VaultError::Refused(_) | VaultError::Denied(_) | VaultError::Missing(_) => refuse(
            Code::VaultWrappingUsed,
            "security: the wrapping token of infrastructure:settings:vault:auth was already used, or has \
             expired",
            "find who used it and revoke that secret_id, then supply a new one. Eos does not try it again",
        ),
        other => other.explain(&client.address, "unwrap the secret_id"),
    }
}
