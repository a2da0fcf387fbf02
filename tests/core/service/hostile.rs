//! Texts that look like templates or syntax go from the pillar through Terraform to Nomad, and arrive unchanged.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use super::{generate, parsed, site};
use crate::support::pair::pair;
use crate::support::script::executable;
use crate::support::world::World;
use crate::support::{Site, statuses};

const KNOWN: [&str; 33] = [
    "",
    " ",
    "\"",
    "\\",
    "\\\\\"",
    "\\b\\f\\n\\u0041",
    "a\nb\r\n\tc",
    "\u{8}\u{c}\u{1}\u{1f}\u{7f}",
    "${x}",
    "$${x}",
    "$$${x}",
    "%{x}",
    "%%{ if true }x%{ endif }",
    "code=%{http_code}",
    "${1:-x} ${upper(\"x\")} ${a.b}",
    "%${x}$%{y}",
    "${",
    "}",
    "$",
    "%",
    "$\\u0024{",
    "\\${x}",
    "${NOMAD_PORT_http}",
    "{{ env \"HOME\" }}",
    "{{ with secret }}{{ end }}",
    "<<EOF\nx\nEOF",
    "</script>&amp;",
    "\u{2028}\u{2029}\u{feff}",
    "# // /* */",
    "ünï-日本-🙂",
    "'$(id)' `id`",
    "${file(\"/etc/passwd\")}",
    "jsonencode(var.env)",
];

/// Texts that Unicode's normal form does not change, because Terraform converts every text to it.
fn letters() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -~\\n\\t\\r]{0,8}",
        "[$%{}\"\\\\]{1,6}",
        "[\u{1}-\u{1f}\u{7f}]{1,2}",
        "[а-я一-三😀-😎]{1,4}",
        Just("${".to_owned()),
        Just("%{".to_owned()),
        Just("\\".to_owned()),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// Known hostile texts, and random ones that are the same each time.
fn hostile() -> BTreeMap<String, String> {
    let mut runner =
        TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let drawn = (0..150).map(|_| letters().new_tree(&mut runner).unwrap().current());
    let all = KNOWN.into_iter().map(str::to_owned).chain(drawn);
    // Eos refuses texts that look like references.
    let all = all
        .filter(|text| !["env:", "file:", "vault:", "sdb://"].iter().any(|prefix| text.starts_with(prefix)));
    all.enumerate().map(|(index, text)| (format!("H{index}"), text)).collect()
}

/// The job as terraform itself renders it: the module's own files, with an output instead of the job.
fn rendered(site: &Site, service: &str, values: &Value) -> String {
    let report = generate(site, service);
    let files = report["files"].as_object().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text.as_str().unwrap()).unwrap();
    }
    let main = files["main.tf"].as_str().unwrap();
    let (_, locals) = main.split_once("provider \"nomad\" {}").unwrap();
    let (locals, resource) = locals.split_once("resource \"nomad_job\"").unwrap();
    let jobspec = resource.lines().find_map(|line| line.trim().strip_prefix("jobspec = ")).unwrap();
    let text = format!("{locals}\noutput \"jobspec\" {{\n  value = {jobspec}\n}}\n");
    std::fs::write(folder.path().join("main.tf"), text).unwrap();
    std::fs::remove_file(folder.path().join("outputs.tf")).unwrap();
    std::fs::write(folder.path().join("terraform.tfvars.json"), values.to_string()).unwrap();
    terraform(folder.path(), &["apply", "-auto-approve", "-input=false", "-no-color"]);
    let outputs = terraform(folder.path(), &["output", "-json"]);
    let outputs: Value = serde_json::from_str(&outputs).unwrap();
    outputs["jobspec"]["value"].as_str().unwrap().to_owned()
}

