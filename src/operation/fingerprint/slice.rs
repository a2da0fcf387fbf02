//! A digest of everything that a component's plan depends on, without a plan, a parsed module or a process.
//!
//! Pillar values are used as they are written: the same text was valid before, and means the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::digest::sha256;
use crate::error::Result;
use crate::host::Host;
use crate::model::{self, Component, Input, Name, Overrides, Reference, Settings, Source};
use crate::operation::request::host_reference;
use crate::operation::request::pillar::Pillar;
use crate::operation::store::keyed_digest::keyed;
use crate::operation::store::shared_records;
use crate::record::{Ensured, Record};
use crate::report::Status;
use crate::resolve;
use crate::terraform;
use crate::workdir::{ComponentPaths, Layout, ensure_lasting};

/// How long one read of sdb may take here. A run waits longer, and reports what is wrong.
const PATIENCE: Duration = Duration::from_secs(10);

/// One component of the pillar, read from its own entries only.
pub struct PillarSlice {
    text: Value,
    environment: Name,
    settings: Settings,
    pub component: Component,
    pub paths: ComponentPaths,
}

/// What a component's plan depends on beside the pillar and its upstream components.
pub struct OwnParts {
    /// Digest of the module.
    module: String,
    /// The values of its secrets.
    references: Vec<SecretString>,
    binary: terraform::BinaryIdentity,
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

/// The components that the pillar describes validly.
pub type PillarSlices = BTreeMap<Name, Arc<PillarSlice>>;

impl PillarSlice {
    /// Reads each of these components, with the values that the call gives to it.
    pub fn read_each<'a>(
        pillar: &dyn Pillar,
        environment: &Name,
        names: impl IntoIterator<Item = &'a Name>,
        overrides: &Overrides,
    ) -> PillarSlices {
        let one = |name: &'a Name| {
            let slice = Self::read(pillar, environment, name, &only(overrides, name))?;
            Some((name.clone(), Arc::new(slice)))
        };
        names.into_iter().filter_map(one).collect()
    }

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
        let mut described = vec![slice, said(&overrides.variables).into(), said(&overrides.secrets).into()];
        described.extend(names_in_consul(pillar, environment, &component));
        Some(Self {
            paths: Layout::new(&draft.settings.root, environment).ok()?.component(name).ok()?,
            text: described.into(),
            environment: environment.clone(),
            settings: draft.settings,
            component,
        })
    }

    pub fn record(&self) -> Result<Option<Record>> {
        self.record_of(&self.component.name)
    }

    /// The last record of any host.
    fn record_of(&self, name: &Name) -> Result<Option<Record>> {
        shared_records::last(&self.settings, &self.environment, name, &self.sibling(name)?)
    }

    /// The paths of another component of the environment.
    pub fn sibling(&self, name: &Name) -> Result<ComponentPaths> {
        Layout::new(&self.settings.root, &self.environment)?.component(name)
    }

    /// None if the module cannot be read, or if only a run can read a secret: a run reports why.
    pub fn fingerprint(&self, pillar: &dyn Pillar, host: &dyn Host) -> Result<Option<String>> {
        let Some(source) = &self.component.source else { return Ok(None) };
        let Ok(module) = resolve::digest(source, self.component.template, host) else { return Ok(None) };
        let Some(own) = self.own_parts(module, host)? else { return Ok(None) };
        self.digest(&own, pillar, |name| self.record_of(name)).map(Some)
    }

    /// `module`: its digest. None if only a run can read a secret.
    pub fn own_parts(&self, module: String, host: &dyn Host) -> Result<Option<OwnParts>> {
        // Vault is read only in a run, and may return another value each time.
        let Some(references) = references(&self.component, host)? else { return Ok(None) };
        let binary = terraform::BinaryIdentity::of(&self.settings.terraform)?;
        Ok(Some(OwnParts { module, references, binary }))
    }

    /// `record_of`: the last record of an upstream component.
    pub fn digest(
        &self,
        own: &OwnParts,
        pillar: &dyn Pillar,
        record_of: impl Fn(&Name) -> Result<Option<Record>>,
    ) -> Result<String> {
        let references: Vec<&str> = own.references.iter().map(|one| one.expose_secret()).collect();
        let producers = producers(pillar, &self.settings, &self.environment, &self.component, record_of)?;
        let parts = json!([self.text, own.module, references, producers, own.binary]);
        let layout = Layout::new(&self.settings.root, &self.environment)?;
        ensure_lasting(&layout.control())?;
        keyed(&layout, &parts)
    }

    /// The text from which it is planned, and whether its module is the same: see [`super::affected`]. `without`: the
    /// settings that only say how a run goes.
    pub fn described(&self, without: &[&str]) -> Value {
        let mut text = self.text.clone();
        for settings in ["/0/settings".to_owned(), format!("/0/environments/{}/settings", self.environment)] {
            if let Some(Value::Object(settings)) = text.pointer_mut(&settings) {
                settings.retain(|key, _| !without.contains(&key.as_str()));
            }
        }
        text
    }

    /// Whether the last run ended well, nothing is unfinished, and the state is the same as after it.
    pub fn is_left(&self, record: Option<&Record>, ensured: &Ensured) -> bool {
        let Some(record) = record else { return false };
        let good = Status::from_word(&record.outcome).is_as_asked();
        let left = (ensured.lineage.as_str(), ensured.serial);
        let is_left = |(lineage, serial): (String, u64)| (lineage.as_str(), serial) == left;
        good
            && record.blocked.is_none()
            && (record.lineage.as_str(), record.serial) == left
            && record.applied == ensured.applied
            && self.lock_file() == ensured.lock_file
            && !self.paths.applying().exists()
            && !self.paths.locking().exists()
            // For a remote state the record is trusted.
            && (!self.component.backend.is_local() || self.head().is_some_and(is_left))
    }

    /// Remembers how a run left the component. `version`: that of terraform.
    pub fn remember(&self, record: Record, fingerprint: String, version: String) -> Result<()> {
        let Record { lineage, serial, applied, .. } = record;
        let lock_file = self.lock_file();
        let ensured = Ensured { fingerprint, lock_file, lineage, serial, applied, version };
        let path = self.paths.ensured();
        if Ensured::read(&path).ok().flatten().as_ref() == Some(&ensured) {
            return Ok(());
        }
        ensured.write(&path)
    }

    /// Lineage and serial of the local state. None if there is no readable one.
    fn head(&self) -> Option<(String, u64)> {
        head(&self.paths)
    }

    /// Digest of the provider lock file of the last init.
    fn lock_file(&self) -> Option<String> {
        let subdir = self.component.source.as_ref()?.subdir();
        fs::read(self.paths.module().join(subdir).join(".terraform.lock.hcl")).ok().map(sha256)
    }
}

