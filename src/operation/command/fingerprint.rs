//! A digest of everything that a component's plan depends on, without a plan, a parsed module or a process.
//!
//! Pillar values are used as they are written: the same text was valid before, and means the same.

use std::collections::BTreeSet;
use std::fs;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::digest::sha256;
use crate::error::Result;
use crate::host::Host;
use crate::model::{self, Component, Input, Name, Overrides, Reference, Settings};
use crate::operation::request::host_reference;
use crate::operation::request::pillar::Pillar;
use crate::operation::store::keyed_digest::keyed;
use crate::operation::store::shared_records;
use crate::record::Record;
use crate::resolve;
use crate::terraform;
use crate::workdir::{ComponentPaths, Layout, ensure_lasting};

/// One component of the pillar, read from its own entries only.
pub(super) struct PillarSlice {
    text: Value,
    environment: Name,
    settings: Settings,
    pub component: Component,
    pub paths: ComponentPaths,
}

/// The keys and names below which the pillar describes one component.
struct PillarLevels {
    key: &'static str,
    name: String,
    common: Value,
    own: Value,
    /// Its entry of `nomad_service`, if it is a service.
    mapped: Value,
}

impl PillarLevels {
    fn of(pillar: &dyn Pillar, environment: &Name, component: &Name) -> Self {
        let read = |key: &'static str, name: &str| Self {
            common: pillar.part(&[key, name]),
            own: pillar.part(&["environments", environment.as_str(), key, name]),
            name: name.to_owned(),
            key,
            mapped: Value::Null,
        };
        let service = model::service_name(component.as_str()).map(|service| Self {
            mapped: model::about(&pillar.part(&["nomad_service"]), service, environment.as_str()),
            ..read("services", service)
        });
        let says = |one: &Self| [&one.common, &one.own, &one.mapped].iter().any(|level| !level.is_null());
        match service.filter(says) {
            Some(service) => service,
            None => read("components", component.as_str()),
        }
    }
}

impl PillarSlice {
    /// None if the pillar has no such component, or an invalid one: a run reports why.
    pub fn read(pillar: &dyn Pillar, environment: &Name, name: &Name, overrides: &Overrides) -> Option<Self> {
        if !pillar.has(&["environments", environment.as_str()]) {
            return None;
        }
        let said = |given: &Option<(Name, Value)>| given.as_ref().map(|(_, value)| value.clone());
        let PillarLevels { key, name: below, common, own, mapped } =
            PillarLevels::of(pillar, environment, name);
        let settings = pillar.part(&["environments", environment.as_str(), "settings"]);
        let mut common_settings = pillar.part(&["settings"]);
        // The name may be one of another environment, which a part of the pillar does not contain.
        if let Some(common) = common_settings.as_object_mut() {
            common.remove("default_environment");
        }
        let slice = json!({
            "settings": common_settings,
            "nomad_service": mapped,
            key: { below.as_str(): common },
            "environments": {
                environment.as_str(): { "settings": settings, key: { below.as_str(): own } }
            },
        });
        let (draft, problems) = model::read(&slice, environment.as_str(), overrides);
        let mut draft = draft.filter(|_| problems.is_empty())?;
        let component = draft.components.remove(name).filter(|component| component.enabled)?;
        Some(Self {
            paths: Layout::new(&draft.settings.root, environment).ok()?.component(name).ok()?,
            text: json!([slice, said(&overrides.variables), said(&overrides.secrets)]),
            environment: environment.clone(),
            settings: draft.settings,
            component,
        })
    }

    pub fn record(&self) -> Result<Option<Record>> {
        shared_records::last(&self.settings, &self.environment, &self.component.name, &self.paths)
    }

