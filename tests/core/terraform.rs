//! Claims about terraform's output, checked with a real terraform.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use eos::error::{Code, Error, Result};
use eos::model;
use eos::process::{Cancel, Cause, Command, Exit, Guardian, Limits, run};
use eos::terraform::{
    ApplyArguments, Diagnostic, Event, InitArguments, PlanArguments, Product, Refresh, TerraformFolders,
    Tool, environment, explain, parse,
};

use crate::support::program;

/// A module in a folder, and the terraform of this machine.
struct Bench {
    folder: tempfile::TempDir,
    tool: Tool,
    cli_config: Option<PathBuf>,
}

struct Said {
    exit: Exit,
    events: Vec<Event>,
    diagnostics: Vec<Diagnostic>,
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn locate(binary: &str, version: &str) -> Result<Tool> {
    let settings = model::TerraformSettings {
        binary: binary.to_owned(),
        version: model::VersionConstraint::parse(version).unwrap(),
        env: BTreeMap::new(),
        pass_env: BTreeSet::new(),
        cli_config_file: None,
    };
    wait(Tool::locate(&settings, &Guardian::start().unwrap(), &Cancel::new()))
}

/// None, with a message, if there is no terraform; with `CI=true` this is a failure.
fn bench(main: &str) -> Option<Bench> {
    let tool = match locate("terraform", ">=1.5") {
        Ok(tool) => tool,
        Err(error)
            if error.code == Code::TerraformMissing && std::env::var("CI").as_deref() != Ok("true") =>
        {
            eprintln!("SKIPPED, missing: terraform");
            return None;
        }
        Err(error) => panic!("{error}"),
    };
    let bench = Bench { folder: tempfile::tempdir().unwrap(), tool, cli_config: None };
    bench.write("main.tf", main);
    Some(bench)
}

impl Bench {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn plan(&self, out: &str) -> Vec<OsString> {
        let (out, state) = (self.path(out), Some(self.path("state")));
        PlanArguments {
            out,
            variable_files: Vec::new(),
            state,
            destroy: false,
            lock: true,
            refresh: Refresh::First,
            targets: Vec::new(),
            replace: Vec::new(),
        }
        .arguments()
    }

    fn apply(&self, plan: &str) -> Vec<OsString> {
        ApplyArguments {
            plan: self.path(plan),
            state: Some(self.path("state")),
            may_forget: false,
            variable_file: None,
        }
        .arguments()
    }

    fn terraform(&self, step: &str, args: Vec<OsString>, cancel: &Cancel) -> Said {
        let folders = TerraformFolders {
            home: self.folder.path().into(),
            data: self.path(".terraform"),
            cli_config: self.cli_config.clone(),
        };
        let command = Command {
            program: self.tool.path.clone(),
            args,
            cwd: self.folder.path().into(),
            env: environment(std::env::vars_os(), std::iter::empty(), &BTreeSet::new(), &folders),
            stdout: self.path(&format!("{step}.stdout")),
            stderr: self.path(&format!("{step}.stderr")),
            room: 0,
            stdin: None,
            lock: None,
        };
        let limits = Limits { timeout: Duration::from_secs(120), stop_grace: Duration::from_secs(60) };
        let events = RefCell::new(Vec::new());
        let guardian = Guardian::start().unwrap();
        let exit = wait(run(&command, &limits, &guardian, cancel, &mut |line| {
            events.borrow_mut().push(parse(line).unwrap());
        }))
        .unwrap();
        let events = events.into_inner();
        let diagnostics = events.iter().filter_map(|event| match event {
            Event::Diagnostic(diagnostic) => Some(diagnostic.clone()),
            _ => None,
        });
        Said { exit, diagnostics: diagnostics.collect(), events }
    }

    fn done(&self, step: &str, args: Vec<OsString>, code: i32) -> Said {
        let said = self.terraform(step, args, &Cancel::new());
        assert_eq!(said.exit.code, Some(code), "{step}: {:?} {}", said.diagnostics, said.exit.stderr_tail);
        said
    }

