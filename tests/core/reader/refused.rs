//! `validate` refuses a module only if Terraform certainly does, and says what it did not understand.

use std::collections::BTreeSet;
use std::path::Path;

use eos::resolve::{Examination, examine};
use serde_json::{Value, json};

use super::generate::{self, Files};
use super::oracle;
use crate::support::Site;
use crate::support::draw::{self, Draw};

fn validated(main: &str) -> (Value, String) {
    let mut site = Site::new();
    site.component("a", main, json!({}));
    let report = site.run("validate", json!({}));
    let text = eos::view::text(&report, false);
    (report, text)
}

#[test]
fn a_module_that_terraform_cannot_accept_is_refused_with_its_place() {
    for (main, parts) in [
        (
            "variable \"v\" {\n  default = 1\n}\noutput \"o\" {\n  value = (1\n}\n",
            &["main.tf, line 4", "syntax"][..],
        ),
        ("output \"a\" { value = nope.x }\n", &["main.tf, line 1", "value reads nope.x"]),
        (
            "variable \"port\" { default = 1 }\nlocals { a = [var.prot] }\n",
            &["var.prot", "did you mean var.port?"],
        ),
        ("hello world\n", &["main.tf, line 1", "syntax"]),
    ] {
        let (report, text) = validated(main);
        assert_eq!((&report["result"], &report["retcode"]), (&json!(false), &json!(1)), "{report:#}");
        assert_eq!(report["components"]["a"]["reason"], "module_invalid", "{report:#}");
        for part in parts {
            assert!(text.contains(part), "{part:?} is not in:\n{text}");
        }
        assert!(
            !text.contains("all is well") && text.contains("infrastructure.plan staging components=a"),
            "{text}"
        );
    }
}

#[test]
fn what_could_not_be_checked_is_named_in_the_headline_with_the_command_that_checks_it() {
    for main in [
        "output \"a\" { value = 1 + }\n",
        "variable \"v\" { type = object({ a = optional(map(any), { x = 1, x = 2 }) }) }\noutput \"a\" { value = 1 }\n",
    ] {
        let mut site = Site::new();
        site.component("a", main, json!({ "variables": { "v": {} } }));
        if !main.contains("\"v\"") {
            site.component("a", main, json!({}));
        }
        let report = site.run("validate", json!({}));
        assert_eq!((&report["result"], &report["unchecked"]), (&json!(true), &json!(["a"])), "{report:#}");
        let text = eos::view::text(&report, false);
        for part in [
            "not all was checked (a)",
            "main.tf, line 1",
            "salt-run infrastructure.plan staging components=a",
        ] {
            assert!(text.contains(part), "{part:?} is not in:\n{text}");
        }
        assert!(!text.contains("all is well"), "{text}");
    }
}

#[test]
fn a_module_that_was_understood_is_well() {
    let (report, text) = validated("output \"a\" { value = [for nope in [{ x = path.module }] : nope.x] }\n");
    assert_eq!(report["result"], true, "{report:#}");
    assert!(text.starts_with("staging: all is well") && report["unchecked"].is_null(), "{text}");
}

/// A root module that calls the modules m0, m1 and so on.
struct Batch(tempfile::TempDir);

impl Batch {
    fn new(modules: &[Files]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        oracle::write(folder.path(), modules);
        Self(folder)
    }

    fn examined(&self, index: usize) -> Examination {
        examine(&oracle::read_one(self.0.path(), index)).unwrap()
    }

