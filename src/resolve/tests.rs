use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Module, Modules};
use crate::host::{Host, MinionReturn, SaltJob, StartedJob};
use crate::model::{Constraint, Dialect, Source, Template};

mod dialects;
mod needed;
mod reading;

struct Shouts;

impl Host for Shouts {
    fn fetch(&self, _: &str) -> Result<BTreeMap<String, PathBuf>, String> {
        Ok(BTreeMap::new())
    }
    fn render(&self, path: &Path) -> Result<String, String> {
        Ok(std::fs::read_to_string(path).unwrap().replace("{{ word }}", "rendered"))
    }
    fn emit(&self, _: &str, _: &Value) {}
    fn log(&self, _: tracing::Level, _: &str) {}
    fn tick(&self) -> u32 {
        0
    }
    fn start(&self, _: &SaltJob) -> Result<StartedJob, String> {
        Err("no test of modules starts one".to_owned())
    }
    fn poll(&self, _: &str) -> Result<BTreeMap<String, MinionReturn>, String> {
        Ok(BTreeMap::new())
    }
    fn stop(&self, _: &str) {}
}

fn read(
    files: &[(&str, &str)],
    subdir: &str,
    template: Option<Template>,
) -> Result<std::sync::Arc<Module>, String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let source = Source::Path { root: folder.path().to_owned(), subdir: subdir.to_owned() };
    Modules::new(&Shouts).get(&source, template, Dialect::Terraform)
}

fn main(text: &str) -> std::sync::Arc<Module> {
    read(&[("main.tf", text)], "", None).unwrap()
}

#[test]
fn declarations_are_read_in_both_notations() {
    let hcl = main(
        "variable \"a\" {\n  type = list(string)\n  nullable = false\n  sensitive = true\n}\n\
         output \"o\" {\n  value = 1\n  sensitive = true\n}\n",
    );
    let json = r#"{"variable": {"a": {"type": "list(string)", "nullable": false, "sensitive": true}},
                   "output": [{"o": {"value": 1, "sensitive": true}}]}"#;
    let json = read(&[("main.tf.json", json)], "", None).unwrap();
    for module in [hcl, json] {
        let variable = &module.interface.variables["a"];
        assert_eq!(variable.constraint, Constraint::List(Box::new(Constraint::String)));
        assert!(!variable.nullable && variable.sensitive && !variable.has_default);
        assert!(module.interface.outputs["o"].sensitive);
    }
}

#[test]
fn a_module_of_the_built_in_provider_needs_none_and_others_are_named() {
    assert!(main("resource \"terraform_data\" \"a\" {}").interface.providers.is_empty());
    let module = main(
        "resource \"aws_vpc\" \"a\" {}\nresource \"aws_vpc\" \"b\" { provider = west.two }\n\
         terraform {\n  required_providers {\n    tf = { source = \"terraform.io/builtin/terraform\" }\n    x = { source = \"a/x\" }\n  }\n}",
    );
    let names: Vec<_> = module.interface.providers.iter().map(String::as_str).collect();
    assert_eq!(names, ["aws", "west", "x"]);
}

#[test]
fn a_backend_block_in_the_module_is_found_with_its_file() {
    let module =
        read(&[("main.tf", ""), ("state.tf", "terraform {\n  backend \"s3\" {}\n}")], "", None).unwrap();
    assert_eq!(module.interface.own_backend.as_deref(), Some("state.tf"));
}

#[test]
fn terraform_runs_in_the_subfolder_and_the_root_is_copied_too() {
    let files = [("vpc/main.tf", ""), ("app/main.tf", "module \"vpc\" { source = \"../vpc\" }")];
    let module = read(&files, "app", None).unwrap();
    assert!(module.interface.has_modules);
    let paths: Vec<_> = module.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["app/main.tf", "vpc/main.tf"]);
}

fn tag(path: &str) -> String {
    format!("module \"tag\" {{ source = \"{path}\" }}")
}