    /// None if the module cannot be read: a run reports why.
    pub fn fingerprint(&self, pillar: &dyn Pillar, host: &dyn Host) -> Result<Option<String>> {
        let Some(source) = &self.component.source else { return Ok(None) };
        let Ok(module) = resolve::digest(source, self.component.template, host) else { return Ok(None) };
        // Vault is read only in a run, and may return another value each time.
        let Some(references) = references(&self.component, host)? else { return Ok(None) };
        let parts = json!([
            self.text,
            module,
            references,
            producers(pillar, &self.settings, &self.environment, &self.component)?,
            terraform::BinaryIdentity::of(&self.settings.terraform)?,
        ]);
        let layout = Layout::new(&self.settings.root, &self.environment)?;
        ensure_lasting(&layout.control())?;
        keyed(&layout, &parts).map(Some)
    }

    /// Lineage and serial of the local state. None if there is no readable one.
    pub fn head(&self) -> Option<(String, u64)> {
        head(&self.paths)
    }

    /// Digest of the provider lock file of the last init.
    pub fn lock_file(&self) -> Option<String> {
        let subdir = self.component.source.as_ref()?.subdir();
        fs::read(self.paths.module().join(subdir).join(".terraform.lock.hcl")).ok().map(sha256)
    }
}

/// The values of its secrets, in the order of their variables. None if only a run can read one of them.
fn references(component: &Component, host: &dyn Host) -> Result<Option<Vec<String>>> {
    use secrecy::ExposeSecret;
    let secrets = component.inputs.values().filter_map(|input| match input {
        Input::Secret(reference) => Some(reference),
        _ => None,
    });
    // Only a run can tell whether Nomad still has the secrets of its tasks.
    if !component.task_secrets.is_empty() {
        return Ok(None);
    }
    let read = |reference: &Reference| match reference {
        Reference::Vault { .. } => Ok(None),
        Reference::Sdb(uri) => Ok(host.sdb(uri).ok()),
        other => Ok(Some(host_reference::read(other)?.expose_secret().to_owned())),
    };
    secrets.map(read).collect()
}

/// Its upstream components: their entries in the pillar, and lineage and serial of their states.
fn producers(
    pillar: &dyn Pillar,
    settings: &Settings,
    environment: &Name,
    component: &Component,
) -> Result<Vec<Value>> {
    let names: BTreeSet<&Name> = component.reads().map(|reference| &reference.component).collect();
    let layout = Layout::new(&settings.root, environment)?;
    let one = |name: &Name| {
        let paths = layout.component(name)?;
        let levels = PillarLevels::of(pillar, environment, name);
        let record = shared_records::last(settings, environment, name, &paths)?.unwrap_or_default();
        Ok(json!([
            name,
            [levels.common, levels.own, levels.mapped],
            [json!(record.lineage), json!(record.serial)],
            head(&paths),
        ]))
    };
    names.into_iter().map(one).collect()
}

/// Lineage and serial of the local state. None if there is no readable one.
fn head(paths: &ComponentPaths) -> Option<(String, u64)> {
    #[derive(Deserialize)]
    struct Head {
        lineage: String,
        serial: u64,
    }
    let text = fs::read(paths.state()).ok()?;
    serde_json::from_slice::<Head>(&text).ok().map(|head| (head.lineage, head.serial))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::PillarSlice;
    use crate::model::{Input, Name, Overrides};

    #[test]
    fn a_service_is_merged_with_its_own_nomad_service_and_not_with_others() {
        let of = |name: &str, environment: &str, port: u16| json!({ "name": name, "environment": environment, "config": { "image": "x", "port": port } });
        let mut pillar = json!({
            "nomad_service": [of("web", "staging", 80), of("web", "production", 81), of("db", "staging", 82)],
            "environments": { "staging": {}, "production": {} },
        });
        let name = |text: &str| Name::new(text).unwrap();
        let read = |pillar: &_| {
            PillarSlice::read(pillar, &name("staging"), &name("nomad-web"), &Overrides::default()).unwrap()
        };
        let before = read(&pillar);
        assert_eq!(before.component.inputs["port"], Input::Literal(json!(80)));
        pillar["nomad_service"][1] = of("web", "production", 9);
        pillar["nomad_service"][2] = of("db", "staging", 9);
        assert_eq!(read(&pillar).text, before.text);
        pillar["nomad_service"][0] = of("web", "staging", 9);
        assert_ne!(read(&pillar).text, before.text);
    }
}
