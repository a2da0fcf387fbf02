//! Decides whether this is the state from the end of the last run. With an empty state, Terraform would create
//! everything again.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{StateInstance, address, instances};
use crate::change::Machines;
use crate::model::Output;

/// The parts of a Terraform state (format 4) that Eos needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    pub lineage: String,
    pub serial: u64,
    /// Number of managed resource instances.
    pub resources: u64,
    pub outputs: BTreeMap<String, StateOutput>,
    /// Objects by address.
    pub instances: BTreeMap<String, StateInstance>,
    pub jobs: Vec<StateJob>,
    pub machines: Machines,
}

/// A `nomad_job` resource: a registration that Terraform made.
#[derive(Clone, Debug, PartialEq)]
pub struct StateJob {
    pub namespace: String,
    pub id: String,
    /// Nomad's `JobModifyIndex` right after the registration, or as a later run has read it.
    pub modify_index: Option<u64>,
    /// The address of the resource.
    pub address: String,
    /// Destroying the resource purges the job from Nomad, and removes every trace of the failure.
    pub is_purged: bool,
    /// Its version is known to have failed.
    pub failed: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StateOutput {
    pub value: Value,
    pub sensitive: bool,
}

impl State {
    /// Whether there is no resource and no output. A destroy would have nothing to do.
    pub fn is_empty(&self) -> bool {
        self.resources == 0 && self.outputs.is_empty()
    }

    /// Adds each output in `declared` that is null: Terraform does not store such outputs.
    ///
    /// `declared` must contain the outputs of the configuration that was applied completely to this state. For any
    /// other configuration, an output that is missing in the state has no value yet.
    pub fn with_nulls(mut self, declared: &BTreeMap<String, Output>) -> Self {
        for (name, output) in declared {
            let null = || StateOutput { value: Value::Null, sensitive: output.sensitive };
            self.outputs.entry(name.clone()).or_insert_with(null);
        }
        self
    }

    /// Whether it contains objects that a replacement has put aside and could not destroy.
    pub fn has_old_copies(&self) -> bool {
        self.instances.values().any(|one| one.deposed > 0)
    }

    pub fn remembered(&self) -> RecordedState {
        RecordedState { lineage: self.lineage.clone(), serial: self.serial, resources: self.resources }
    }

    /// Address to the id of the current object, if it has an id.
    pub fn ids(&self) -> BTreeMap<String, String> {
        let current = self.instances.iter().filter(|(_, one)| one.current);
        current.filter_map(|(address, one)| Some((address.clone(), one.id.clone()?))).collect()
    }

    /// The error says what is wrong with the text.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let document: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if document["version"] != 4 {
            return Err(format!("its version is {}, not 4", document["version"]));
        }
        let resources = document["resources"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|resource| resource["mode"] == "managed")
            .map(|resource| resource["instances"].as_array().map_or(0, Vec::len) as u64)
            .sum();
        let outputs = document["outputs"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, output)| {
                let sensitive = output["sensitive"] == Value::Bool(true);
                (name.clone(), StateOutput { value: output["value"].clone(), sensitive })
            })
            .collect();
        Ok(Self {
            lineage: document["lineage"].as_str().unwrap_or_default().to_owned(),
            serial: document["serial"].as_u64().unwrap_or_default(),
            resources,
            outputs,
            instances: instances(&document),
            jobs: jobs(&document),
            machines: Machines::in_state(&document),
        })
    }
}

fn jobs(document: &Value) -> Vec<StateJob> {
    let resources = document["resources"].as_array().into_iter().flatten();
    let of_kind = resources.filter(|one| one["mode"] == "managed" && one["type"] == "nomad_job");
    let instances = of_kind.flat_map(|resource| {
        resource["instances"].as_array().into_iter().flatten().map(move |one| (resource, one))
    });
    let current = instances.filter(|(_, one)| !one["deposed"].is_string());
    current
        .filter_map(|(resource, instance)| {
            let attributes = &instance["attributes"];
            let namespace = attributes["namespace"].as_str().filter(|text| !text.is_empty());
            Some(StateJob {
                namespace: namespace.unwrap_or("default").to_owned(),
                id: attributes["id"].as_str()?.to_owned(),
                modify_index: attributes["modify_index"].as_str().and_then(|index| index.parse().ok()),
                address: address(resource, &instance["index_key"]),
                is_purged: attributes["purge_on_destroy"] == true,
                failed: false,
            })
        })
        .collect()
}

/// The properties of the state that the record stores after a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordedState {
    pub lineage: String,
    pub serial: u64,
    pub resources: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateProblem {
    /// There were resources. Now there is no state, or a new state without resources.
    Empty,
    /// The same state, but its resources were removed outside of Eos.
    Emptied,
    /// The state has another origin.
    OtherLineage,
    /// It is older than the state after the last run.
    Older,
}

/// Compares the current state with the recorded one. If nothing is recorded, this is a first run.
pub fn compare(remembered: Option<&RecordedState>, state: Option<&State>) -> Result<(), StateProblem> {
    let Some(remembered) = remembered else {
        return Ok(());
    };
    if remembered.resources == 0 {
        return Ok(());
    }
    match state {
        None => Err(StateProblem::Empty),
        Some(state) if state.lineage != remembered.lineage => match state.resources {
            0 => Err(StateProblem::Empty),
            _ => Err(StateProblem::OtherLineage),
        },
        Some(state) if state.serial < remembered.serial => Err(StateProblem::Older),
        Some(state) if state.resources == 0 => Err(StateProblem::Emptied),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(lineage: &str, serial: u64, resources: u64) -> State {
        State { lineage: lineage.to_owned(), serial, resources, ..State::default() }
    }

    #[test]
    fn the_table_decides_whether_a_state_is_the_expected_one() {
        let last = RecordedState { lineage: "a".to_owned(), serial: 5, resources: 3 };
        let nothing = RecordedState { resources: 0, ..last.clone() };
        let table = [
            (None, None, Ok(())),
            (None, Some(found("a", 1, 2)), Ok(())),
            (Some(&nothing), None, Ok(())),
            (Some(&last), None, Err(StateProblem::Empty)),
            (Some(&last), Some(found("b", 1, 0)), Err(StateProblem::Empty)),
            (Some(&last), Some(found("b", 9, 3)), Err(StateProblem::OtherLineage)),
            (Some(&last), Some(found("a", 4, 3)), Err(StateProblem::Older)),
            (Some(&last), Some(found("a", 8, 0)), Err(StateProblem::Emptied)),
            (Some(&last), Some(found("a", 5, 3)), Ok(())),
        ];
        for (remembered, state, expected) in table {
            assert_eq!(compare(remembered, state.as_ref()), expected, "{remembered:?} {state:?}");
        }
    }

    #[test]
    fn a_state_is_counted_by_managed_instances_and_keeps_huge_numbers() {
        let text = r#"{"version": 4, "lineage": "l", "serial": 7,
            "outputs": {"big": {"value": 1180591620717411303424, "type": "number"}, "s": {"value": "x", "sensitive": true}},
            "resources": [{"mode": "managed", "instances": [{}, {}]}, {"mode": "data", "instances": [{}]}]}"#;
        let state = State::parse(text.as_bytes()).unwrap();
        assert_eq!((state.serial, state.resources), (7, 2));
        assert_eq!(state.outputs["big"].value.to_string(), "1180591620717411303424");
        assert!(state.outputs["s"].sensitive);
        assert_eq!(State::parse(b""), Err("EOF while parsing a value at line 1 column 0".to_owned()));
        assert!(State::parse(json!({"version": 3}).to_string().as_bytes()).is_err());
    }
}