fn terraform(folder: &Path, words: &[&str]) -> String {
    let done = Command::new("terraform")
        .args(words)
        .current_dir(folder)
        .env("TF_CLI_CONFIG_FILE", "/dev/null")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// The deployment id in a registration: a digest of its input.
fn deployment_id(job: &str) -> &str {
    let (_, rest) = job.split_once("deployment_id = \"").unwrap();
    rest.split_once('"').unwrap().0
}

#[test]
fn hostile_texts_come_back_unchanged_from_nomad() {
    let Some(pair) = pair() else { return };
    let texts = hostile();
    let list: Vec<_> = texts.values().cloned().collect();
    let meta: BTreeMap<_, _> =
        texts.iter().map(|(name, text)| (format!("{name}.x-y"), text.clone())).collect();
    let nested: BTreeMap<_, _> =
        texts.iter().map(|(name, text)| (text.clone(), json!([name, text]))).collect();
    let quoted = "a \"b\" ${c} %{d} \\ \n {{ e }}";
    let service = json!({
        "command": "/bin/${x}\"%{y}", "args": list, "port": 80, "check": { "type": "tcp" },
        "env": texts, "meta": meta, "tags": list, "config": { "nested": nested, "text": quoted },
        "driver": "mock_driver", "volumes": { "v": { "path": "/a ${b} \"c\"" } },
        "constraints": [{ "attribute": "${attr.x}", "operator": "regexp", "value": quoted }],
    });
    let site = site(json!({ "web": service }));
    let shown = generate(&site, "web")["job"].as_str().unwrap().to_owned();
    let values = json!({
        "command": "/bin/${x}\"%{y}", "args": list, "port": 80, "env": texts, "meta": meta, "tags": list,
        "cpu": 200, "memory": 512, "replicas": 2, "datacenters": ["*"], "namespace": "default",
        "environment": "staging", "deployment_id": deployment_id(&shown),
    });
    let job = rendered(&site, "web", &values);
    assert_eq!(shown, job, "what is shown is what terraform renders");
    let parsed = parsed(&pair.nomad, &job);
    let task = &parsed["TaskGroups"][0]["Tasks"][0];
    assert_eq!(task["Env"], json!(texts));
    // Nomad evaluates these as templates once more. The test that runs the job checks what the driver gets.
    assert_eq!(task["Config"]["args"].as_array().unwrap().len(), list.len());
    assert_eq!(
        task["Config"]["text"],
        "a \"b\" ${hasindex(env, \"c\") ? env[\"c\"] : \"\\u0024{c}\"} %%{d} \\ \n {{ e }}"
    );
    assert_eq!(task["VolumeMounts"][0]["Destination"], "/a ${b} \"c\"");
    assert_eq!(parsed["TaskGroups"][0]["Services"][0]["Tags"], json!(list));
    assert_eq!(parsed["Constraints"][0]["RTarget"], json!(quoted));
    assert_eq!(parsed["Constraints"][0]["LTarget"], "${attr.x}");
    let mut expected = json!(meta);
    for (key, value) in [("managed_by", "eos"), ("component", "nomad-web"), ("environment", "staging")] {
        expected[key] = json!(value);
    }
    assert_eq!(parsed["Meta"], expected);
    // Nomad stores a mapping in a driver's settings as a list with one entry.
    assert_eq!(task["Config"]["nested"][0].as_object().unwrap().len(), nested.len());
}

/// Prints its arguments, and the port that Nomad gives it.
const PRINTS: &str =
    "import json, os, sys; print(json.dumps([sys.argv[1:], os.environ['NOMAD_PORT_http']]), flush=True)";

#[test]
fn a_task_gets_its_texts_as_in_the_pillar_except_for_nomads_own_variables() {
    let (Some(pair), Some(world)) = (pair(), World::new()) else { return };
    // HCL loses the escape of a doubled mark on a line with a bare carriage return.
    let is_lost = |text: &str| text.contains('\r') && (text.contains("$${") || text.contains("%%{"));
    let list: Vec<_> = hostile().into_values().filter(|text| !is_lost(text)).collect();
    let mut site = site(json!({}));
    let program = site.folder.path().join("prints %{x} ${y} $${z}");
    executable(&program, &format!("#!/usr/bin/env python3\n{PRINTS}\n"));
    let settings = &mut site.infrastructure["settings"];
    settings["terraform"] = json!({ "cli_config_file": world.cli_config() });
    settings["nomad"] = json!({ "address": pair.address() });
    let quoted = "a \"b\" ${c} %{d} %%{e} $${f} \\ {{ g }}";
    site.infrastructure["services"] = json!({
        "given": {
            "type": "batch", "command": program, "args": list, "ports": { "http": {} }, "provider": "nomad",
            "cpu": 20, "memory": 32, "restart": { "attempts": 0, "mode": "fail" },
        },
        "configured": {
            "type": "batch", "driver": "mock_driver", "config": { "run_for": "10ms", "stdout_string": quoted },
            "env": { "a": quoted }, "cpu": 20, "memory": 32,
        },
    });
    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["result"], true, "{report:#}");
    let printed = |job: &str| {
        let all = pair.nomad.get(&format!("/v1/job/{job}/allocations")).unwrap();
        let id = all[0]["ID"].as_str().unwrap();
        let path = format!("/v1/client/fs/logs/{id}?task={job}&type=stdout&origin=start&offset=0&plain=true");
        pair.nomad.call("GET", &path, "").1
    };
    let given: Value = serde_json::from_str(&printed("given")).unwrap();
    let port = given[1].as_str().unwrap();
    let expected: Vec<_> = list.iter().map(|text| text.replace("${NOMAD_PORT_http}", port)).collect();
    assert_eq!(given[0], json!(expected));
    assert_eq!(printed("configured"), quoted);
    // A batch job that has ended has the status dead, like a stopped service. It is not run again.
    let again = site.run("orchestrate", json!({}));
    assert!(statuses(&again).values().all(|status| status == "unchanged"), "{again:#}");
}

