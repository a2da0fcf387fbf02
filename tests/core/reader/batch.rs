//! Modules that one terraform validates together, because its start takes longer than a module.

use std::collections::BTreeSet;
use std::path::Path;

use eos::resolve::{Examination, examine};
use serde_json::Value;

use super::generate::Files;
use super::oracle;

/// A root module that calls the modules m0, m1 and so on.
pub struct Batch(tempfile::TempDir);

impl Batch {
    pub fn new(modules: &[Files]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        oracle::write(folder.path(), modules);
        Self(folder)
    }

    pub fn examined(&self, index: usize) -> Examination {
        examine(&oracle::read_one(self.0.path(), index)).unwrap()
    }

    /// The modules that terraform refuses: first those that it cannot load, then those of the others that are not valid.
    pub fn refused(&self, count: usize) -> BTreeSet<usize> {
        // The values of variables that the damage has left without a default.
        let mut given = BTreeSet::<(usize, String)>::new();
        let write = |indices: &BTreeSet<usize>, given: &BTreeSet<(usize, String)>| {
            let call = |index: &usize| {
                let given = given.iter().filter(|(of, _)| of == index);
                let given: String = given.map(|(_, name)| format!("  {name} = null\n")).collect();
                format!("module \"m{index}\" {{\n  source = \"./m{index}\"\n{given}}}\n")
            };
            std::fs::write(self.0.path().join("main.tf"), indices.iter().map(call).collect::<String>())
                .unwrap();
        };
        let all: BTreeSet<_> = (0..count).collect();
        write(&all, &given);
        let (_, said) = oracle::terraform(self.0.path(), &["init", "-json"]).unwrap();
        let mut refused: BTreeSet<_> = said
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .filter_map(|line: Value| of(&line["diagnostic"]))
            .collect();
        // A fault such as a cycle hides those of other modules.
        loop {
            write(&all.difference(&refused).copied().collect(), &given);
            let (well, said) = oracle::terraform(self.0.path(), &["init", "-no-color"]).unwrap();
            if !well {
                // The damage can name a provider that does not exist.
                let found: Vec<_> =
                    said.split("hashicorp/").skip(1).flat_map(|rest| self.with(&all, word(rest))).collect();
                assert!(!found.iter().all(|index| refused.contains(index)), "{said}");
                refused.extend(found);
                continue;
            }
            let (_, said) = oracle::terraform(self.0.path(), &["validate", "-json"]).unwrap();
            let said: Value = serde_json::from_str(&said).unwrap();
            let (refused_before, given_before) = (refused.len(), given.len());
            for diagnostic in said["diagnostics"].as_array().unwrap() {
                // A call without an argument hides all that is wrong in its module.
                refused.extend(of(diagnostic));
                match (called(diagnostic), lacks(diagnostic)) {
                    (Some(index), Some(name)) => drop(given.insert((index, name))),
                    // It has no value that the variable takes.
                    (Some(index), None) => drop(refused.insert(index)),
                    (None, _) if diagnostic["range"].is_null() => {
                        // It can also name a provisioner that does not exist.
                        let name = diagnostic["detail"].as_str().and_then(|detail| detail.split('"').nth(1));
                        refused.extend(name.into_iter().flat_map(|name| self.with(&all, name)));
                    }
                    (None, _) => {}
                }
            }
            if (refused.len(), given.len()) == (refused_before, given_before) {
                return refused;
            }
        }
    }

    /// The modules that have this name in their text.
    fn with(&self, all: &BTreeSet<usize>, name: &str) -> Vec<usize> {
        all.iter().filter(|index| self.text(**index).contains(name)).copied().collect()
    }

    pub fn text(&self, index: usize) -> String {
        let text = |path: &Path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        let files = std::fs::read_dir(self.0.path().join(format!("m{index}"))).unwrap();
        files.map(|file| text(&file.unwrap().path())).collect()
    }
}

/// The number of the module that an error is about.
fn of(diagnostic: &Value) -> Option<usize> {
    let file = diagnostic["range"]["filename"].as_str().filter(|_| diagnostic["severity"] == "error")?;
    file.strip_prefix('m')?.split('/').next()?.parse().ok()
}

fn word(text: &str) -> &str {
    text.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default()
}

/// The number of the module whose call an error is about.
fn called(diagnostic: &Value) -> Option<usize> {
    let call = diagnostic["snippet"]["context"].as_str().filter(|_| diagnostic["severity"] == "error")?;
    let is_call = diagnostic["range"]["filename"] == "main.tf";
    call.strip_prefix("module \"m")?.strip_suffix('"')?.parse().ok().filter(|_| is_call)
}

/// The argument that a call lacks.
fn lacks(diagnostic: &Value) -> Option<String> {
    let detail = diagnostic["detail"].as_str().filter(|detail| detail.contains("is required"))?;
    Some(detail.split('"').nth(1)?.to_owned())
}
