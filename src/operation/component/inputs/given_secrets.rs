//! The secrets that the tasks of a service have: taken out of whatever is told, and withdrawn once the service is gone.

use secrecy::ExposeSecret;

use super::known_secret::{Known, known, owner, value};
use crate::decide::take_back;
use crate::error::Phase;
use crate::model::{Bearer, TaskSecret, nomad_variable, service_name};
use crate::nomad::Trouble;
use crate::operation::exec::servers::patiently;
use crate::operation::exec::{Invoker, servers};

/// Learns what its tasks have, as far as that can be known now, so that it is taken out of what is told. Where it
/// cannot, what the tasks say is not repeated.
pub async fn hide(invoker: &mut Invoker<'_>) {
    let (session, component) = (invoker.session, invoker.component);
    let Some(service) = service_name(component.name.as_str()).filter(|_| !component.task_secrets.is_empty())
    else {
        return;
    };
    let namespace = component.inputs.get("namespace").and_then(|input| input.literal());
    let namespace = servers::namespace(&session.blueprint.settings, namespace);
    let mut secrets = Vec::new();
    let mut by_variable = false;
    if let Ok(nomad) = servers::nomad(&session.blueprint.settings, component, &invoker.reading).await
        && let Ok(found) = nomad.variable(&namespace, &nomad_variable(service)).await
    {
        secrets.extend(known(&found.items, &owner(session, &component.name)));
        // It holds all that was ever handed over by it.
        by_variable = !secrets.is_empty();
    }
    let asked = |secret: &&TaskSecret| !(by_variable && secret.bearer == Bearer::Variable);
    for secret in component.task_secrets.values().filter(asked) {
        match value(secret, &invoker.reading).await {
            Ok(Known::Is(value)) => secrets.push(value.expose_secret().into()),
            Ok(Known::Unmade) => {}
            Ok(Known::Lent) | Err(_) => invoker.blind = true,
        }
    }
    invoker.redactor.add(&secrets);
}

/// Removes what was handed to a service that is no more, wherever that was; what could not be is said.
pub(in crate::operation::component) async fn withdraw(invoker: &Invoker<'_>) -> Option<String> {
    let (session, component) = (invoker.session, invoker.component);
    let service = service_name(component.name.as_str())?;
    session.modules.get(&component.name).filter(|module| module.interface.providers.contains("nomad"))?;
    let (path, owner) = (nomad_variable(service), owner(session, &component.name));
    let gone = async {
        let nomad = servers::nomad(&session.blueprint.settings, component, &invoker.reading).await?;
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
        // Whoever asked us to stop did not ask for secrets to be left.
        let answer = patiently(async || Ok(()), Trouble::is_away, withdraw).await?;
        answer.map_err(|trouble| trouble.explain(&nomad.address, Phase::Application))
    };
    match gone.await {
        Ok(()) => None,
        // Nobody has handed it anything, as far as is known.
        Err(error) if error.code == "nomad_denied" && component.task_secrets.is_empty() => None,
        Err(error) => Some(format!(
            "its secrets may be left in Nomad's variable {path}: {}; destroy it again to remove them",
            error.message
        )),
    }
}
