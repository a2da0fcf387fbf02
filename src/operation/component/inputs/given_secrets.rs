//! The secrets of a service's tasks: removed from all texts, and deleted from their store when the service is gone.

use secrecy::ExposeSecret;

use super::known_secret::{SecretValue, known, owner, value};
use crate::decide::without_own_keys;
use crate::error::{Code, Phase};
use crate::model::{SecretDelivery, TaskSecret, nomad_variable, service_name};
use crate::nomad::NomadError;
use crate::operation::exec::context::Context;
use crate::operation::exec::servers;
use crate::operation::exec::servers::patiently;

/// Collects the secrets that its tasks have, so that they are removed from all texts. If they cannot be read, texts
/// from its tasks are not repeated.
pub async fn hide(context: &mut Context<'_>) {
    let (session, component) = (context.session, context.component);
    let Some(service) = service_name(component.name.as_str()).filter(|_| !component.task_secrets.is_empty())
    else {
        return;
    };
    let namespace = component.inputs.get("namespace").and_then(|input| input.literal());
    let namespace = servers::namespace(&session.blueprint.settings, namespace);
    let mut secrets = Vec::new();
    let mut by_variable = false;
    if let Ok(nomad) = servers::nomad(&session.blueprint.settings, component, &context.reader).await
        && let Ok(variable) = nomad.variable(&namespace, &nomad_variable(service)).await
    {
        secrets.extend(known(&variable.items, &owner(&session.blueprint.environment, &component.name)));
        // The variable contains all secrets that were stored for the tasks.
        by_variable = !secrets.is_empty();
    }
    let asked = |secret: &&TaskSecret| !(by_variable && secret.delivery == SecretDelivery::Variable);
    for secret in component.task_secrets.values().filter(asked) {
        match value(secret, &context.reader).await {
            Ok(SecretValue::Known(value)) => secrets.push(value.expose_secret().into()),
            Ok(SecretValue::Missing) => {}
            Ok(SecretValue::Dynamic) | Err(_) => context.has_unreadable_secrets = true,
        }
    }
    context.redactor.add(&secrets);
}

/// Deletes the stored secrets of a service that no longer exists. Returns a note on what could not be deleted.
pub(in crate::operation::component) async fn withdraw(context: &Context<'_>) -> Option<String> {
    let (session, component) = (context.session, context.component);
    let service = service_name(component.name.as_str())?;
    session.modules.get(&component.name).filter(|module| module.interface.providers.contains("nomad"))?;
    let (path, owner) = (nomad_variable(service), owner(&session.blueprint.environment, &component.name));
    let gone = async {
        let nomad = servers::nomad(&session.blueprint.settings, component, &context.reader).await?;
        let withdraw = async || {
            for namespace in nomad.namespaces_of(&path).await? {
                let variable = nomad.variable(&namespace, &path).await?;
                match without_own_keys(&variable.items, &owner) {
                    None => {}
                    Some(rest) if rest.is_empty() => {
                        nomad.delete_variable(&namespace, &path, variable.index).await?;
                    }
                    Some(rest) => nomad.put_variable(&namespace, &path, &rest, variable.index).await?,
                }
            }
            Ok(())
        };
        // A request to stop is not a request to leave secrets behind.
        let answer = patiently(&nomad, async || Ok(()), NomadError::is_away, withdraw).await?;
        answer.map_err(|api_error| api_error.explain(&nomad.address, Phase::Application))
    };
    match gone.await {
        Ok(()) => None,
        // As far as is known, nothing was stored for its tasks.
        Err(error) if error.code == Code::NomadDenied && component.task_secrets.is_empty() => None,
        Err(error) => Some(format!(
            "its secrets may still be in Nomad's variable {path}: {}; destroy it again to remove them",
            error.message
        )),
    }
}
