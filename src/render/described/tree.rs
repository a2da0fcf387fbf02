//! A job of Nomad's API in the names of its language: mappings for blocks and their labels.

use serde_json::{Map, Value};

use super::fields::{folded, list, put, text};
use super::names::{in_language, is_absent, is_free, is_time, is_unset_if_zero};
use crate::empty::is_empty;

/// Blocks with a label: the list in the API, and the field with the label.
const LABELLED: [(&str, &str); 6] = [
    ("Actions", "Name"),
    ("Devices", "Name"),
    ("SpreadTarget", "Value"),
    ("TaskGroups", "Name"),
    ("Tasks", "Name"),
    ("Volumes", "Name"),
];

/// The whole job, without its own name.
pub fn tree(job: &Value) -> Map<String, Value> {
    let mut tree = block(job, "");
    // Only a name that differs from the id was written.
    if let Some(name) = text(job, "Name").filter(|name| Some(*name) != job["ID"].as_str()) {
        tree.insert("name".to_owned(), name.into());
    }
    tree
}

/// `kind` is the name of the field that has this block.
fn block(node: &Value, kind: &str) -> Map<String, Value> {
    let mut map = Map::new();
    for (key, value) in node.as_object().into_iter().flatten() {
        if is_absent(key) || is_empty(value) || (is_unset_if_zero(key) && is_zero(value)) {
            continue;
        }
        let own = match (kind, key.as_str()) {
            ("Periodic", "Spec") => "cron".to_owned(),
            // Nomad fills it in, with that of the job.
            ("Services", "Namespace") => continue,
            // Nomad gives this one to every task.
            (_, "Identity")
                if value["Name"] == "default" && value["Env"] != true && value["File"] != true =>
            {
                continue;
            }
            _ => in_language(key),
        };
        put(&mut map, &own, said(key, value));
    }
    // A registration, a check and an identity have their name inside.
    if matches!(kind, "Services" | "Checks" | "Identities" | "Identity" | "Secrets") {
        put(&mut map, "name", text(node, "Name").map(Value::from));
    }
    if kind == "Networks" {
        put(&mut map, "port", ports(node));
    }
    map
}

fn said(key: &str, value: &Value) -> Option<Value> {
    if let Some((_, label)) = LABELLED.iter().find(|(kind, _)| *kind == key) {
        return labelled(key, value, label);
    }
    match value {
        Value::Object(_) if is_free(key) => Some(value.clone()),
        Value::Object(_) => Some(block(value, key).into()),
        Value::Array(items) if items.iter().all(Value::is_object) => {
            folded(items.iter().map(|item| block(item, key).into()).collect())
        }
        Value::Number(number) if is_time(key) => Some(number.as_i64().map_or_else(|| value.clone(), time)),
        other => Some(other.clone()),
    }
}

fn labelled(key: &str, value: &Value, label: &str) -> Option<Value> {
    // The volumes of a group are a mapping already.
    let items: Vec<_> = match value {
        Value::Object(map) => map.values().collect(),
        other => other.as_array().into_iter().flatten().collect(),
    };
    let one = |item: &&Value| Some((text(item, label)?.to_owned(), without(block(item, key), label).into()));
    Some(items.iter().filter_map(one).collect::<Map<_, _>>().into())
}

fn without(mut block: Map<String, Value>, label: &str) -> Map<String, Value> {
    block.remove(&in_language(label));
    block
}

fn ports(network: &Value) -> Option<Value> {
    let fields = [("Value", "static"), ("To", "to")];
    let all: Map<String, Value> = ["ReservedPorts", "DynamicPorts"]
        .into_iter()
        .flat_map(|key| list(network, key).map(move |port| (key, port)))
        .filter_map(|(kind, port)| {
            let mut block = Map::new();
            for (field, own) in fields {
                // The number of a dynamic port is chosen for each allocation.
                let is_set = !is_zero(&port[field]) && (kind == "ReservedPorts" || field != "Value");
                put(&mut block, own, is_set.then(|| port[field].clone()));
            }
            let network = text(port, "HostNetwork").filter(|network| *network != "default");
            put(&mut block, "host_network", network.map(Value::from));
            put(&mut block, "ignore_collision", (port["IgnoreCollision"] == true).then(|| true.into()));
            Some((text(port, "Label")?.to_owned(), block.into()))
        })
        .collect();
    (!all.is_empty()).then(|| all.into())
}

fn is_zero(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(false)) || value.as_i64() == Some(0)
}

/// Nanoseconds as Nomad's language writes them.
fn time(nanoseconds: i64) -> Value {
    let units = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us"), (1, "ns")];
    let unit = units.into_iter().find(|(unit, _)| nanoseconds % unit == 0);
    unit.map_or_else(|| nanoseconds.into(), |(unit, word)| format!("{}{word}", nanoseconds / unit).into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn blocks_with_labels_ports_times_and_free_names_have_their_form() {
        let job = json!({
            "ID": "web", "Name": "web", "Type": "service", "Status": "running", "Meta": { "Own-Name": "x" },
            "TaskGroups": [{
                "Name": "g", "Count": 0, "ShutdownDelay": 1_500_000_000,
                "RestartPolicy": { "Attempts": 0, "Interval": 60_000_000_000_i64, "Mode": null },
                "Networks": [{ "DynamicPorts": [{ "Label": "http", "To": 80, "Value": 0 }],
                    "ReservedPorts": [{ "Label": "admin", "Value": 99, "HostNetwork": "default" }] }],
                "Services": [{ "Name": "web", "PortLabel": "http",
                    "Checks": [{ "Name": "up", "Type": "tcp", "Interval": 1_000_000_000, "Expose": false }] }],
                "Tasks": [{ "Name": "t", "Driver": "raw_exec", "Config": { "command": "sleep" },
                    "Constraints": [{ "LTarget": "${attr.a}", "RTarget": "b", "Operand": "=" }, { "LTarget": "c" }] }],
            }],
            "Spreads": [{ "Attribute": "a", "SpreadTarget": [{ "Value": "r1", "Percent": 70 }] }],
        });
        let expected = json!({
            "type": "service", "meta": { "Own-Name": "x" },
            "group": { "g": {
                "count": 0, "shutdown_delay": "1500ms", "restart": { "attempts": 0, "interval": "60s" },
                "network": { "port": { "http": { "to": 80 }, "admin": { "static": 99 } } },
                "service": { "name": "web", "port": "http",
                    "check": { "name": "up", "type": "tcp", "interval": "1s" } },
                "task": { "t": { "driver": "raw_exec", "config": { "command": "sleep" },
                    "constraint": [{ "attribute": "${attr.a}", "value": "b", "operator": "=" }, { "attribute": "c" }] } },
            } },
            "spread": { "attribute": "a", "target": { "r1": { "percent": 70 } } },
        });
        assert_eq!(Value::from(tree(&job)), expected);
    }
}
