//! Reads many modules with one terraform: a plan's configuration contains the declarations of each module.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use eos::model::{Constraint, Dialect, Interface, Source};
use eos::resolve::{Module, Modules, examine};
use serde_json::Value;

use super::generate::Files;
use crate::support::NoSalt;

pub fn has_terraform() -> Option<()> {
    if terraform(Path::new("/"), &["version"]).is_ok() {
        return Some(());
    }
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "terraform is missing");
    println!("skipped: terraform is missing");
    None
}

/// Writes each module into its own folder: m0, m1 and so on.
pub fn write(folder: &Path, modules: &[Files]) {
    for (index, files) in modules.iter().enumerate() {
        let child = folder.join(format!("m{index}"));
        std::fs::create_dir(&child).unwrap();
        for (name, bytes) in files {
            std::fs::write(child.join(name), bytes).unwrap();
        }
    }
}

/// One of these modules, as Eos reads it.
pub fn read_one(folder: &Path, index: usize) -> Arc<Module> {
    let source = Source::Path { root: folder.join(format!("m{index}")), subdir: String::new() };
    Modules::new(&NoSalt).get(&source, None, Dialect::Terraform).unwrap()
}

/// The differences between Eos and terraform, each with its module.
pub fn differing(modules: &[Files]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let mut root = String::new();
    let mut read = Vec::new();
    write(folder.path(), modules);
    for index in 0..modules.len() {
        let module = read_one(folder.path(), index);
        root.push_str(&call(index, &module.interface));
        read.push(module);
    }
    std::fs::write(folder.path().join("main.tf"), root).unwrap();
    let told = |words: &[&str]| terraform(folder.path(), words).unwrap();
    for words in [&["init", "-no-color"][..], &["plan", "-no-color", "-out=plan"]] {
        let (well, text) = told(words);
        assert!(well, "{words:?}: terraform refuses what we read, or what was generated:\n{text}");
    }
    let (_, shown) = told(&["show", "-json", "plan"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let calls = &shown["configuration"]["root_module"]["module_calls"];
    let one = |(index, module): (usize, &Arc<Module>)| {
        let theirs = theirs(&calls[format!("m{index}")]["module"]);
        let ours = ours(&module.interface);
        let told = format!("{:?}", module.interface.notes);
        let files: Vec<_> = modules[index]
            .iter()
            .map(|(name, bytes)| format!("{name}:\n{}", String::from_utf8_lossy(bytes)))
            .collect();
        let faults = examine(module).unwrap().faults;
        (ours != theirs || !are_expected(&module.interface) || !faults.is_empty()).then(|| {
            let files = files.join("\n");
            format!("ours {ours:?}\ntheirs {theirs:?}\nnotes {told}\nfaults {faults:?}\n{files}")
        })
    };
    read.iter().enumerate().filter_map(one).collect()
}

/// Eos may not understand only one generated construct: a type with a key twice in a default.
fn are_expected(interface: &Interface) -> bool {
    !interface.incomplete && interface.notes.iter().all(|note| note.contains("cannot read the type"))
}

/// Gives a value to every variable that Eos found. If Eos found one too many or too few, terraform refuses.
fn call(index: usize, interface: &Interface) -> String {
    let required = interface.variables.iter().filter(|(_, variable)| !variable.has_default);
    let is_unread = |name: &str| interface.notes.iter().any(|note| note.contains(&format!("{name:?}")));
    let value = |name: &str, constraint: &Constraint| match constraint {
        Constraint::Any | Constraint::String if !is_unread(name) => "\"1\"",
        _ => "null",
    };
    let given = required.map(|(name, one)| format!("  {name} = {}\n", value(name, &one.constraint)));
    format!("module \"m{index}\" {{\n  source = \"./m{index}\"\n{}}}\n", given.collect::<String>())
}

/// From kind and name to two flags: whether there is a default, and whether it is sensitive.
type Declared = BTreeMap<(&'static str, String), (bool, bool)>;

fn ours(interface: &Interface) -> Declared {
    let variables = interface.variables.iter();
    let variables =
        variables.map(|(name, one)| (("variable", name.clone()), (one.has_default, one.sensitive)));
    let outputs =
        interface.outputs.iter().map(|(name, one)| (("output", name.clone()), (false, one.sensitive)));
    variables.chain(outputs).collect()
}

fn theirs(module: &Value) -> Declared {
    let entries = |key: &str| module[key].as_object().cloned().unwrap_or_default();
    let variables = entries("variables")
        .into_iter()
        .map(|(name, one)| (("variable", name), (one.get("default").is_some(), one["sensitive"] == true)));
    let outputs = entries("outputs")
        .into_iter()
        .map(|(name, one)| (("output", name), (false, one["sensitive"] == true)));
    variables.chain(outputs).collect()
}

pub fn terraform(folder: &Path, words: &[&str]) -> std::io::Result<(bool, String)> {
    let output = Command::new("terraform")
        .args(words)
        .current_dir(folder)
        .env("TF_CLI_CONFIG_FILE", "/dev/null")
        .env("CHECKPOINT_DISABLE", "1")
        .env("TF_IN_AUTOMATION", "1")
        .output()?;
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Ok((output.status.success(), text))
}
