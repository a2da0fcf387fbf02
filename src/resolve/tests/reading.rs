//! Text that Terraform accepts is read like Terraform reads it. Text that cannot be read is noted, and refuses nothing.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::model::Interface;

fn interface(bytes: &[u8]) -> Interface {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("main.tf"), bytes).unwrap();
    let source = Source::Path { root: folder.path().to_owned(), subdir: String::new() };
    let module = Modules::new(&Shouts).get(&source, None, Dialect::Terraform).unwrap();
    Interface::clone(&module.interface)
}

/// Puts the text between two declarations. Both must be found, and nothing may be noted.
fn is_passed_over(text: &[u8]) {
    let before = b"variable \"before\" {\n  sensitive = true\n}\n";
    let after = b"variable \"after\" {\n  type = string\n  sensitive = true\n}\noutput \"o\" {\n  value = 1\n  sensitive = true\n}\n\
                  locals {\n  z = <<EOT\nx\nEOT\n}\n";
    let parsed = interface(&[before, text, after].concat());
    let text = String::from_utf8_lossy(text);
    assert!(parsed.notes.is_empty() && !parsed.incomplete, "{text}: {:?}", parsed.notes);
    assert!(parsed.variables["before"].sensitive && parsed.variables["after"].sensitive, "{text}");
    assert_eq!(parsed.variables["after"].constraint, Constraint::String, "{text}");
    assert!(parsed.outputs["o"].sensitive, "{text}");
}

#[test]
fn an_empty_heredoc_ends_at_its_marker() {
    for (open, close) in
        [("<<EOT", "EOT"), ("<<-EOT", "    EOT"), ("<<E-1_", "E-1_  "), ("<<-\u{e9}", "\u{e9}")]
    {
        let heredoc = format!("{open}\n{close}\n");
        for text in [
            format!("variable \"a\" {{\n  default = {heredoc}}}\n"),
            format!("output \"a\" {{\n  value = [{heredoc}, {heredoc}]\n}}\n"),
            format!("locals {{\n  a = f({heredoc})\n  b = {{ c = {heredoc}, d = 1 }}\n}}\n"),
            format!("resource \"terraform_data\" \"a\" {{\n  input = \"${{f({heredoc})}}\"\n}}\n"),
            format!("locals {{\n  a = <<X\n${{f({heredoc})}}\nX\n}}\n"),
        ] {
            is_passed_over(text.as_bytes());
            is_passed_over(text.replace('\n', "\r\n").as_bytes());
        }
    }
}

#[test]
fn only_a_line_of_the_marker_alone_ends_a_heredoc() {
    const LINES: [&str; 11] = [
        "EOT is not the end",
        "EOTX",
        "x EOT",
        "EOT;",
        "${1}EOT",
        "$EOT",
        "$${EOT",
        "%{ if true }EOT%{ endif }",
        "$",
        "a$$",
        "\\",
    ];
    for line in LINES {
        is_passed_over(format!("locals {{\n  a = <<EOT\n{line}\nEOT\n}}\n").as_bytes());
    }
}

#[test]
fn code_inside_texts_and_comments_is_ignored() {
    for text in [
        r#"locals { a = "}{" }"#,
        r#"locals { a = "\"}" }"#,
        r#"locals { a = "${f("}", "${"}"}")}" }"#,
        r#"locals { a = "$${ %%{ $ % $" }"#,
        r#"locals { a = "%{ if true }}%{ else ~}{%{ endif }" }"#,
        "locals {\n  a = 1 # }\n  b = 2 // } \"\n  /* } <<EOT */ c = 3\n}",
        "locals {\n  a = { b = \"${ { c = \"}\" }.c }\" }\n}",
        "locals {\n  a = <<EOT\n}\n# \" */ /*\n${ { b = \"}\" }.b }\nEOT\n}",
        "locals {\n  a = 1 << 2\n}\n",
        "/* variable \"before\" { */",
    ] {
        is_passed_over(format!("{text}\n").as_bytes());
    }
}

