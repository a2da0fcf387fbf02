//! The values that a call gave for a plan. They belong to the plan: without them it could not be applied as it was shown.
//!
//! They may contain secrets, so they are sealed. The key is made from the environment's key and from the plan file:
//! Terraform has written the same values into that file, so nobody can read more with it than without it.

use serde::de::DeserializeOwned;
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
pub(super) struct SealedFile {
    sealed: String,
}

impl SealedFile {
    pub fn seal(key: &[u8; 32], values: &impl Serialize) -> Result<Self> {
        let text = serde_json::to_string(values).unwrap_or_default();
        let sealed = sealed::seal(key, &text).ok_or_else(|| {
            let message = "the values of this call could not be sealed: the host has no random numbers";
            Error::new(Layer::Host, Phase::Planning, Code::Key, message, "")
        })?;
        Ok(Self { sealed })
    }

    /// None if the key is another one, or if the file was changed.
    pub fn open<T: DeserializeOwned>(&self, key: &[u8; 32]) -> Option<T> {
        serde_json::from_str(&sealed::open(key, &self.sealed)?).ok()
    }
}

/// The values of one component, as in the arguments of the call.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct GivenValues {
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
    pub fn of(overrides: &Overrides, component: &Name, interface: &Interface) -> Self {
        let mut given = Self::all(overrides, component);
        if let Value::Object(variables) = &mut given.variables {
            variables.retain(|name, _| interface.variable(name).is_none_or(|one| !one.ephemeral));
        }
        given
    }

    pub fn all(overrides: &Overrides, component: &Name) -> Self {
        let its = |given: &Option<(Name, Value)>| {
            given.as_ref().filter(|(name, _)| name == component).map(|(_, value)| value.clone())
        };
        let service = overrides.service.as_ref();
        let service = service.filter(|(name, _)| component_name(name.as_str()) == component.as_str());
        Self {
            variables: its(&overrides.variables).unwrap_or_default(),
            secrets: its(&overrides.secrets).unwrap_or_default(),
            service: service.cloned(),
        }
    }

    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The values of this call, and below them these.
    pub fn below(self, call: Overrides, component: &Name) -> Overrides {
        Overrides {
            variables: below(call.variables, component, self.variables),
            secrets: below(call.secrets, component, self.secrets),
            service: call.service.or(self.service),
            ..call
        }
    }
}

impl SavedPlan<'_> {
    /// Stores the values beside the plan file, which exists. Nothing is stored if the call gave none.
    pub fn store_given(&self, layout: &Layout, overrides: &Overrides, interface: &Interface) -> Result<()> {
        let given = GivenValues::of(overrides, self.component, interface);
        if given.is_none() {
            return Ok(());
        }
        let sealed = SealedFile::seal(&self.seal_key(layout)?, &given);
        write_json(&self.path("given.json"), &sealed.map_err(|error| error.of(self.component))?)
    }

    fn given(&self, layout: &Layout) -> Result<GivenValues> {
        let Some(sealed) = read_json::<SealedFile>(&self.path("given.json"), ANEW)? else {
            return Ok(GivenValues::default());
        };
        sealed.open(&self.seal_key(layout)?).ok_or_else(|| {
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
        all = plans.of(&name).given(layout)?.below(all, &name);
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
