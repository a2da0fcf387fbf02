//! Generates modules with all parts of Terraform's notation that are hard to read.

use crate::support::draw::Draw;

/// A module's files: names and bytes. The modules are valid for terraform.
pub type Files = Vec<(String, Vec<u8>)>;

pub fn module(draw: &mut Draw) -> Files {
    let mut names = Names::default();
    let mut main = Vec::new();
    let mut overrides = String::new();
    for _ in 0..draw.below(8) {
        let item = match draw.below(8) {
            0..=2 => variable(draw, &mut names, &mut overrides),
            3..=4 => output(draw, &mut names, &mut overrides),
            5 => locals(draw, &mut names),
            6 => resource(draw, &mut names),
            _ => String::new(),
        };
        main.extend(noise(draw));
        main.extend(item.bytes());
    }
    main.extend(noise(draw));
    let mut text = if draw.below(8) == 0 { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
    match draw.below(6) {
        0 => main.iter().for_each(|byte| match byte {
            b'\n' => text.extend(b"\r\n"),
            byte => text.push(*byte),
        }),
        _ => text.extend(main),
    }
    let mut files = vec![("main.tf".to_owned(), text)];
    if !overrides.is_empty() {
        let name = draw.one_of(&["override.tf", "z_override.tf", "a_override.tf"]);
        files.push((name.to_owned(), overrides.into_bytes()));
    }
    if draw.below(3) == 0 {
        files.push(("more.tf.json".to_owned(), json(draw, &mut names).into_bytes()));
    }
    files
}

#[derive(Default)]
struct Names(u32);

impl Names {
    fn next(&mut self, draw: &mut Draw) -> String {
        self.0 += 1;
        format!("{}{}", draw.one_of(&["a", "a-b", "_x", "variable", "EOT", "for", "\u{e9}t\u{e9}"]), self.0)
    }
}

/// Text between blocks that declares nothing.
fn noise(draw: &mut Draw) -> Vec<u8> {
    let pieces: [&[u8]; 8] = [
        b"",
        b"\n",
        b"# }\n",
        b"// \" ${ <<EOT\n",
        b"/* variable \"no\" {\n*/\n",
        b"# caf\xe9 \xff\n",
        b" \t \n",
        b"/* \xfe \" */ # {\n",
    ];
    draw.one_of(&pieces).to_vec()
}

fn block(draw: &mut Draw, kind: &str, labels: &[&str], lines: &[String]) -> String {
    let quoted: Vec<_> = labels
        .iter()
        .map(|label| if draw.below(8) == 0 { (*label).to_owned() } else { format!("\"{label}\"") })
        .collect();
    let head = format!("{kind} {}", quoted.join(" "));
    match lines {
        [one] if !one.contains(['\n', '#', '{']) && draw.below(3) == 0 => {
            format!("{head} {{ {one} }}\n")
        }
        lines => {
            let indent = draw.one_of(&["", "  ", "\t"]);
            let end = draw.one_of(&["\n", "\n", " # }\n", " // \"\n", "\n\n"]);
            let line = |line: &String| match line.ends_with('\n') {
                true => format!("{indent}{line}"),
                false => format!("{indent}{line}{end}"),
            };
            format!("{head} {{{end}{}}}\n", lines.iter().map(line).collect::<String>())
        }
    }
}

fn flag(draw: &mut Draw) -> &'static str {
    draw.one_of(&[
        "true",
        "false",
        "true",
        "false",
        "(true)",
        "!false",
        "\"true\"",
        "\"false\"",
        "1 == 1",
        "true ? false : true",
        "!(\n  true &&\n  false\n)",
        "\"${true}\"",
        "!true /* true */",
    ])
}