#[test]
fn a_path_and_an_image_that_look_like_templates_are_literals() {
    let Some(pair) = pair() else { return };
    let (image, source, path) = ("r/${x}\"", "/a ${var.env} \"b\" \\", "/c %{ if true } ${d} \"");
    let service = json!({ "image": image, "data_path": { "source": source, "path": path } });
    let site = site(json!({ "web": service }));
    let values = json!({
        "image": image, "data_path": source, "env": {}, "meta": {}, "cpu": 200, "memory": 512, "replicas": 2,
        "datacenters": ["*"], "namespace": "default", "environment": "staging",
    });
    let job = rendered(&site, "web", &values);
    assert_eq!(generate(&site, "web")["job"], job);
    let config = &parsed(&pair.nomad, &job)["TaskGroups"][0]["Tasks"][0]["Config"];
    // When Nomad evaluates the template, the result is the text again.
    let named =
        |name: &str| format!("${{hasindex(env, \"{name}\") ? env[\"{name}\"] : \"\\u0024{{{name}}}\"}}");
    assert_eq!(config["image"], image.replace("${x}", &named("x")));
    let mount = format!("{source}:{path}").replace("${var", "$${var").replace("%{", "%%{");
    assert_eq!(config["volumes"], json!([mount.replace("${d}", &named("d"))]));
}

#[test]
fn an_output_that_is_null_is_not_set_in_the_environment_of_the_task() {
    let mut site = site(json!({ "web": {
        "image": "x", "port": 80, "env": { "A": "a" }, "from_outputs": { "B": "db.one", "C": "db.two" },
    } }));
    site.component("db", "output \"one\" { value = 1 }\noutput \"two\" { value = null }", json!({}));
    let values = json!({
        "cpu": 1, "memory": 10, "datacenters": ["a"], "env": { "A": "a" }, "env_B": "1", "env_C": null,
        "image": "x", "meta": {}, "namespace": "n", "port": 1, "replicas": 1, "environment": "staging",
        "deployment_id": "d",
    });
    let job = rendered(&site, "web", &values);
    let env = job.lines().find_map(|line| line.trim().strip_prefix("env = "));
    assert_eq!(env, Some(r#"{"A":"a","B":"1"}"#), "{job}");
}

#[test]
fn a_nul_is_refused_with_its_path() {
    let site = site(json!({ "web": { "command": "/bin/x", "env": { "A": "a\0b" }, "args": ["a\0"] } }));
    let report = site.run("module.generate_nomad_job", json!({ "service": "web" }));
    let message = report["error"]["message"].as_str().unwrap();
    for place in ["services:web:env:A", "services:web:args"] {
        assert!(message.contains(place), "{message}");
    }
}
