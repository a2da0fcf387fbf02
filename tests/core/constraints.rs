//! A table of type constraints and values, checked by Eos and by a real terraform.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use eos::model::{Dialect, Source};
use eos::resolve::Modules;
use serde_json::{Value, json};

use crate::support::NoSalt;

/// Constraints, each with values of every kind.
fn table() -> Vec<(&'static str, Vec<Value>)> {
    let scalars = vec![
        json!("text"),
        json!(""),
        json!("5"),
        json!("-1.5e3"),
        json!("0x10"),
        json!(" 5"),
        json!("5 "),
        json!("+5"),
        json!(".5"),
        json!("5."),
        json!("1e"),
        json!("true"),
        json!("false"),
        json!("True"),
        json!("1"),
        json!("0"),
        json!("yes"),
        json!("on"),
        json!(5),
        json!(-1.5),
        json!(true),
        json!(false),
        json!([]),
        json!({}),
        json!([1]),
        json!(null),
        json!("inf"),
        json!("1_000"),
        json!("1p3"),
        json!("1e400"),
        serde_json::from_str("1180591620717411303424").unwrap(),
    ];
    let collections = vec![
        json!([]),
        json!(["a"]),
        json!([1, "a"]),
        json!([true, "a"]),
        json!([[1], [2]]),
        json!([[1], "a"]),
        json!([{}, []]),
        json!({}),
        json!({ "a": 1 }),
        json!({ "a": "x", "b": 2 }),
        json!({ "a": [1], "b": "x" }),
        json!({ "a": { "b": 1 } }),
        json!("text"),
        json!(5),
        json!([null]),
        json!({ "a": null }),
        json!([{ "a": 1 }, { "a": 2 }]),
        json!([{ "a": 1 }, null]),
        json!([{ "a": 1 }, { "b": "x" }]),
        json!([{ "a": 1 }, { "b": [] }]),
        json!([{ "a": [1] }, { "a": ["x", true] }]),
        json!([1, true]),
        json!([1, true, "x"]),
        json!([[1, true], []]),
        json!([null, null]),
        json!({ "a": true, "b": 2.5 }),
        json!({ "a": { "b": 1 }, "c": null }),
        json!({ "a": { "b": 1 }, "c": { "b": [] } }),
        json!({ "a": { "b": 1 }, "c": { "d": "x" } }),
    ];
    let objects = vec![
        json!({}),
        json!({ "name": "x" }),
        json!({ "name": "x", "size": 5 }),
        json!({ "name": "x", "size": "5" }),
        json!({ "name": "x", "size": "five" }),
        json!({ "name": 5, "size": 5, "more": [] }),
        json!({ "name": null, "size": 5 }),
        json!({ "name": ["x"], "size": 5 }),
        json!([]),
        json!("text"),
    ];
    let mut table: Vec<(&'static str, Vec<Value>)> = Vec::new();
    table.extend(["string", "number", "bool", "any"].map(|constraint| (constraint, scalars.clone())));
    table.extend(
        [
            "list(string)",
            "set(string)",
            "map(string)",
            "list(number)",
            "map(number)",
            "list(bool)",
            "list(any)",
            "map(any)",
            "set(any)",
            "list(list(number))",
            "map(map(string))",
            "tuple([string, number])",
            "list(object({ a = number }))",
            "list(list(any))",
            "list(map(any))",
            "set(list(any))",
            "map(list(any))",
            "map(object({ b = any }))",
            "list(object({ a = any }))",
            "set(object({ a = optional(any) }))",
            "list(object({ a = optional(any, \"x\"), b = optional(list(string), [\"y\"]) }))",
            "tuple([any, list(any)])",
            "object({ a = optional(object({ b = optional(number, 1) }), {}) })",
            "list",
            "map",
        ]
        .map(|constraint| (constraint, collections.clone())),
    );
    table.extend(
        [
            "object({ name = string, size = number })",
            "object({ name = string, size = optional(number) })",
            "object({ name = optional(string, \"none\"), size = optional(number, 3) })",
            "object({ name = any, size = bool })",
            "map(any)",
            "object({})",
        ]
        .map(|constraint| (constraint, objects.clone())),
    );
    table
}

type Case = (String, &'static str, Value);

/// Values in one run. Terraform's time grows with the square of the number of errors in one run.
const PER_RUN: usize = 100;

#[test]
fn eos_accepts_the_values_that_terraform_accepts_and_knows_what_terraform_changes_in_them() {
    let Ok(_) = Command::new("terraform").arg("version").env("TF_CLI_CONFIG_FILE", "/dev/null").output()
    else {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "terraform is missing");
        println!("skipped: terraform is missing");
        return;
    };
    let cases: Vec<Case> = table()
        .into_iter()
        .flat_map(|(constraint, values)| values.into_iter().map(move |value| (constraint, value)))
        .enumerate()
        .map(|(index, (constraint, value))| (format!("v{index}"), constraint, value))
        .collect();
    let differing: Vec<_> = cases.chunks(PER_RUN).flat_map(differing).collect();
    assert!(differing.is_empty(), "of {} cases these differ:\n{}", cases.len(), differing.join("\n"));
}

/// The cases of one run in which Eos and terraform disagree.
fn differing(cases: &[Case]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let module: String = cases
        .iter()
        .map(|(name, constraint, _)| format!("variable \"{name}\" {{\n  type = {constraint}\n}}\n"))
        .collect();
    let values: BTreeMap<_, _> = cases.iter().map(|(name, _, value)| (name, value)).collect();
    std::fs::write(folder.path().join("main.tf"), module).unwrap();
    std::fs::write(folder.path().join("v.tfvars.json"), json!(values).to_string()).unwrap();

    let plan = Command::new("terraform")
        .args(["plan", "-json", "-input=false", "-var-file=v.tfvars.json"])
        .current_dir(folder.path())
        .env("TF_CLI_CONFIG_FILE", "/dev/null")
        .env("CHECKPOINT_DISABLE", "1")
        .env("TF_IN_AUTOMATION", "1")
        .output()
        .unwrap();
    let refused = refused(&String::from_utf8(plan.stdout).unwrap());
    assert!(plan.status.success() == refused.is_empty(), "a failure that is about no value");
    let arrived = arrived(cases, &refused);

    let source = Source::Path { root: folder.path().to_owned(), subdir: String::new() };
    let module = Modules::new(&NoSalt).get(&source, None, Dialect::Terraform).unwrap();
    let differ = |(name, constraint, value): &Case| {
        let ours = module.interface.variables[name].constraint.accepts(value);
        let ours = ours.map(|altered| altered.len());
        // The elements of a set have another order.
        let theirs = arrived.get(name).filter(|_| !constraint.contains("set("));
        let theirs = theirs.map(|arrived| alterations(value, arrived));
        let agree = match (&ours, theirs) {
            (Err(_), _) => refused.contains(name),
            (Ok(ours), Some(theirs)) => *ours == theirs,
            (Ok(_), None) => !refused.contains(name),
        };
        (!agree).then(|| format!("{constraint} {value}: ours {ours:?}, Terraform's {theirs:?}"))
    };
    cases.iter().filter_map(differ).collect()
}

/// What Terraform made of the values that it accepts.
fn arrived(cases: &[Case], refused: &BTreeSet<String>) -> BTreeMap<String, Value> {
    let folder = tempfile::tempdir().unwrap();
    let accepted = || cases.iter().filter(|(name, ..)| !refused.contains(name));
    let module: String = accepted()
        .map(|(name, constraint, _)| {
            format!(
                "variable \"{name}\" {{\n  type = {constraint}\n}}\noutput \"{name}\" {{\n  \
                 value = try(jsonencode(var.{name}), \"\")\n}}\n"
            )
        })
        .collect();
    let values: BTreeMap<_, _> = accepted().map(|(name, _, value)| (name, value)).collect();
    std::fs::write(folder.path().join("main.tf"), module).unwrap();
    std::fs::write(folder.path().join("v.tfvars.json"), json!(values).to_string()).unwrap();
    let terraform = |arguments: &[&str]| {
        let done = Command::new("terraform")
            .args(arguments)
            .current_dir(folder.path())
            .env("TF_CLI_CONFIG_FILE", "/dev/null")
            .env("CHECKPOINT_DISABLE", "1")
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        done.stdout
    };
    terraform(&["apply", "-auto-approve", "-input=false", "-var-file=v.tfvars.json"]);
    let outputs: Value = serde_json::from_slice(&terraform(&["output", "-json"])).unwrap();
    let encoded = outputs.as_object().unwrap().iter();
    // JSON has no infinity.
    let encoded = encoded.filter(|(_, output)| output["value"] != "");
    encoded
        .map(|(name, output)| {
            (name.clone(), serde_json::from_str(output["value"].as_str().unwrap()).unwrap())
        })
        .collect()
}

/// How many booleans and numbers became texts, and how many attributes are gone.
fn alterations(given: &Value, arrived: &Value) -> usize {
    match (given, arrived) {
        (Value::Bool(_) | Value::Number(_), Value::String(_)) => 1,
        (Value::Array(given), Value::Array(arrived)) => {
            given.iter().zip(arrived).map(|(given, arrived)| alterations(given, arrived)).sum()
        }
        (Value::Object(given), Value::Object(arrived)) => {
            let one = |(name, given)| arrived.get(name).map_or(1, |arrived| alterations(given, arrived));
            given.iter().map(one).sum()
        }
        _ => 0,
    }
}

/// The variables whose values terraform's diagnostics refuse.
fn refused(stream: &str) -> BTreeSet<String> {
    let messages = stream.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let errors = messages.filter(|message| message["diagnostic"]["severity"] == "error");
    errors
        .map(|message| {
            let detail = message["diagnostic"]["detail"].as_str().unwrap();
            let name = detail.split_once("var.").expect("every complaint is about a value").1;
            name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap().to_owned()
        })
        .collect()
}
