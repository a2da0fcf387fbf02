//! The values that a module itself gives to its variables: the defaults, and its own tfvars files.

use std::collections::BTreeMap;

use serde_json::Value;

use super::block::Argument;
use super::interface::is_own_tfvars;
use super::json::Json;
use super::module::Module;
use super::{body, document, syntax};

/// Variable to value. A value that the reader of Eos cannot evaluate is missing.
#[derive(Debug, Default)]
pub struct ModuleValues {
    pub defaults: BTreeMap<String, Value>,
    pub preset: BTreeMap<String, Value>,
}

pub fn values(module: &Module) -> ModuleValues {
    syntax::with_room(|| ModuleValues { defaults: defaults(module), preset: preset(module) })
        .unwrap_or_default()
}

/// The block of an override file comes last, and its default counts.
fn defaults(module: &Module) -> BTreeMap<String, Value> {
    let document = document::read(&module.files, &module.subdir).unwrap_or_default();
    let mut defaults = BTreeMap::new();
    for block in document.blocks.iter().filter(|block| block.kind == "variable" && !block.broken) {
        let Some(argument) = block.arguments.get("default") else { continue };
        match value(argument) {
            Some(value) => drop(defaults.insert(block.label().to_owned(), value)),
            None => drop(defaults.remove(block.label())),
        }
    }
    defaults
}

/// As Terraform reads them: `terraform.tfvars`, then all others in the order of their names.
fn preset(module: &Module) -> BTreeMap<String, Value> {
    let mut files: Vec<_> = document::in_folder(&module.files, &module.subdir).collect();
    files.sort_by_key(|(name, _)| (!name.starts_with("terraform.tfvars"), (*name).to_owned()));
    let mut preset = BTreeMap::new();
    for (name, file) in files {
        let Ok(text) = document::bytes(file) else { continue };
        if is_own_tfvars(name, ".tfvars") {
            let (body, _) = body::read(&text);
            let known = body.arguments.into_iter();
            preset.extend(known.filter_map(|(name, piece)| Some((name, value(&Argument::Native(piece))?))));
        } else if is_own_tfvars(name, ".tfvars.json")
            && let Ok(Value::Object(values)) = serde_json::from_slice(&text)
        {
            preset.extend(values);
        }
    }
    preset
}

fn value(argument: &Argument) -> Option<Value> {
    match argument {
        Argument::Native(piece) => syntax::constant(&syntax::expression(piece)?),
        Argument::Json(json) => of_json(json),
    }
}

fn of_json(json: &Json) -> Option<Value> {
    match json {
        Json::Text(text) => (!text.contains("${") && !text.contains("%{")).then(|| text.as_str().into()),
        Json::Flag(flag) => Some((*flag).into()),
        Json::List(items) => items.iter().map(of_json).collect(),
        Json::Map(entries) => entries
            .iter()
            .map(|(key, json)| Some((key.clone(), of_json(json)?)))
            .collect::<Option<serde_json::Map<_, _>>>()
            .map(Value::Object),
        Json::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::super::module::{Content, ModuleFile};
    use super::*;

    #[test]
    fn the_values_of_a_module_are_those_that_terraform_would_use() {
        let files = [
            ("main.tf", "variable \"a\" { default = 1 }\nvariable \"b\" { default = { x = [\"y\"] } }\n"),
            ("more.tf.json", r#"{ "variable": { "c": { "default": "text" }, "d": { "default": "${x}" } } }"#),
            ("main_override.tf", "variable \"a\" { default = 2 }\nvariable \"e\" { default = max(1, 2) }\n"),
            ("terraform.tfvars", "a = 3\nb = null\n"),
            ("z.auto.tfvars.json", r#"{ "a": 4 }"#),
            ("other.tfvars", "a = 5\n"),
        ];
        let files = files.map(|(path, text)| ModuleFile {
            path: path.to_owned(),
            content: Content::Text(text.to_owned()),
            executable: false,
            is_configuration: path.contains(".tf") && !path.contains("tfvars"),
            sha256: String::new(),
        });
        let module = Module { interface: Arc::default(), subdir: String::new(), files: files.into() };
        let ModuleValues { defaults, preset } = values(&module);
        assert_eq!(json!(defaults), json!({ "a": 2, "b": { "x": ["y"] }, "c": "text" }));
        assert_eq!(json!(preset), json!({ "a": 4, "b": null }));
    }
}
