//! The machines in a state or after a plan, counted by provider and size.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::list::list;

/// Each type of a resource that is a machine, its provider, and the attribute that has its size.
const KINDS: [(&str, &str, &str); 5] = [
    ("aws_instance", "aws", "instance_type"),
    ("azurerm_linux_virtual_machine", "azurerm", "size"),
    ("azurerm_windows_virtual_machine", "azurerm", "size"),
    ("google_compute_instance", "google", "machine_type"),
    ("hcloud_server", "hcloud", "server_type"),
];

/// From each provider to its sizes, and from each size to the number of its machines. A size that only the apply knows
/// is the empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Machines(BTreeMap<String, BTreeMap<String, u64>>);

impl Machines {
    /// The providers whose machines are known.
    pub fn providers() -> impl Iterator<Item = &'static str> {
        KINDS.iter().map(|(_, provider, _)| *provider)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each provider with a size, and the number of its machines.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, u64)> {
        self.0.iter().flat_map(|(provider, sizes)| {
            sizes.iter().map(move |(size, number)| (provider.as_str(), size.as_str(), *number))
        })
    }

    /// What there is after the plan `show -json` describes.
    pub fn after(plan: &Value) -> Self {
        let mut machines = Self::default();
        machines.add_module(&plan["planned_values"]["root_module"]);
        machines
    }

    /// What there is in a state of format 4, with old copies that a replacement could not destroy: they cost too.
    pub fn in_state(document: &Value) -> Self {
        let mut machines = Self::default();
        for resource in list(&document["resources"]).filter(|one| one["mode"] == "managed") {
            for instance in list(&resource["instances"]) {
                machines.add(resource, &instance["attributes"]);
            }
        }
        machines
    }

    fn add_module(&mut self, module: &Value) {
        for resource in list(&module["resources"]).filter(|one| one["mode"] == "managed") {
            self.add(resource, &resource["values"]);
        }
        list(&module["child_modules"]).for_each(|child| self.add_module(child));
    }

    fn add(&mut self, resource: &Value, values: &Value) {
        let Some((_, provider, size)) = KINDS.iter().find(|(kind, ..)| resource["type"] == *kind) else {
            return;
        };
        let size = values[size].as_str().unwrap_or_default().to_owned();
        *self.0.entry((*provider).to_owned()).or_default().entry(size).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn counted(machines: &Machines) -> Vec<(&str, &str, u64)> {
        machines.iter().collect()
    }

    #[test]
    fn the_machines_after_a_plan_are_counted_in_all_modules_by_provider_and_size() {
        let server = |size: Value| json!({ "mode": "managed", "type": "hcloud_server", "values": size });
        let child = json!({ "resources": [
            { "mode": "managed", "type": "aws_instance", "values": { "instance_type": "t3.micro" } },
            { "mode": "data", "type": "aws_instance", "values": { "instance_type": "t3.micro" } },
        ] });
        let root = json!({
            "resources": [
                server(json!({ "server_type": "cx22" })), server(json!({ "server_type": "cx22" })),
                server(json!({})),
                { "mode": "managed", "type": "hcloud_volume", "values": { "size": 10 } },
            ],
            "child_modules": [{ "child_modules": [child] }],
        });
        let machines = Machines::after(&json!({ "planned_values": { "root_module": root } }));
        let expected = [("aws", "t3.micro", 1), ("hcloud", "", 1), ("hcloud", "cx22", 2)];
        assert_eq!(counted(&machines), expected);
        assert!(Machines::after(&json!({ "planned_values": { "root_module": {} } })).is_empty());
    }

    #[test]
    fn a_state_counts_each_instance_and_each_old_copy() {
        let size = |size: &str| json!({ "attributes": { "server_type": size } });
        let old = json!({ "deposed": "1a2b", "attributes": { "server_type": "cx32" } });
        let state = json!({ "resources": [
            { "mode": "managed", "type": "hcloud_server", "instances": [size("cx22"), size("cx22"), old] },
            { "mode": "managed", "type": "terraform_data", "instances": [{}] },
        ] });
        let machines = Machines::in_state(&state);
        assert_eq!(counted(&machines), [("hcloud", "cx22", 2), ("hcloud", "cx32", 1)]);
        let text = serde_json::to_string(&machines).unwrap();
        assert_eq!(text, r#"{"hcloud":{"cx22":2,"cx32":1}}"#);
        assert_eq!(serde_json::from_str::<Machines>(&text).unwrap(), machines);
    }
}
