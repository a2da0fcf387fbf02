//! Names that services of two environments would share in one Consul.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::overrides::Overrides;
use super::pillar::read;
use crate::model::component::{Component, Input, Source};
use crate::model::service::{JobSource, NomadService};
use crate::model::{Draft, Problem};

/// The services of all environments. Each environment is read at most once.
pub struct SharedNames<'a> {
    infrastructure: &'a Value,
    others: BTreeMap<&'a str, OnceCell<Option<Draft>>>,
}

impl<'a> SharedNames<'a> {
    pub fn new(infrastructure: &'a Value) -> Self {
        let names = infrastructure["environments"].as_object().into_iter().flatten();
        Self { infrastructure, others: names.map(|(name, _)| (name.as_str(), OnceCell::new())).collect() }
    }

    /// As [`shared_names`].
    pub fn of(&self, environment: &str, overrides: &Overrides) -> Vec<Problem> {
        let others: Vec<_> = self.others.iter().filter(|(name, _)| **name != environment).collect();
        if others.is_empty() {
            return Vec::new();
        }
        let own = draft(self.infrastructure, environment, overrides);
        let others = others.into_iter().filter_map(|(name, read)| {
            read.get_or_init(|| draft(self.infrastructure, name, &Overrides::default())).as_ref()
        });
        own.map(|own| shared(&own, others)).unwrap_or_default()
    }
}

/// The services of this environment that would register a name which a service of another environment registers too,
/// in the same Consul, although the pillar does not set the name.
///
/// The same job in the same place of one Nomad is left out: Nomad has it once, and refuses the second environment.
pub fn shared_names(infrastructure: &Value, environment: &str, overrides: &Overrides) -> Vec<Problem> {
    SharedNames::new(infrastructure).of(environment, overrides)
}

/// `others` is read only as far as necessary.
fn shared<'a>(own: &Draft, others: impl Iterator<Item = &'a Draft>) -> Vec<Problem> {
    let mut unasked: Vec<_> = registrations(own).filter(|one| !one.is_asked).collect();
    let mut problems = Vec::new();
    if unasked.is_empty() {
        return problems;
    }
    for other in others {
        unasked.retain(|one| match registrations(other).find(|other| one.shares_with(other)) {
            Some(other) => {
                problems.push(Problem::new(&one.component.path, one.refusal(&other)));
                false
            }
            None => true,
        });
        if unasked.is_empty() {
            break;
        }
    }
    problems
}

/// The services of an environment alone. Their problems are reported where the whole environment is read.
fn draft(infrastructure: &Value, environment: &str, overrides: &Overrides) -> Option<Draft> {
    let own = &infrastructure["environments"][environment];
    let services = json!({
        "settings": infrastructure["settings"],
        "services": infrastructure["services"],
        "nomad_service": infrastructure["nomad_service"],
        "environments": { environment: { "settings": own["settings"], "services": own["services"] } },
    });
    let has_none = ["services", "nomad_service"].iter().all(|key| services[key].is_null());
    match has_none && own["services"].is_null() {
        true => None,
        false => read(&services, environment, overrides).0,
    }
}

/// A name that a service has in Consul.
struct Registration<'a> {
    draft: &'a Draft,
    component: &'a Component,
    service: &'a NomadService,
    name: &'a str,
    is_asked: bool,
}

fn registrations(draft: &Draft) -> impl Iterator<Item = Registration<'_>> {
    draft.components.values().filter(|component| component.enabled).flat_map(move |component| {
        let Some(Source::Service(service)) = &component.source else { return Vec::new() };
        let JobSource::Generated(shape) = &service.job else { return Vec::new() };
        let one = |name, is_asked| Registration { draft, component, service, name, is_asked };
        let main = service.consul_name().map(|name| one(name, shape.registered.is_some()));
        let more = shape.extras.group.blocks.iter().filter(|block| block.kind == "service");
        let more = more.filter(|block| block.body.text("provider") != Some("nomad"));
        main.into_iter().chain(more.filter_map(|block| Some(one(block.body.text("name")?, true)))).collect()
    })
}

impl Registration<'_> {
    fn shares_with(&self, other: &Self) -> bool {
        let is_one_job = self.service.name == other.service.name && self.place() == other.place();
        self.name == other.name
            && self.draft.settings.consul.address == other.draft.settings.consul.address
            && !is_one_job
    }

    /// The address of the Nomad, and the region and the namespace of the job.
    fn place(&self) -> (&str, Option<&Value>, Option<&Value>) {
        let input = |name: &str| self.component.inputs.get(name).and_then(Input::literal);
        (&self.draft.settings.nomad.address, input("region"), input("namespace"))
    }

    fn refusal(&self, other: &Self) -> String {
        format!(
            "would be registered as {name} in the Consul {address}, as {path} of the environment {there} is; with \
             that name, each of them is found in place of the other. Give each environment a name of its own, in \
             infrastructure:settings or here: consul_name: \"{{service}}-{{environment}}\"; or keep one name for \
             both: consul_name: \"{{service}}\"",
            name = self.name,
            address = self.draft.settings.consul.address,
            path = other.component.path,
            there = other.draft.environment,
        )
    }
}