/// `live/web`, which calls `shared/tag`.
fn with_a_shared_module() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("live/web/main.tf", tag("../../shared/tag")), ("shared/tag/main.tf", String::new())]
    {
        std::fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn a_child_module_outside_of_the_source_is_refused_with_the_source_that_has_it() {
    let folder = with_a_shared_module();
    let read = |root: &str, subdir: &str| {
        let source = Source::Path { root: folder.path().join(root), subdir: subdir.to_owned() };
        Modules::new(&Shouts).get(&source, None, Dialect::Terraform).map(drop)
    };
    let way = format!("Write the source as {}//live/web", folder.path().display());
    for (root, subdir) in [("live/web", ""), ("live", "web")] {
        let refused = read(root, subdir).unwrap_err();
        assert!(
            refused.contains("module \"tag\" in ") && refused.contains("\"../../shared/tag\""),
            "{refused}"
        );
        assert!(refused.ends_with(&way), "{refused}");
    }
    assert_eq!(read("", "live/web"), Ok(()));
}

#[test]
fn a_child_of_a_child_outside_of_the_source_and_a_missing_folder_are_refused() {
    let child = [("main.tf", tag("./a")), ("a/main.tf", tag("../b")), ("b/x.tf.json", String::new())];
    let read_all = |last: String| {
        let mut files = child.clone();
        files[2].1 = last;
        let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        read(&files, "", None).map(drop)
    };
    let json = |path: &str| format!("{{\"module\": {{\"tag\": {{\"source\": \"{path}\"}}}}}}");
    assert_eq!(read_all(json("hashicorp/consul/aws")), Ok(()));
    // A circle is Terraform's to report.
    assert_eq!(read_all(json("../a")), Ok(()));
    let refused = read_all(json("../../elsewhere")).unwrap_err();
    assert!(refused.contains("in b/x.tf.json") && refused.contains("outside of the source"), "{refused}");
    let refused = read_all(json("./none")).unwrap_err();
    assert!(refused.contains("has no such folder"), "{refused}");
}

/// Files as Salt has them below the top of file_roots.
struct Top(PathBuf);

impl Host for Top {
    fn fetch(&self, url: &str) -> Result<BTreeMap<String, PathBuf>, String> {
        let path = url.strip_prefix("salt://").unwrap().split('?').next().unwrap();
        let files = super::listing::folder(&self.0.join(path))?.into_iter();
        Ok(files.map(|file| (file.path.clone(), self.0.join(path).join(file.path))).collect())
    }
    fn render(&self, path: &Path) -> Result<String, String> {
        Shouts.render(path)
    }
    fn emit(&self, _: &str, _: &Value) {}
    fn log(&self, _: tracing::Level, _: &str) {}
    fn tick(&self) -> u32 {
        0
    }
    fn start(&self, job: &SaltJob) -> Result<StartedJob, String> {
        Shouts.start(job)
    }
    fn poll(&self, jid: &str) -> Result<BTreeMap<String, MinionReturn>, String> {
        Shouts.poll(jid)
    }
    fn stop(&self, _: &str) {}
}

#[test]
fn the_way_out_of_a_folder_of_salt_is_the_top_of_file_roots() {
    let folder = with_a_shared_module();
    let host = Top(folder.path().to_owned());
    let read = |url: &str, subdir: &str| {
        let source = Source::Salt { url: url.to_owned(), subdir: subdir.to_owned() };
        Modules::new(&host).get(&source, None, Dialect::Terraform).map(drop)
    };
    let refused = read("salt://live/web?saltenv=dev", "").unwrap_err();
    assert!(refused.ends_with("Write the source as salt:////live/web?saltenv=dev"), "{refused}");
    let refused = read("salt://live", "web").unwrap_err();
    assert!(refused.ends_with("Write the source as salt:////live/web"), "{refused}");
    assert_eq!(read("salt://", "live/web"), Ok(()));
    let beyond = tag("../../../elsewhere");
    std::fs::write(folder.path().join("live/web/main.tf"), beyond).unwrap();
    let refused = read("salt://live/web", "").unwrap_err();
    assert!(refused.ends_with("Move the child module into the source"), "{refused}");
}

#[test]
fn files_of_an_earlier_terraform_are_not_part_of_the_module() {
    let files = [
        ("main.tf", ""),
        ("terraform.tfstate", "{}"),
        ("terraform.tfstate.backup", "{}"),
        (".terraform/x", ""),
        (".git/x", ""),
    ];
    let module = read(&files, "", None).unwrap();
    assert_eq!(module.files.len(), 1);
}

#[test]
fn variables_that_the_module_presets_are_known() {
    let files = [
        ("main.tf", "variable \"a\" {}"),
        ("x.auto.tfvars", "a = 1"),
        ("terraform.tfvars.json", "{\"b\": 2}"),
    ];
    let module = read(&files, "", None).unwrap();
    assert_eq!(module.interface.preset.iter().map(String::as_str).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn an_override_changes_only_the_values_that_it_names() {
    let files = [
        ("main.tf", "variable \"a\" { type = string }"),
        ("override.tf", "variable \"a\" { default = \"x\" }"),
    ];
    let module = read(&files, "", None).unwrap();
    let variable = &module.interface.variables["a"];
    assert!(variable.has_default && variable.constraint == Constraint::String);
}

#[test]
fn files_that_terraform_does_not_read_declare_nothing() {
    let files = [("main.tf", ""), (".hidden.tf", "variable \"a\" {}"), ("sub/b.tf", "variable \"b\" {}")];
    assert!(read(&files, "", None).unwrap().interface.variables.is_empty());
}

#[test]
fn data_of_a_check_counts_and_the_built_in_provider_never_does() {
    let text = "check \"a\" {\n  data \"http\" \"b\" {}\n}\n\
                terraform {\n  required_providers {\n    tf = { source = \"terraform.io/builtin/terraform\" }\n  }\n}\n\
                resource \"terraform_data\" \"c\" {\n  provider = tf\n}\n";
    let names: Vec<_> = main(text).interface.providers.iter().cloned().collect();
    assert_eq!(names, ["http"]);
    let json = r#"[{"check": {"a": {"data": {"http": {"b": {}}}}}}, {"terraform": {"backend": {"s3": {}}}}]"#;
    let module = read(&[("main.tf.json", json)], "", None).unwrap();
    assert!(module.interface.providers.contains("http"));
    assert_eq!(module.interface.own_backend.as_deref(), Some("main.tf.json"));
}

#[test]
fn a_flag_may_be_any_constant() {
    let text = "variable \"a\" {\n  sensitive = !false\n  nullable = \"false\"\n  ephemeral = (true)\n}\n";
    let module = main(text);
    let variable = &module.interface.variables["a"];
    assert!(variable.sensitive && !variable.nullable && variable.ephemeral);
}

#[test]
fn the_default_of_an_optional_attribute_is_kept_as_json() {
    let module =
        main("variable \"a\" {\n  type = object({ b = optional(list(any), [1, \"x\", null]) })\n}\n");
    let Constraint::Object(attributes) = &module.interface.variables["a"].constraint else { panic!() };
    assert_eq!(attributes["b"].default, Some(serde_json::json!([1, "x", null])));
}

#[test]
fn an_unknown_type_is_left_to_terraform() {
    for text in [
        "type = lists(string)",
        "type = nested",
        "type = \"${1}\"",
        "type = 5",
        "type = list(string, number)",
    ] {
        let module = main(&format!("variable \"a\" {{\n  {text}\n}}\n"));
        assert_eq!(module.interface.variables["a"].constraint, Constraint::Any, "{text}");
    }
}

#[test]
fn the_digest_depends_only_on_content_names_and_modes() {
    use std::os::unix::fs::PermissionsExt;
    let digest = |files: &[(&str, &str)]| read(files, "", None).unwrap().interface.digest.clone();
    let one = digest(&[("main.tf", ""), ("run.sh", "x")]);
    assert_eq!(one, digest(&[("run.sh", "x"), ("main.tf", "")]));
    assert_ne!(one, digest(&[("main.tf", ""), ("run.sh", "y")]));
    assert_ne!(one, digest(&[("main.tf", ""), ("ran.sh", "x")]));

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("main.tf"), "").unwrap();
    let script = folder.path().join("run.sh");
    std::fs::write(&script, "x").unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let source = Source::Path { root: folder.path().to_owned(), subdir: String::new() };
    let module = Modules::new(&Shouts).get(&source, None, Dialect::Terraform).unwrap();
    assert!(module.files.iter().any(|file| file.path == "run.sh" && file.executable));
    assert_ne!(one, module.interface.digest);
}

#[test]
fn a_source_is_read_once_in_a_call() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("main.tf"), "").unwrap();
    let source = Source::Path { root: folder.path().to_owned(), subdir: String::new() };
    let mut modules = Modules::new(&Shouts);
    let first = modules.get(&source, None, Dialect::Terraform).unwrap();
    std::fs::write(folder.path().join("main.tf"), "changed by now").unwrap();
    assert!(std::sync::Arc::ptr_eq(&first, &modules.get(&source, None, Dialect::Terraform).unwrap()));
}