    /// The modules that terraform refuses: first those that it cannot load, then those of the others that are not valid.
    fn refused(&self, count: usize) -> BTreeSet<usize> {
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

    fn text(&self, index: usize) -> String {
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

const DECLARED: &str = "variable \"v\" { default = { x = 1 } }\nlocals { l = var.v }\n\
                        resource \"terraform_data\" \"r\" { input = local.l }\n";

fn reference(draw: &mut Draw) -> String {
    let reference = draw.one_of(&[
        "var.v",
        "var.v.x",
        "local.l",
        "local.l.x",
        "terraform_data.r.output",
        "resource.terraform_data.r.id",
        "path.module",
        "terraform.workspace",
        "{ nope = 1 }",
        "1",
        "null",
        "terraform_data.r",
        "nope.x",
        "nope.x[0].y",
        "var.nope",
        "local.nope",
        "module.nope.x",
        "data.t.n.x",
        "terraform_data.nope.id",
        "resource.terraform_data.q.id",
        "nope",
        "try(nope.x, 1)",
    ]);
    let around = draw.one_of(&[
        "@",
        "[@]",
        "{ a = @ }",
        "{ (jsonencode(@)) = 1 }",
        "try(@, 1)",
        "\"${jsonencode(@)}\"",
        "true ? @ : @",
        "[for x in [@] : x]",
        "[for nope in [{ x = [{ y = 1 }] }] : @]",
        "[@][0]",
        "@ == 1",
        "!can(@)",
        "{ for k, nope in { a = { x = [{ y = 1 }] } } : k => @ }",
        "[1][jsonencode(@) == \"\" ? 0 : 0]",
        "\"%{ for nope in [{ x = [{ y = 1 }] }] }${jsonencode(@)}%{ endfor }\"",
        "<<E\n${jsonencode(@)}\nE\n",
        "[for nope in [{ x = [{ y = 1 }] }] : nope if @ == 1]",
        "\"%{ if jsonencode(@) == \"\" }a%{ else }b%{ endif }\"",
    ]);
    let value = around.replace('@', reference);
    let end = if value.ends_with('\n') { "" } else { "\n" };
    match draw.below(3) {
        0 => format!("output \"o\" {{\n  value = {value}{end}}}\n"),
        1 => format!("locals {{\n  unused = {value}{end}}}\n"),
        _ => format!("resource \"terraform_data\" \"x\" {{\n  count = 0\n  input = {value}{end}}}\n"),
    }
}

/// The number of modules that one terraform reads together.
const BATCH: usize = 60;

#[test]
fn undeclared_references_are_judged_as_terraform_judges_them() {
    let Some(()) = oracle::has_terraform() else { return };
    let seed = draw::number("SEED", draw::fresh_seed());
    let mut draw = Draw::new(seed, 0);
    let modules: Vec<Files> = (0..BATCH)
        .map(|_| vec![("main.tf".to_owned(), (DECLARED.to_owned() + &reference(&mut draw)).into_bytes())])
        .collect();
    let batch = Batch::new(&modules);
    let refused = batch.refused(BATCH);
    for index in 0..BATCH {
        let Examination { faults, unchecked } = batch.examined(index);
        let agrees = unchecked.is_empty() && faults.is_empty() != refused.contains(&index);
        assert!(agrees, "SEED={seed}: {faults:?} {unchecked:?}\n{}", batch.text(index));
    }
}

#[test]
fn nothing_is_refused_that_terraform_accepts_in_damaged_modules() {
    let Some(()) = oracle::has_terraform() else { return };
    let seed = draw::number("SEED", draw::fresh_seed());
    let mut draw = Draw::new(seed, 0);
    let modules: Vec<_> = (0..BATCH).map(|_| damaged(&mut draw)).collect();
    let batch = Batch::new(&modules);
    let refused = batch.refused(BATCH);
    for index in 0..BATCH {
        let faults = batch.examined(index).faults;
        let agrees = faults.is_empty() || refused.contains(&index);
        assert!(agrees, "SEED={seed}: {faults:?}\n{}", batch.text(index));
    }
}

/// A generated module in which one piece of a file is missing, or one is too many.
fn damaged(draw: &mut Draw) -> Files {
    let mut files = generate::module(draw);
    let file = draw.below(files.len() as u64) as usize;
    let text = &mut files[file].1;
    let at = draw.below(text.len() as u64 + 1) as usize;
    match draw.below(3) {
        0 => text.truncate(at),
        1 => drop(text.drain(at..text.len().min(at + 1 + draw.below(4) as usize))),
        _ => {
            let piece = draw.one_of(&[
                "}", "{", "(", ")", "\"", "\n", "=", ",", "nope.x", " x ", "${", "]", "\\", "<<E\n",
            ]);
            text.splice(at..at, piece.bytes());
        }
    }
    files
}
