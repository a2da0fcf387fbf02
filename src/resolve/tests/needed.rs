//! Which variables a destroy needs.

use super::*;
use crate::resolve::needed_to_destroy;

fn names(files: &[(&str, &str)], subdir: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let source = Source::Path { root: folder.path().to_owned(), subdir: subdir.to_owned() };
    let module = Modules::new(&Shouts).get(&source, None, Dialect::Terraform).unwrap();
    needed_to_destroy(&module).into_keys().collect()
}

#[test]
fn only_variables_read_by_provider_count_or_for_each_are_needed() {
    let text = r#"
        variable "unused" {}
        provider "aws" {
          region = var.region
          assume_role { role_arn = "arn:${var.account}:x" }
        }
        resource "a_b" "c" {
          count    = var.enabled ? 1 : 0
          password = var.password
          dynamic "x" {
            for_each = var.dynamic
            content {}
          }
        }
        data "a_d" "e" { for_each = toset([for name in var.names : name]) }
        output "o" { value = var.shown }
    "#;
    assert_eq!(names(&[("main.tf", text)], ""), ["account", "enabled", "names", "region"]);
}

#[test]
fn variables_read_by_a_validation_are_needed() {
    let native = r#"
        variable "own" {
          validation {
            condition     = length(var.own) > 8
            error_message = "too short"
          }
        }
        variable "free" {}
    "#;
    let json = r#"{"variable": {"json": {"validation": [{"condition": "${var.other != \"\"}", "error_message": "x"}]}}}"#;
    assert_eq!(names(&[("main.tf", native), ("more.tf.json", json)], ""), ["other", "own"]);
}

#[test]
fn variables_read_through_locals_resources_and_data_are_needed() {
    let text = r#"
        locals {
          on    = local.inner
          inner = <<-EOT
            %{ if var.one }x%{ endif }
          EOT
          loop  = local.loop
        }
        data "a_b" "c" { token = var.two }
        resource "a_b" "c" { input = var.three }
        resource "a_b" "d" { input = var.four }
        resource "a_b" "e" {
          count = length(local.on) + length(data.a_b.c.list) + a_b.c["x"].size + local.loop
        }
    "#;
    assert_eq!(names(&[("main.tf", text)], ""), ["one", "three", "two"]);
}

#[test]
fn a_child_module_needs_the_values_that_it_reads_and_an_unknown_one_needs_all() {
    let main = r#"
        module "child" {
          source = "../child"
          on     = var.on
          token  = var.token
        }
        module "elsewhere" {
          source = "registry/x/y"
          a      = var.given
        }
    "#;
    let child = "variable \"on\" {}\nvariable \"token\" {}\nresource \"a_b\" \"c\" {\n  count = var.on\n  x = var.token\n}\n";
    assert_eq!(names(&[("root/main.tf", main), ("child/main.tf", child)], "root"), ["given", "on"]);
    let itself = "module \"a\" {\n  source = \"./\"\n  v = var.v\n}\nprovider \"x\" { y = var.v }\n";
    assert_eq!(names(&[("main.tf", itself)], ""), ["v"]);
}

#[test]
fn json_modules_are_read_and_an_unreadable_part_needs_all_variables() {
    let text = r#"{"variable": {"a": {}, "b": {}}, "provider": {"x": {"y": "z${var.a}"}}, "locals": {"l": "${var.c}"},
                   "resource": {"r_s": {"t": {"count": "${local.l}", "x": "${var.b}"}}}}"#;
    assert_eq!(names(&[("main.tf.json", text)], ""), ["a", "c"]);
    assert_eq!(
        names(&[("main.tf", "variable \"a\" {}\nvariable \"b\" {}\nlocals { x = (\n")], ""),
        ["a", "b"]
    );
}