#[test]
fn a_template_is_rendered_before_it_is_read() {
    let files = [("main.tf", "output \"{{ word }}\" { value = 1 }")];
    assert!(read(&files, "", Some(Template::Jinja)).unwrap().interface.outputs.contains_key("rendered"));
}

#[test]
fn problems_of_a_source_are_reported_with_the_file() {
    assert!(read(&[("notes.txt", "")], "", None).unwrap_err().contains("no .tf file"));
    assert!(read(&[("main.tf", ""), ("backend.tf", "")], "", None).unwrap_err().contains("rename"));
    let missing = Source::Path { root: "/nowhere/at/all".into(), subdir: String::new() };
    assert!(
        Modules::new(&Shouts)
            .get(&missing, None, Dialect::Terraform)
            .unwrap_err()
            .contains("/nowhere/at/all")
    );
    let empty = Source::Salt { url: "salt://absent".into(), subdir: String::new() };
    assert!(Modules::new(&Shouts).get(&empty, None, Dialect::Terraform).unwrap_err().contains("file_roots"));
}

#[test]
fn common_forms_of_hcl_are_read() {
    let module = main(
        "\u{feff}# comment\r\nvariable \"a\" { # here\n  default = <<-EOT\n    ${\"x\"} %{ if true }y%{ endif }\n  EOT\n}\n\
         /* block */ locals {\n  m = { for k, v in var.b : k => v... if v != null }\n  s = var.b[*].id\n  c = true ? 1 : 2\n}\n\
         variable \"b\" { default = [] }\n",
    );
    assert_eq!(module.interface.variables.len(), 2);
}
