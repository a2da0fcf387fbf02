//! The values that a call gave for a plan. They belong to the plan: without them it could not be applied as it was shown.
//!
//! They may contain secrets, so they are sealed. The key is made from the environment's key and from the plan file:
//! Terraform has written the same values into that file, so nobody can read more with it than without it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::keyed_digest::DigestKey;
use super::saved_plan::refused;
use super::saved_plans::{ANEW, SavedPlan, SavedPlans};
use super::sealed;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{Interface, Name, Overrides, component_name};
use crate::workdir::{Layout, read_json, write_json};

/// `NAME.given.json` beside the plan.
#[derive(Serialize, Deserialize)]
struct SealedFile {
    sealed: String,
}

/// The values of one component, as in the arguments of the call.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct GivenValues {
    #[serde(default, skip_serializing_if = "Value::is_null")]
    variables: Value,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    secrets: Value,
    /// The name of the service, and its keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service: Option<(Name, Value)>,
}

impl GivenValues {
    /// Without the values of ephemeral variables: Terraform stores them nowhere, and neither does Eos.
    fn of(overrides: &Overrides, component: &Name, interface: &Interface) -> Self {
        let its = |given: &Option<(Name, Value)>| {
            given.as_ref().filter(|(name, _)| name == component).map(|(_, value)| value.clone())
        };
        let mut variables = its(&overrides.variables).unwrap_or_default();
        if let Value::Object(variables) = &mut variables {
            variables.retain(|name, _| interface.variable(name).is_none_or(|one| !one.ephemeral));
        }
        let service = overrides.service.as_ref();
        let service = service.filter(|(name, _)| component_name(name.as_str()) == component.as_str());
        Self { variables, secrets: its(&overrides.secrets).unwrap_or_default(), service: service.cloned() }
    }
}

impl SavedPlan<'_> {
    /// Stores the values beside the plan file, which exists. Nothing is stored if the call gave none.
    pub fn store_given(&self, layout: &Layout, overrides: &Overrides, interface: &Interface) -> Result<()> {
        let given = GivenValues::of(overrides, self.component, interface);
        if given == GivenValues::default() {
            return Ok(());
        }
        let text = serde_json::to_string(&given).unwrap_or_default();
        let sealed = sealed::seal(&self.seal_key(layout)?, &text).ok_or_else(|| {
            let message = "the values of this call could not be sealed: the host has no random numbers";
            Error::new(Layer::Host, Phase::Planning, Code::Key, message, "").of(self.component)
        })?;
        write_json(&self.path("given.json"), &SealedFile { sealed })
    }

    fn given(&self, layout: &Layout) -> Result<GivenValues> {
        let Some(SealedFile { sealed }) = read_json(&self.path("given.json"), ANEW)? else {
            return Ok(GivenValues::default());
        };
        let text = sealed::open(&self.seal_key(layout)?, &sealed);
        text.and_then(|text| serde_json::from_str(&text).ok()).ok_or_else(|| {
            let message = "the values that the call gave for this plan cannot be read: the plan file or the \
                           environment's key has changed";
            refused(Code::PlanMoved, message).of(self.component)
        })
    }

    fn seal_key(&self, layout: &Layout) -> Result<[u8; 32]> {
        let file = self.file()?;
        let plan = std::fs::read(&file).map_err(|error| Error::file(&file, "read", error))?;
        Ok(DigestKey::of(layout)?.bytes(&plan))
    }
}

/// The values of this call, and below them those that the call gave that made the plan.
pub fn with_given(plans: &SavedPlans, layout: &Layout, call: &Overrides) -> Result<Overrides> {
    let mut all = call.clone();
    // If there is no such plan, the run reports it.
    let Ok(contents) = plans.contents() else { return Ok(all) };
    for name in contents.statuses.keys().filter_map(|name| Name::new(name).ok()) {
        let GivenValues { variables, secrets, service } = plans.of(&name).given(layout)?;
        all.variables = below(all.variables, &name, variables);
        all.secrets = below(all.secrets, &name, secrets);
        all.service = all.service.or(service);
    }
    Ok(all)
}

fn below(call: Option<(Name, Value)>, name: &Name, given: Value) -> Option<(Name, Value)> {
    match (call, given) {
        (call, Value::Null) => call,
        (None, given) => Some((name.clone(), given)),
        (Some((of, Value::Object(call))), Value::Object(given)) if of == *name => {
            let merged: Map<_, _> = given.into_iter().chain(call).collect();
            Some((of, merged.into()))
        }
        (call, _) => call,
    }
}
