//! The entry of a service in the pillar that describes a job: what keys can say, and the rest below `job`.

use serde_json::{Map, Value, json};

use super::fields::{put, text};

/// Drivers whose command is a key of the service. The key for the command alone means the first of them.
const COMMANDS: [&str; 2] = ["raw_exec", "exec"];

/// None if the job has another form than a generated one: a group and a task with the name of the job.
///
/// `registered` is the job as Nomad has it. `tree` is what a person has written, in the names of Nomad's language.
pub fn entry(registered: &Value, tree: &Map<String, Value>) -> Option<Map<String, Value>> {
    let name = registered["ID"].as_str()?;
    let named = |list: &Value| list.as_array()?.iter().find(|one| one["Name"] == name).cloned();
    let group = named(&registered["TaskGroups"])?;
    let task = named(&group["Tasks"])?;
    let mut entry = Map::new();
    let kind = text(registered, "Type").unwrap_or("service");
    if kind != "service" {
        entry.insert("type".to_owned(), kind.into());
    }
    placement(&mut entry, registered);
    if !tree.contains_key("datacenters") {
        entry.remove("datacenters");
    }
    runs(&mut entry, &task);
    if !matches!(kind, "system" | "sysbatch") {
        entry.insert("replicas".to_owned(), group["Count"].clone());
    }
    let resources = &task["Resources"];
    put(&mut entry, "cpu", Some(resources["CPU"].clone()));
    put(&mut entry, "memory", Some(resources["MemoryMB"].clone()));
    put(&mut entry, "env", Some(task["Env"].clone()).filter(|env| !crate::empty::is_empty(env)));
    entry.insert("job".to_owned(), rest(name, tree).into());
    Some(entry)
}

/// The entry of a service whose job is in a template of the user.
pub fn of_a_template(registered: &Value, template: &str) -> Map<String, Value> {
    let mut entry = Map::from_iter([("template".to_owned(), template.into())]);
    placement(&mut entry, registered);
    entry
}

fn placement(entry: &mut Map<String, Value>, registered: &Value) {
    put(entry, "namespace", text(registered, "Namespace").map(Value::from));
    put(entry, "datacenters", Some(registered["Datacenters"].clone()).filter(Value::is_array));
}

fn runs(entry: &mut Map<String, Value>, task: &Value) {
    let driver = text(task, "Driver").unwrap_or_default();
    let mut config = task["Config"].as_object().cloned().unwrap_or_default();
    let keys: &[&str] = match driver {
        "docker" if config.contains_key("image") => &["image"],
        one if COMMANDS.contains(&one) && config.contains_key("command") => &["command", "args"],
        _ => &[],
    };
    let is_implied = !keys.is_empty() && driver != COMMANDS[1];
    put(entry, "driver", (!is_implied).then(|| driver.into()));
    for key in keys {
        put(entry, key, config.remove(*key));
    }
    put(entry, "config", (!config.is_empty()).then(|| config.into()));
}

/// What the keys above do not say. The job keeps its own `meta`: that of Eos would restart its tasks.
fn rest(name: &str, tree: &Map<String, Value>) -> Map<String, Value> {
    let mut job = tree.clone();
    for key in ["type", "namespace", "region"] {
        job.remove(key);
    }
    // To the provider, no datacenters are not the same as all of them.
    if job.remove("datacenters").is_none() {
        job.insert("datacenters".to_owned(), Value::Null);
    }
    match job.remove("meta") {
        Some(meta) => job.insert("meta!".to_owned(), meta),
        None => job.insert("meta".to_owned(), Value::Null),
    };
    within(&mut job, &["group", name], &["count"]);
    let task = ["group", name, "task", name];
    within(&mut job, &task, &["driver", "config"]);
    no_env(&mut job, &task);
    within(&mut job, &["group", name, "task", name, "resources"], &["cpu", "memory"]);
    let mut job = json!(job);
    prune(&mut job);
    job.as_object().cloned().unwrap_or_default()
}

/// A generated task always has an environment. None is not the same as an empty one.
fn no_env(job: &mut Map<String, Value>, task: &[&str]) {
    let Some((first, rest)) = task.split_first() else {
        if job.remove("env").is_none() {
            job.insert("env".to_owned(), Value::Null);
        }
        return;
    };
    if let Some(Value::Object(inner)) = job.get_mut(*first) {
        no_env(inner, rest);
    }
}

fn within(job: &mut Map<String, Value>, path: &[&str], keys: &[&str]) {
    let Some((first, rest)) = path.split_first() else {
        keys.iter().for_each(|key| drop(job.remove(*key)));
        return;
    };
    if let Some(Value::Object(inner)) = job.get_mut(*first) {
        within(inner, rest, keys);
    }
}

/// Removes the blocks of the generated job about which nothing is left to say.
fn prune(job: &mut Value) {
    for key in ["resources", "task", "group"] {
        let Value::Object(map) = job else { return };
        for inner in map.values_mut() {
            prune(inner);
        }
        let Some(Value::Object(inner)) = map.get_mut(key) else { continue };
        if key != "resources" {
            inner.retain(|_, body| body.as_object().is_none_or(|body| !body.is_empty()));
        }
        if inner.is_empty() {
            map.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::*;

    fn job(group: &str) -> Value {
        json!({
            "ID": "web", "Name": "web", "Type": "service", "Namespace": "default", "Datacenters": ["dc1"], "Meta": null,
            "Priority": 70,
            "TaskGroups": [{ "Name": group, "Count": 2, "Tasks": [{
                "Name": "web", "Driver": "raw_exec", "Config": { "command": "sleep", "args": ["9"] },
                "Env": { "A": "b" }, "Resources": { "CPU": 20, "MemoryMB": 32 },
            }] }],
        })
    }

    #[test]
    fn keys_say_what_they_can_and_the_rest_is_below_job() {
        let expected = json!({
            "namespace": "default", "datacenters": ["dc1"], "command": "sleep", "args": ["9"], "replicas": 2,
            "cpu": 20, "memory": 32, "env": { "A": "b" }, "job": { "meta": null, "priority": 70 },
        });
        assert_eq!(Value::from(entry(&job("web"), &tree(&job("web"))).unwrap()), expected);
    }

    #[test]
    fn a_job_whose_group_has_another_name_is_not_described_by_keys() {
        assert_eq!(entry(&job("servers"), &tree(&job("servers"))), None);
    }
}
