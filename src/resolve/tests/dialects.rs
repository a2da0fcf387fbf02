//! OpenTofu reads more files than Terraform, and evaluates more in them.

use super::*;

fn read_as(dialect: Dialect, files: &[(&str, &str)]) -> Result<std::sync::Arc<Module>, String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let source = Source::Path { root: folder.path().to_owned(), subdir: String::new() };
    Modules::new(&Shouts).get(&source, None, dialect)
}

fn variables(dialect: Dialect, files: &[(&str, &str)]) -> Vec<String> {
    let module = read_as(dialect, files).unwrap();
    module.interface.variables.keys().cloned().collect()
}

#[test]
fn opentofu_reads_a_tofu_file_instead_of_the_tf_file_with_its_name() {
    let files = [
        ("main.tf", "variable \"both\" {}\nvariable \"terraform\" {}"),
        ("main.tofu", "variable \"both\" {}\nvariable \"opentofu\" {}"),
        ("more.tofu", "variable \"more\" {}"),
        ("json.tf.json", r#"{"variable": {"json_terraform": {}}}"#),
        ("json.tofu.json", r#"{"variable": {"json_opentofu": {}}}"#),
        ("json.tf", "variable \"json\" {}"),
        (".hidden.tofu", "variable \"hidden\" {}"),
        ("x_override.tofu", "variable \"both\" { default = 1 }"),
    ];
    assert_eq!(variables(Dialect::Terraform, &files), ["both", "json", "json_terraform", "terraform"]);
    assert_eq!(variables(Dialect::OpenTofu, &files), ["both", "json", "json_opentofu", "more", "opentofu"]);
    let has_default = |dialect| read_as(dialect, &files).unwrap().interface.variables["both"].has_default;
    assert_eq!([Dialect::Terraform, Dialect::OpenTofu].map(has_default), [false, true]);
}

#[test]
fn a_module_with_only_tofu_files_is_one_for_opentofu_alone() {
    let files = [("main.tofu", "")];
    assert!(read_as(Dialect::OpenTofu, &files).is_ok());
    assert!(read_as(Dialect::Terraform, &files).unwrap_err().contains("no .tf file"));
}

/// OpenTofu would not read the `backend.tf` that Eos writes, and would keep the state in a local file.
#[test]
fn a_tofu_file_that_hides_the_backend_of_eos_is_refused() {
    let files = [("main.tf", ""), ("backend.tofu", "")];
    let refused = read_as(Dialect::OpenTofu, &files).unwrap_err();
    assert!(refused.starts_with("backend.tofu is reserved"), "{refused}");
    assert!(read_as(Dialect::Terraform, &files).is_ok());
}

#[test]
fn encryption_and_sources_with_variables_are_found_in_both_notations() {
    let child = |source: &str| format!("module \"m\" {{ source = {source} }}");
    let table = [
        ("main.tf", "terraform {\n  encryption {}\n}".to_owned(), (true, false)),
        ("main.tf.json", r#"{"terraform": {"encryption": {"x": 1}}}"#.to_owned(), (true, false)),
        ("main.tf", child("\"./m\""), (false, false)),
        ("main.tf", child("\"./${var.m}\""), (false, true)),
        ("main.tf", child("local.m"), (false, true)),
        ("main.tf.json", r#"{"module": {"m": {"source": "./${var.m}"}}}"#.to_owned(), (false, true)),
        ("main.tf.json", r#"{"module": {"m": {"source": "r.test/a/b/c"}}}"#.to_owned(), (false, false)),
        (
            "main.tf",
            "module \"m\" {\n  source  = \"r.test/a/b/c\"\n  version = var.v\n}".to_owned(),
            (false, true),
        ),
    ];
    for (name, text, expected) in table {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("m")).unwrap();
        std::fs::write(folder.path().join("m/main.tf"), "").unwrap();
        std::fs::write(folder.path().join(name), &text).unwrap();
        let source = Source::Path { root: folder.path().to_owned(), subdir: String::new() };
        let module = Modules::new(&Shouts).get(&source, None, Dialect::OpenTofu).unwrap();
        let interface = &module.interface;
        assert_eq!((interface.encryption.is_some(), interface.has_computed_sources), expected, "{text}");
    }
}