#[test]
fn arguments_that_only_terraform_reads_are_ignored() {
    let deep = format!("locals {{\n  a = {}1{}\n}}\n", "(".repeat(5000), ")".repeat(5000));
    let long = format!("locals {{\n  a = {}1\n}}\n", "1 + ".repeat(300));
    for text in [
        "locals {\n  x = { for k in var.v : k => k == \"a\" ? 1 :\n    2\n  }\n}\n",
        "output \"d\" {\n  value = {\n    for k, v in var.v : k => v\n    if v != null &&\n    v != 1\n  }\n}\n",
        "output \"d\" {\n  value = { a = 1, a = 2 }\n}\n",
        "variable \"d\" {\n  default = { a = 1, \"a\" = 2 }\n}\n",
        "locals {\n\ta = true ? 1 : 2\n\tb = -(-1)\n\tc = x[*].y.*.z...\n}\n",
        "variable \"d\" {\n  validation {\n    condition = provider::terraform::f(1) == 1\n    error_message = \"x\"\n  }\n}\n",
        &deep,
        &long,
    ] {
        is_passed_over(text.as_bytes());
    }
    is_passed_over(b"# caf\xe9\nlocals {\n  a = 1 // \xff\n  /* \xfe */\n}\n");
}

#[test]
fn a_byte_order_mark_and_the_line_ends_of_windows_change_nothing() {
    let text = "variable \"a\" {\n\ttype = object({\n\t\tb = string # x\n\t\tc = optional(list(string), [\n\t\t\t\"y\",\n\t\t])\n\t})\n\tsensitive = true\n}\n";
    let plain = interface(text.as_bytes());
    let other = interface(format!("\u{feff}{}", text.replace('\n', "\r\n")).as_bytes());
    assert_eq!(plain.variables["a"].constraint, other.variables["a"].constraint);
    assert!(matches!(&plain.variables["a"].constraint, Constraint::Object(of) if of.len() == 2));
    assert!(other.variables["a"].sensitive && other.notes.is_empty());
}

#[test]
fn a_heredoc_in_a_type_ends_where_terraform_ends_it() {
    let parsed = interface(
        b"variable \"a\" {\n  type = object({\n    b = optional(string, <<EOT\nEOT\n    )\n    c = number\n    d = optional(string, <<-EOT\n      say \"\\\"\n    EOT\n    )\n  })\n}\n",
    );
    let Constraint::Object(attributes) = &parsed.variables["a"].constraint else { panic!("{parsed:?}") };
    assert_eq!(attributes.keys().collect::<Vec<_>>(), ["b", "c", "d"]);
    assert_eq!(attributes["c"].constraint, Constraint::Number);
}

#[test]
fn an_unreadable_type_accepts_any_value_and_is_noted_with_its_line() {
    let parsed =
        interface(b"variable \"a\" {\n  sensitive = true\n  type = object({ b = string, b = number })\n}\n");
    let variable = &parsed.variables["a"];
    assert!(variable.constraint == Constraint::Any && variable.sensitive && !variable.has_default);
    assert!(!parsed.incomplete);
    let [note] = parsed.notes.as_slice() else { panic!("{:?}", parsed.notes) };
    assert!(
        note.starts_with("main.tf, line 3: the reader of Eos cannot read the type of variable \"a\""),
        "{note}"
    );
}

#[test]
fn an_unreadable_sensitive_flag_counts_as_sensitive() {
    let parsed = interface(
        b"variable \"a\" {\n  sensitive = { a = 1, a = 2 } == {}\n}\noutput \"b\" {\n  value = 1\n\n  sensitive = { a = 1, a = 2 } == {}\n}\n",
    );
    assert!(parsed.variables["a"].sensitive && parsed.outputs["b"].sensitive);
    assert!(parsed.notes[0].starts_with("main.tf, line 2: the reader of Eos"), "{:?}", parsed.notes);
    assert!(parsed.notes[1].starts_with("main.tf, line 7: the reader of Eos"), "{:?}", parsed.notes);
}

#[test]
fn an_unreadable_construct_is_noted_with_its_first_line_and_the_rest_is_read() {
    let parsed = interface(
        b"variable \"a\" {\n  type = string\n}\n\nvariable \"b\" {\n  type = string\n  default = (1\n}\nvariable \"c\" {}\n",
    );
    assert!(!parsed.variables["a"].sensitive && parsed.incomplete);
    assert!(parsed.notes[0].starts_with("main.tf, line 5: the reader of Eos"), "{:?}", parsed.notes);
    for hidden in ["b", "elsewhere"] {
        let variable = parsed.variable(hidden).unwrap();
        assert!(variable.sensitive && variable.has_default && variable.constraint == Constraint::Any);
    }
    assert!(parsed.output("o").unwrap().sensitive && parsed.uses("aws"));
    for text in [
        "variable \"a\" {",
        "= 1\n",
        "a b c\n",
        "variable \"a\" { default = \"",
        "x = <<EOT\ny\nEOT",
        "\"",
        "}",
        "a {\n}}\n",
    ] {
        assert_eq!(interface(text.as_bytes()).notes.len(), 1, "{text}");
    }
}