/// What gives the services that it reaches in the mesh their names in Consul. None if it reaches none.
fn names_in_consul(pillar: &dyn Pillar, environment: &Name, component: &Component) -> Option<Value> {
    const KEYS: [&str; 6] = ["consul_name", "registration", "provider", "port", "ports", "template"];
    let Some(Source::Service(service)) = &component.source else { return None };
    let one = |name: &str| {
        let component = Name::new(&model::component_name(name)).ok()?;
        let PillarLevels { common, own, mapped, .. } = PillarLevels::of(pillar, environment, &component);
        let mapped = mapped.as_array().into_iter().flatten().map(|item| &item["config"]);
        let levels = [&common, &own].into_iter().chain(mapped);
        let written: Vec<_> = levels.map(|level| KEYS.map(|key| level[key].clone())).collect();
        Some((name.to_owned(), json!(written)))
    };
    let names: serde_json::Map<_, _> = service.upstreams().filter_map(one).collect();
    (!names.is_empty()).then(|| names.into())
}

/// The values that a call gives to this component.
fn only(overrides: &Overrides, name: &Name) -> Overrides {
    let of = |given: &Option<(Name, Value)>| given.clone().filter(|(component, _)| component == name);
    Overrides { variables: of(&overrides.variables), secrets: of(&overrides.secrets), ..Overrides::default() }
}

/// The values of its secrets, in the order of their variables. None if only a run can read one of them.
fn references(component: &Component, host: &dyn Host) -> Result<Option<Vec<SecretString>>> {
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
        Reference::Sdb(uri) => Ok(host_reference::sdb(host, uri, PATIENCE).ok()),
        other => host_reference::read(other).map(Some),
    };
    secrets.map(read).collect()
}

/// Its upstream components: their entries in the pillar, and lineage and serial of their states.
fn producers(
    pillar: &dyn Pillar,
    settings: &Settings,
    environment: &Name,
    component: &Component,
    record_of: impl Fn(&Name) -> Result<Option<Record>>,
) -> Result<Vec<Value>> {
    let names: BTreeSet<&Name> = component.reads().map(|reference| &reference.component).collect();
    let layout = Layout::new(&settings.root, environment)?;
    let one = |name: &Name| {
        let paths = layout.component(name)?;
        let levels = PillarLevels::of(pillar, environment, name);
        let record = record_of(name)?.unwrap_or_default();
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

    #[test]
    fn a_service_differs_if_another_one_that_it_reaches_gets_another_name_in_consul_and_not_if_that_one_changes_otherwise()
     {
        let mut pillar = json!({
            "services": {
                "web": { "image": "x", "port": 80, "connect": { "upstreams": [{ "name": "db", "port": 1 }] } },
                "db": { "image": "x", "port": 81 },
            },
            "environments": { "staging": {} },
        });
        let name = |text: &str| Name::new(text).unwrap();
        let text = |pillar: &_| {
            PillarSlice::read(pillar, &name("staging"), &name("nomad-web"), &Overrides::default())
                .unwrap()
                .text
        };
        let before = text(&pillar);
        pillar["services"]["db"]["image"] = json!("y");
        assert_eq!(text(&pillar), before);
        pillar["services"]["db"]["consul_name"] = json!("data");
        let named = text(&pillar);
        assert_ne!(named, before);
        pillar["environments"]["staging"] = json!({ "services": { "db": { "consul_name": "own" } } });
        assert_ne!(text(&pillar), named);
    }
}