fn variable(draw: &mut Draw, names: &mut Names, overrides: &mut String) -> String {
    let name = names.next(draw);
    let mut lines = Vec::new();
    match draw.below(4) {
        0 => {
            let kind = draw.one_of(&[
                "list(string)",
                "object({ a = string, b = optional(list(any), []) })",
                "object({\n  a = optional(string, <<EOT\nEOT\n  )\n  b = bool # }\n  c = tuple([string, any])\n})",
                "map(object({}))",
                "set(\n  number\n)",
                "object({ a = optional(map(string), { a = \"1\", a = \"2\" }) })",
            ]);
            lines.push(format!("type = {kind}"));
            if draw.below(2) == 0 {
                lines.push("default = null".to_owned());
            }
        }
        _ => {
            if draw.below(2) == 0 {
                lines.push(format!("type = {}", draw.one_of(&["string", "any", "string # {", "string"])));
            }
            if draw.below(2) == 0 {
                lines.push(format!("default = {}", text(draw)));
            }
            if draw.below(4) == 0 {
                lines.push(format!("nullable = {}", flag(draw)));
            }
        }
    }
    if draw.below(2) == 0 {
        lines.push(format!("sensitive = {}", flag(draw)));
    }
    if draw.below(3) == 0 {
        lines.push(format!("description = {}", plain(draw)));
    }
    if draw.below(5) == 0 {
        lines.push(format!(
            "validation {{\n    condition = var.{name} == var.{name} || (1 >\n      2)\n    error_message = \"}}\"\n  }}"
        ));
    }
    shuffle(draw, &mut lines);
    if draw.below(6) == 0 {
        let line =
            draw.one_of(&["sensitive = true", "sensitive = false", "default = null", "description = \"}\""]);
        // A variable that is not nullable must not have the default null.
        let line =
            if lines.iter().any(|line| line.starts_with("nullable")) { "description = \"\"" } else { line };
        overrides.push_str(&block(draw, "variable", &[&name], &[line.to_owned()]));
    }
    block(draw, "variable", &[&name], &lines)
}

fn output(draw: &mut Draw, names: &mut Names, overrides: &mut String) -> String {
    let name = names.next(draw);
    let mut lines = vec![format!("value = {}", value(draw, 3))];
    if draw.below(2) == 0 {
        lines.push(format!("sensitive = {}", flag(draw)));
    }
    if draw.below(3) == 0 {
        lines.push(format!("description = {}", plain(draw)));
    }
    shuffle(draw, &mut lines);
    if draw.below(6) == 0 {
        let line = draw.one_of(&["sensitive = true", "sensitive = false", "value = <<A\nA\n"]);
        overrides.push_str(&block(draw, "output", &[&name], &[line.to_owned()]));
    }
    block(draw, "output", &[&name], &lines)
}

fn locals(draw: &mut Draw, names: &mut Names) -> String {
    let count = draw.below(3);
    let lines: Vec<_> = (0..count).map(|_| format!("{} = {}", names.next(draw), value(draw, 4))).collect();
    block(draw, "locals", &[], &lines)
}

fn resource(draw: &mut Draw, names: &mut Names) -> String {
    let lines = [
        format!("input = {}", value(draw, 3)),
        "lifecycle {\n    ignore_changes = [input]\n  }".to_owned(),
        "provisioner \"local-exec\" {\n    command = <<-EOT\n      output \"no\" {\n    EOT\n  }".to_owned(),
    ];
    let name = names.next(draw);
    block(draw, "resource", &["terraform_data", &name], &lines)
}

fn shuffle(draw: &mut Draw, lines: &mut [String]) {
    for place in 1..lines.len() {
        lines.swap(place, draw.below(place as u64 + 1) as usize);
    }
}

/// A text without a template, because a description must not have one.
fn plain(draw: &mut Draw) -> String {
    match draw.below(3) {
        0 => heredoc(draw, false),
        _ => draw
            .one_of(&[
                "\"\"",
                "\"}{\"",
                "\"\\\"}\"",
                "\"$${ %%{ $ % $$\"",
                "\"\u{e9} \\\\\"",
                "\"<<EOT\"",
                "\"# // /*\"",
            ])
            .to_owned(),
    }
}

fn text(draw: &mut Draw) -> String {
    match draw.below(4) {
        0 => heredoc(draw, true),
        1 => draw
            .one_of(&[
                "\"${\"}\"}\"",
                "\"${\"${\"x\"}\"}{\"",
                "\"%{ if true }}%{ else ~}{%{ endif }\"",
                "\"${ true ? \"}\" : \"{\" }\"",
                "\"$${${\"}\"}\"",
            ])
            .to_owned(),
        _ => plain(draw),
    }
}