#[test]
fn a_note_contains_no_text_of_the_file() {
    let parsed = interface(b"variable \"a\" {\n  default = \"hunter2\n}\nvariable \"b\" {\n  type = { hunter2 = 1, hunter2 = 2 }\n}\n");
    assert!(
        !parsed.notes.is_empty() && !parsed.notes.iter().any(|note| note.contains("hunter2")),
        "{:?}",
        parsed.notes
    );
}

#[test]
fn unreadable_json_is_a_note_and_duplicate_keys_are_accepted() {
    let broken = read(&[("main.tf.json", "{\"variable\":\n {\"a\": {}")], "", None).unwrap();
    assert!(broken.interface.incomplete);
    assert!(broken.interface.notes[0].starts_with("main.tf.json, line 2"), "{:?}", broken.interface.notes);
    let twice = r#"{"//": 1, "variable": {"a": {"sensitive": true}}, "output": {"o": {"value": 1, "sensitive": "true"}},
                    "variable": {"b": {"default": 1e3, "type": "number"}, "a": []}}"#;
    let parsed = read(&[("main.tf.json", twice)], "", None).unwrap().interface.clone();
    assert!(parsed.variables["a"].sensitive && parsed.outputs["o"].sensitive && parsed.notes.is_empty());
    assert_eq!(parsed.variables["b"].constraint, Constraint::Number);
    assert!(parsed.variables["b"].has_default && !parsed.variables["a"].has_default);
}

#[test]
fn unreadable_values_of_the_module_leave_requirements_to_terraform() {
    let files = [("main.tf", "variable \"a\" {}"), ("x.auto.tfvars", "b = 1\n\na = (1\n")];
    let parsed = read(&files, "", None).unwrap().interface.clone();
    assert!(parsed.incomplete && parsed.preset.contains("b"));
    assert!(parsed.notes[0].starts_with("x.auto.tfvars, line 3"), "{:?}", parsed.notes);
}

/// Texts that open something. They are repeated until they fill 100 KB.
const OPENINGS: [&str; 27] = [
    "(",
    "[",
    "{",
    "{a=",
    "f(",
    "x[",
    "!",
    "-",
    "\"",
    "\"${",
    "\"%{if ",
    "\"%{for x in ",
    "\"%{if x}",
    "x?",
    "[for x in ",
    "{for x in ",
    "<<A\n${",
    "<<A\n",
    "$",
    "$$",
    "<<A\n$",
    "/*",
    "#",
    "a {\n",
    "a \"b\" ",
    ")",
    "}",
];

#[test]
fn endless_nesting_exhausts_neither_stack_nor_time() {
    let began = Instant::now();
    for open in OPENINGS {
        for times in [60, 100_000 / open.len()] {
            let nest = open.repeat(times);
            for text in [
                format!("{nest}\n"),
                format!("variable \"a\" {{\n  type = {nest}\n  sensitive = {nest}\n}}\n"),
                format!("terraform {{\n  required_providers {{\n    a = {nest}\n  }}\n}}\n"),
            ] {
                interface(text.as_bytes());
            }
            let _ = read(&[("main.tf.json", &nest), ("terraform.tfvars", &nest)], "", None);
        }
    }
    // If the time grew with the square of the length, this would take many minutes.
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn hostile_bytes_are_read_or_noted_and_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let folder = tempfile::tempdir().unwrap();
        for name in ["main.tf", "main.tf.json", "terraform.tfvars", "a.auto.tfvars.json"] {
            std::fs::write(folder.path().join(name), &bytes).unwrap();
        }
        let source = Source::Path { root: folder.path().to_owned(), subdir: String::new() };
        let module = Modules::new(&Shouts).get(&source, None, Dialect::Terraform).unwrap();
        crate::resolve::needed_to_destroy(&module);
    }

    #[test]
    fn hostile_text_is_read_or_noted_and_never_a_panic(
        text in "(variable |output |terraform |\"a\" |type|sensitive|=|[{}()\\[\\]\"$%<>#\\-\\n ]|<<EOT\n|\nEOT\n|object|optional|[a-z0-9\u{e9}]){0,80}",
    ) {
        let _ = read(&[("main.tf", &text)], "", None);
        let _ = read(&[("main.tf", &format!("variable \"a\" {{\n type = {text}\n}}\n"))], "", None);
        let _ = read(&[("main.tf.json", &text)], "", None);
    }
}