    fn refused(&self, step: &str, args: Vec<OsString>) -> Error {
        let said = self.done(step, args, 1);
        explain(step, &said.diagnostics, &said.exit, &said.exit.stderr_tail)
    }
}

const INIT: InitArguments = InitArguments { reconfigure: false, readonly_lock_file: false, upgrade: false };
const ONE: &str = r#"resource "terraform_data" "one" { input = "x" }"#;

fn until(file: &Path) {
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while !file.exists() {
        assert!(std::time::Instant::now() < deadline, "{} never came", file.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_tool_is_found_with_its_product_and_its_version_is_checked() {
    let Some(bench) = bench(ONE) else { return };
    let product = if program::used().is_tofu { Product::OpenTofu } else { Product::Terraform };
    assert_eq!(bench.tool.product, product);
    assert!(bench.tool.path.is_absolute());
    let error = locate("terraform", &format!("!= {}", bench.tool.version)).unwrap_err();
    assert_eq!(error.code, Code::TerraformVersion);
    assert!(error.message.contains(&bench.tool.version.to_string()), "{error}");
}

#[test]
fn a_program_is_missing_from_path_or_from_its_configured_path() {
    let error = locate("no-such-terraform", ">=1.5").unwrap_err();
    assert_eq!(
        (error.code, error.message.as_str()),
        (Code::TerraformMissing, "no-such-terraform is not on PATH")
    );
    let error = locate("/no/such/terraform", ">=1.5").unwrap_err();
    assert_eq!(
        (error.code, error.message.as_str()),
        (Code::TerraformMissing, "/no/such/terraform does not exist")
    );
}

#[test]
fn the_events_of_a_plan_and_its_apply_are_read() {
    let Some(bench) = bench(ONE) else { return };
    let planned = bench.done("plan", bench.plan("p"), 2);
    let planned_one = |event: &Event| {
        matches!(event, Event::PlannedChange(one)
            if one.resource.address == "terraform_data.one" && one.action.word() == "create")
    };
    assert!(planned.events.iter().any(planned_one), "{:?}", planned.events);
    let added_one = |event: &Event| matches!(event, Event::ChangeSummary(sum) if sum.counts.add == 1);
    assert!(planned.events.iter().any(added_one), "{:?}", planned.events);
    let applied = bench.done("apply", bench.apply("p"), 0);
    let started =
        |event: &Event| matches!(event, Event::ApplyStart(one) if one.resource.kind == "terraform_data");
    assert!(applied.events.iter().any(started), "{:?}", applied.events);
    let completed = |event: &Event| matches!(event, Event::ApplyComplete(one) if one.resource.name == "one");
    assert!(applied.events.iter().any(completed), "{:?}", applied.events);
    assert_eq!(bench.done("plan", bench.plan("p"), 0).exit.stopped, None);
}

#[test]
fn an_error_in_a_module_is_reported_in_terraforms_words_with_its_line() {
    let Some(bench) = bench("\noutput \"x\" { value = terraform_data.absent.id }") else { return };
    let error = bench.refused("plan", bench.plan("p"));
    assert_eq!(error.code, Code::TerraformFailed);
    assert!(error.message.contains("absent") && error.message.contains("[main.tf:2]"), "{error}");
}

#[test]
fn a_held_state_lock_is_reported_with_its_holder() {
    let gated = r#"resource "terraform_data" "one" {
      provisioner "local-exec" { command = "touch up; while ! test -e gate; do sleep 0.1; done" }
    }"#;
    let Some(bench) = bench(gated) else { return };
    bench.done("plan", bench.plan("p"), 2);
    std::thread::scope(|scope| {
        let holder = scope.spawn(|| bench.done("apply", bench.apply("p"), 0));
        until(&bench.path("up"));
        let error = bench.refused("plan", bench.plan("q"));
        bench.write("gate", "");
        assert_eq!(error.code, Code::StateLocked, "{error}");
        let lock = &error.details["lock"];
        for key in ["id", "who", "created"] {
            assert!(lock[key].as_str().is_some_and(|value| !value.is_empty()), "{key}: {lock}");
        }
        assert_eq!(lock["operation"], "OperationTypeApply");
        assert!(error.message.contains(lock["id"].as_str().unwrap()), "{error}");
        holder.join().unwrap();
    });
}

#[test]
fn a_cancel_during_an_apply_keeps_created_resources_and_stops_the_others() {
    let two = r#"
      resource "terraform_data" "one" {}
      resource "terraform_data" "two" {
        depends_on = [terraform_data.one]
        provisioner "local-exec" { command = "touch up; exec sleep 300" }
      }"#;
    let Some(bench) = bench(two) else { return };
    bench.done("plan", bench.plan("p"), 2);
    let cancel = Cancel::new();
    let said = std::thread::scope(|scope| {
        let applying = scope.spawn(|| bench.terraform("apply", bench.apply("p"), &cancel));
        until(&bench.path("up"));
        cancel.cancel(Cause::User);
        applying.join().unwrap()
    });
    assert_eq!((said.exit.code, said.exit.stopped, said.exit.cut_short), (Some(1), Some(Cause::User), None));
    let state = fs::read_to_string(bench.path("state")).unwrap();
    // OpenTofu writes it without spaces.
    let state = state.replace(' ', "");
    assert!(state.contains(r#""name":"one""#) && state.contains("tainted"), "{state}");
}

#[test]
fn a_plan_of_an_older_state_is_stale() {
    let Some(bench) = bench(ONE) else { return };
    bench.done("plan", bench.plan("old"), 2);
    bench.done("plan", bench.plan("new"), 2);
    bench.done("apply", bench.apply("new"), 0);
    assert_eq!(bench.refused("apply", bench.apply("old")).code, Code::PlanStale);
}

#[test]
fn an_unreadable_state_is_not_treated_as_a_held_lock() {
    let Some(bench) = bench(ONE) else { return };
    for text in ["{\"version\":4,", "text", "{\"version\":9}"] {
        bench.write("state", text);
        assert_eq!(bench.refused("plan", bench.plan("p")).code, Code::StateCorrupt, "{text}");
    }
}

#[test]
fn a_changed_backend_is_reported_by_plan_and_by_init() {
    let Some(bench) = bench("terraform {\n  backend \"local\" { path = \"one\" }\n}") else { return };
    let plan = PlanArguments {
        out: bench.path("p"),
        variable_files: Vec::new(),
        state: None,
        destroy: false,
        lock: true,
        refresh: Refresh::First,
        targets: Vec::new(),
        replace: Vec::new(),
    };
    assert_eq!(bench.refused("plan", plan.arguments()).code, Code::BackendChanged);
    bench.done("init", INIT.arguments(), 0);
    bench.write("main.tf", "terraform {\n  backend \"local\" { path = \"two\" }\n}");
    assert_eq!(bench.refused("plan", plan.arguments()).code, Code::BackendChanged);
    assert_eq!(bench.refused("init", INIT.arguments()).code, Code::BackendChanged);
    bench.done("init", InitArguments { reconfigure: true, ..INIT }.arguments(), 0);
}

#[test]
fn a_backend_that_does_not_answer_is_reported() {
    let http =
        "terraform {\n  backend \"http\" {\n    address = \"http://127.0.0.1:1/\"\n    retry_max = 0\n  }\n}";
    let Some(bench) = bench(http) else { return };
    assert_eq!(bench.refused("init", INIT.arguments()).code, Code::BackendUnreachable);
}

#[test]
fn a_module_for_another_terraform_version_is_reported() {
    // OpenTofu 1.12 reads it only in a `.tofu` file: see `opentofu.rs`.
    if !program::has("1.5", "never") {
        return;
    }
    let Some(bench) = bench("terraform {\n  required_version = \">= 99\"\n}") else { return };
    assert_eq!(bench.refused("init", INIT.arguments()).code, Code::TerraformTooOld);
    assert_eq!(bench.refused("plan", bench.plan("p")).code, Code::TerraformTooOld);
}

#[test]
fn an_unavailable_provider_is_distinguished_from_one_that_differs_from_the_lock_file() {
    let needs = "terraform {\n  required_providers {\n    eos = { source = \"example.com/eos/eos\" }\n  }\n}";
    let Some(mut bench) = bench(needs) else { return };
    bench.write("rc", "provider_installation {\n  filesystem_mirror { path = \"mirror\" }\n}");
    bench.cli_config = Some(bench.path("rc"));
    fs::create_dir(bench.path("mirror")).unwrap();
    assert_eq!(bench.refused("init", INIT.arguments()).code, Code::ProviderUnavailable);

    // Terraform does not start a provider during its installation, so any file of that name is enough.
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let package = bench.path("mirror/example.com/eos/eos/1.0.0").join(format!("linux_{arch}"));
    fs::create_dir_all(&package).unwrap();
    let provider = package.join("terraform-provider-eos_v1.0.0");
    fs::write(&provider, "one").unwrap();
    let readonly = InitArguments { readonly_lock_file: true, ..INIT };
    assert_eq!(bench.refused("init", readonly.arguments()).code, Code::ProviderLock);
    assert_eq!(bench.refused("plan", bench.plan("p")).code, Code::ProviderLock);
    bench.done("init", INIT.arguments(), 0);

    fs::write(&provider, "another").unwrap();
    fs::remove_dir_all(bench.path(".terraform")).unwrap();
    assert_eq!(bench.refused("plan", bench.plan("p")).code, Code::ProviderUnavailable);
    assert_eq!(bench.refused("init", INIT.arguments()).code, Code::ProviderLock);
}