fn heredoc(draw: &mut Draw, template: bool) -> String {
    let marker = draw.one_of(&["EOT", "E", "_x-1", "\u{e9}"]);
    let flush = draw.one_of(&["", "-"]);
    let mut lines = String::new();
    for _ in 0..draw.below(4) {
        let line = match draw.below(if template { 9 } else { 6 }) {
            0 => "}".to_owned(),
            1 => "variable \"no\" {".to_owned(),
            2 => format!("{marker} is not the end"),
            3 => format!("$$ % {marker}$"),
            4 => "\" \\ # /* <<EOT".to_owned(),
            5 => String::new(),
            6 => format!("${{ \"}}\" }}{marker}"),
            7 => "%{ if true }\n}%{ endif }".to_owned(),
            _ => format!("${{ <<{marker}\n{marker}\n}}"),
        };
        lines.push_str(&line);
        lines.push('\n');
    }
    let indent = draw.one_of(&["", "  ", "\t"]);
    format!("<<{flush}{marker}\n{lines}{indent}{marker}\n")
}

/// Any expression. If it ends with a newline, it is a heredoc.
fn value(draw: &mut Draw, deeper: u64) -> String {
    let inner = |draw: &mut Draw| value(draw, deeper - 1);
    match draw.below(if deeper == 0 { 3 } else { 10 }) {
        0 => text(draw),
        1 => draw.one_of(&["1", "null", "-1.5e3", "1 + 2 * 3 - 4", "true && !false || 1 <= 2"]).to_owned(),
        2 => "{ for k in [\"a\"] : k => k == \"a\" ? 1 :\n    2\n  }".to_owned(),
        3 => format!("[{}, {}]", inner(draw), inner(draw)),
        4 => format!("{{\n  a = {}\n  a = {}\n}}", inner(draw).trim_end_matches('\n'), 1)
            .replace("\n  a = 1", if draw.below(2) == 0 { "\n  a = 1" } else { "\n  \"b c\" : 1" }),
        5 => format!("[for x in [{}] :\n x\n if\n x != null]", inner(draw)),
        6 => format!("({})", inner(draw)),
        7 => format!("{}1{}", "(".repeat(80), ")".repeat(80)),
        8 => format!("jsonencode({})", inner(draw)),
        _ => {
            let inner = inner(draw);
            let comma = if inner.ends_with('\n') { "" } else { ", " };
            format!("{{ (\"k\") = {inner}{comma}x = {{}} }}")
        }
    }
}

fn json(draw: &mut Draw, names: &mut Names) -> String {
    let flag = |draw: &mut Draw| draw.one_of(&["true", "false", "\"true\"", "\"false\""]);
    let mut parts = vec!["\"//\": {\"variable\": {\"no\": {}}}".to_owned()];
    for _ in 0..draw.below(4) {
        let name = names.next(draw);
        let sensitive = match draw.below(2) {
            0 => String::new(),
            _ => format!(", \"sensitive\": {}", flag(draw)),
        };
        let body = match draw.below(2) {
            0 => (
                "variable",
                draw.one_of(&[
                    "\"default\": \"}\"",
                    "\"type\": \"string\"",
                    "\"default\": null, \"type\": \"map(any)\"",
                ]),
            ),
            _ => (
                "output",
                draw.one_of(&["\"value\": 1e3", "\"value\": \"${\\\"}\\\"}\"", "\"value\": {\"a\": [null]}"]),
            ),
        };
        let block = format!("{{{}{sensitive}}}", body.1);
        let block = if draw.below(3) == 0 { format!("[{block}]") } else { block };
        parts.push(format!("\"{}\": {{\"{name}\": {block}}}", body.0));
    }
    let whole = format!("{{{}}}", parts.join(",\n"));
    if draw.below(4) == 0 { format!("[{whole}]") } else { whole }
}
