//! `inject_credentials`: the variables that a provider's credentials would set. It never shows or reads their values.

use serde_json::{Value, json};

use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{Component, Credential, CredentialOrigin, Name, Provider};
use crate::operation::blueprint;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::resolve::Modules;

pub fn inject_credentials(call: &Call<'_>) -> Value {
    let mut arguments = Arguments::new(&call.request);
    let provider = arguments.text("provider");
    let component = match call.request.arguments.get("component").is_some_and(|one| !one.is_null()) {
        true => Some(arguments.name("component")),
        // The default of the signature.
        false => arguments.value("component").and(None),
    };
    let environment = arguments.environment();
    let Some(provider) = provider else {
        arguments.problem("provider", "is missing: name one, such as hcloud");
        return answer(arguments.check().map(|()| Value::Null));
    };
    let known = Provider::of_cloud(&provider);
    if known.is_none() {
        let names = Provider::names();
        arguments.problem("provider", format!("has no known credentials; known providers: {names}"));
    }
    let provider = known.map_or(provider, |provider| provider.name.to_owned());
    answer(arguments.check().and_then(|()| found(call, &provider, component.as_ref(), &environment)))
}

fn found(call: &Call<'_>, provider: &str, component: Option<&Name>, environment: &Name) -> Result<Value> {
    let draft = blueprint::sound(&call.request, environment)?;
    let credentials = match component {
        None => &draft.settings.credentials,
        Some(name) => {
            let component = draft.components.get(name).ok_or_else(|| no_such(name))?;
            match uses(call, component, provider)? {
                true => &component.credentials,
                false => return Ok(json!({ "provider": provider, "variables": [], "source": null })),
            }
        }
    };
    let credential = credentials.get(provider);
    Ok(json!({
        "provider": provider,
        "variables": credential.map(variables).unwrap_or_default(),
        "source": credential.map(source),
    }))
}

fn variables(credential: &Credential) -> Vec<&'static str> {
    credential.provider.variables.iter().map(|variable| variable.name).collect()
}

fn source(credential: &Credential) -> String {
    match &credential.origin {
        CredentialOrigin::Value(reference) => reference.to_string(),
        CredentialOrigin::Path(path) => format!("vault:{path}"),
    }
}

/// Whether the component's module uses this provider. A Salt step has no module.
fn uses(call: &Call<'_>, component: &Component, provider: &str) -> Result<bool> {
    let Some(module) = Modules::new(call.host).of(component) else { return Ok(false) };
    let module = module.map_err(|message| {
        let remedy = "correct the component's source";
        Error::new(Layer::Salt, Phase::Validation, Code::Invalid, message, remedy).of(&component.name)
    })?;
    Ok(module.interface.uses(provider))
}

fn no_such(name: &Name) -> Error {
    let message = format!("the pillar has no component {name}");
    Error::new(
        Layer::Salt,
        Phase::Validation,
        Code::Invalid,
        message,
        "name one of infrastructure:components",
    )
}

fn answer(found: Result<Value>) -> Value {
    match found {
        Ok(mut answer) => {
            answer["result"] = true.into();
            answer["retcode"] = 0.into();
            answer
        }
        Err(error) => json!({ "result": false, "error": error, "retcode": 1 }),
    }
}
