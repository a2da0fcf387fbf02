//! Asks Vault whether it is unsealed, then logs in as a run does and asks about the token. A wrapping token is only
//! looked up, because a login would use it up.

use super::deadline::Deadline;
use super::questions::Questions;
use crate::decide::layers::{LayerReport, Right, VaultFacts, VaultToken, vault};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{VaultAuth, VaultServer};
use crate::vault::{clock, seal, wrapping_ends};

pub async fn ask(questions: &Questions<'_>) -> LayerReport {
    let Some(server) = &questions.secrets.server else { return LayerReport::not_used() };
    let seal = within(questions, server, seal(server)).await;
    let is_ready = seal.as_ref().is_ok_and(|seal| seal.initialised && !seal.sealed);
    let token = match is_ready {
        true => Some(within(questions, server, token(questions, server)).await),
        false => None,
    };
    let is_known = matches!(token, Some(Ok(VaultToken::Supplied(_) | VaultToken::LoggedIn(_))));
    let rights = match is_known {
        true => questions.examine(within(questions, server, rights(questions))).await,
        false => None,
    };
    let clock = questions.examine(within(questions, server, clock(server))).await;
    let clock = clock.and_then(Result::ok).flatten();
    let (address, needed) = (server.address.clone(), questions.settings().timeouts.apply);
    vault(VaultFacts { address, method: method(&server.auth), seal, token, rights, clock, needed })
}

async fn rights(questions: &Questions<'_>) -> Result<Vec<Right>> {
    let needed = questions.usage.vault.iter().map(|(path, need)| (path.clone(), need.writes));
    questions.secrets.vault().await?.rights(needed).await
}

async fn token(questions: &Questions<'_>, server: &VaultServer) -> Result<VaultToken> {
    match &server.auth {
        VaultAuth::Wrapped { mount, wrapped_secret_id, .. } => {
            let token = questions.secrets.read(wrapped_secret_id, questions.deadline).await?;
            wrapping_ends(server, mount, &token).await.map(VaultToken::Wrapped)
        }
        VaultAuth::Token { .. } | VaultAuth::AppRole { .. } | VaultAuth::Jwt { .. } => {
            questions.secrets.vault().await?.own_token().await
        }
    }
}

async fn within<T>(
    questions: &Questions<'_>,
    server: &VaultServer,
    question: impl Future<Output = Result<T>>,
) -> Result<T> {
    questions.deadline.within(question).await.unwrap_or_else(|| {
        let message = format!("Vault at {} cannot be reached: {}", server.address, Deadline::missed());
        let remedy = "start Vault there, or correct infrastructure:settings:vault:address";
        Err(Error::new(Layer::Host, Phase::Verification, Code::VaultUnreachable, message, remedy))
    })
}

fn method(auth: &VaultAuth) -> &'static str {
    match auth {
        VaultAuth::Token { .. } => "token",
        VaultAuth::AppRole { .. } => "approle",
        VaultAuth::Wrapped { .. } => "wrapped",
        VaultAuth::Jwt { .. } => "jwt",
    }
}
