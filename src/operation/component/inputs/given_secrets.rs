//! The secrets of a service's tasks: removed from all texts, and deleted from their store when the service is gone.

use secrecy::ExposeSecret;

use super::known_secret::{Known, known, owner, value};
use crate::decide::take_back;
use crate::error::{Code, Phase};
use crate::model::{Bearer, TaskSecret, nomad_variable, service_name};
use crate::nomad::Trouble;
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
    if let Ok(nomad) = servers::nomad(&session.blueprint.settings, component, &context.reading).await
        && let Ok(found) = nomad.variable(&namespace, &nomad_variable(service)).await
    {
        secrets.extend(known(&found.items, &owner(&session.blueprint.environment, &component.name)));
        // The variable contains all secrets that were stored for the tasks.
        by_variable = !secrets.is_empty();
    }
    let asked = |secret: &&TaskSecret| !(by_variable && secret.bearer == Bearer::Variable);
    for secret in component.task_secrets.values().filter(asked) {
        match value(secret, &context.reading).await {
            Ok(Known::Is(value)) => secrets.push(value.expose_secret().into()),
            Ok(Known::Unmade) => {}
            Ok(Known::Lent) | Err(_) => context.blind = true,
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
        let nomad = servers::nomad(&session.blueprint.settings, component, &context.reading).await?;
        let withdraw = async || {
            for namespace in nomad.namespaces_of(&path).await? {
                let found = nomad.variable(&namespace, &path).await?;
                match take_back(&found.items, &owner) {
                    None => {}
                    Some(rest) if rest.is_empty() => {
                        nomad.delete_variable(&namespace, &path, found.index).await?;
                    }
                    Some(rest) => nomad.put_variable(&namespace, &path, &rest, found.index).await?,
                }
            }
            Ok(())
        };
        // A request to stop is not a request to leave secrets behind.
        let answer = patiently(&nomad, async || Ok(()), Trouble::is_away, withdraw).await?;
        answer.map_err(|trouble| trouble.explain(&nomad.address, Phase::Application))
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
