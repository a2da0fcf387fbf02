//! What an environment uses of each layer.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::needs::{VaultNeed, vault_paths};
use crate::model::{
    Component, Draft, HookAction, Input, Interface, Name, ProbeSettings, RunHookAction, SaltCall, SaltStep,
    Source, VaultPath, service_name,
};

/// Empty parts are layers that the environment does not use.
#[derive(Debug, Default)]
pub struct Usage {
    /// Region to its services, each with the patterns of its datacenters. None: the region of the settings.
    pub nomad: BTreeMap<Option<String>, BTreeMap<String, Vec<String>>>,
    /// Whether a gate or a hook asks the Consul of `settings:consul`, and what for.
    pub consul: BTreeSet<&'static str>,
    /// Paths in Vault that a run reads.
    pub vault: BTreeMap<VaultPath, VaultNeed>,
    /// Targets of Salt steps, each with the places in the pillar that name it.
    pub minions: BTreeMap<(&'static str, String), BTreeSet<String>>,
    /// Those of them on which functions of Eos are called.
    pub eos_minions: BTreeSet<(&'static str, String)>,
}

/// Whether an execution function is one of Eos.
fn is_of_eos(function: &str) -> bool {
    function.starts_with("eos_terraform.") || function.starts_with("eos_orchestrator.")
}

impl Usage {
    /// `interface`: that of a component's module, if it is known.
    pub fn of<'a>(draft: &Draft, interface: impl Fn(&Name) -> Option<&'a Interface>) -> Self {
        let mut usage = Self { vault: vault_paths(draft, &interface), ..Self::default() };
        let run_hooks = draft.settings.run_hooks.iter();
        if run_hooks.into_iter().any(|hook| matches!(hook.action, RunHookAction::ConsulKv { .. })) {
            usage.consul.insert("hooks");
        }
        for component in draft.components.values().filter(|component| component.enabled) {
            let needs_nomad = interface(&component.name).is_some_and(|module| module.uses("nomad"));
            usage.nomad_of(component, needs_nomad, draft.settings.nomad.region.as_deref());
            usage.consul_of(component);
            if let Some(step) = &component.step {
                usage.minions_of(step, component.place("salt").to_string());
            }
            for hook in &component.hooks {
                if let HookAction::Salt(step) = &hook.action {
                    usage.minions_of(step, hook.path.to_string());
                }
            }
        }
        usage
    }

    fn nomad_of(&mut self, component: &Component, by_module: bool, usual: Option<&str>) {
        let gate = |probe: &ProbeSettings| matches!(probe, ProbeSettings::Nomad(_));
        let is_service = matches!(component.source, Some(Source::Service(_)));
        if !is_service && !by_module && !component.health.iter().any(|one| gate(&one.probe)) {
            return;
        }
        let literal = |key: &str| component.inputs.get(key).and_then(Input::literal);
        let own = literal("region").filter(|_| is_service).and_then(Value::as_str);
        // The same region is asked once, also if a service names it again.
        let own = own.filter(|own| Some(*own) != usual).map(str::to_owned);
        let services = self.nomad.entry(own).or_default();
        if is_service {
            let datacenters = literal("datacenters").and_then(Value::as_array).into_iter().flatten();
            let patterns = datacenters.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>();
            // The datacenters may be an output, which is not known here.
            if !patterns.is_empty() {
                let name = component.name.as_str();
                services.insert(service_name(name).unwrap_or(name).to_owned(), patterns);
            }
        }
    }

    fn consul_of(&mut self, component: &Component) {
        if component.health.iter().any(|gate| matches!(gate.probe, ProbeSettings::Consul(_))) {
            self.consul.insert("gates");
        }
        let is_consul = |action: &HookAction| {
            matches!(action, HookAction::ConsulKv { .. } | HookAction::ConsulService(_))
        };
        if component.hooks.iter().any(|hook| is_consul(&hook.action)) {
            self.consul.insert("hooks");
        }
    }

    fn minions_of(&mut self, SaltStep { target, what, .. }: &SaltStep, place: String) {
        let target = (target.kind, target.pattern.clone());
        if matches!(what, SaltCall::Function { name, .. } if is_of_eos(name)) {
            self.eos_minions.insert(target.clone());
        }
        self.minions.entry(target).or_default().insert(place);
    }
}
