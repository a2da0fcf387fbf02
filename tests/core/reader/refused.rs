//! `validate` refuses a module only if Terraform certainly does, and says what it did not understand.

use eos::resolve::Examination;
use serde_json::{Value, json};

use super::batch::Batch;
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
