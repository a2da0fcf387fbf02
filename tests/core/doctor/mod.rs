//! Claims about the doctor: what it finds, that it needs nothing to be well, and that it leaves nothing.

mod host;
mod left;
mod rights;

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use eos::host::Host;
use eos::operation::CallerIdentity;
use eos::view::text;
use serde_json::{Value, json};

use crate::support::{NoSalt, Site};

/// The report of the doctor about these environments; none means all.
fn report(site: &Site, host: &dyn Host, environment: Option<&str>) -> Value {
    let arguments = environment.map_or_else(|| json!({}), |one| json!({ "environment": one }));
    let report = site.call(host, CallerIdentity::default(), "doctor", arguments);
    let checks = report["checks"].as_array().unwrap_or_else(|| panic!("no checks in {report:#}"));
    let is_wrong = checks.iter().any(|check| check["status"] == "wrong");
    assert_eq!((report["result"] == false, report["retcode"] == 1), (is_wrong, is_wrong), "{report:#}");
    for check in checks {
        let is_bad = check["status"] == "wrong" || check["status"] == "warning";
        let has_remedy = check["code"].is_string() && check["remedy"] != "";
        // What could not be checked may have a remedy too.
        assert!(check["status"] == "unknown" || is_bad == has_remedy, "{check:#}");
    }
    let drawn = text(&report, false);
    let commands: Vec<_> = checks.iter().flat_map(|check| check["commands"].as_array().unwrap()).collect();
    // A command that is longer than a line stands alone, to be copied as one piece.
    let fits = |line: &str| line.chars().count() <= 80 || commands.iter().any(|one| *one == line.trim());
    assert!(drawn.lines().all(fits), "{drawn}");
    for command in commands {
        let is_whole = drawn.lines().any(|line| line.contains(command.as_str().unwrap()));
        assert!(is_whole, "{command} is broken in\n{drawn}");
    }
    report
}

fn doctor(site: &Site) -> Value {
    report(site, &NoSalt, None)
}

/// `group name status code` of each check that has one of these names.
fn found(report: &Value, names: &[&str]) -> Vec<String> {
    let checks = report["checks"].as_array().unwrap().iter();
    let text = |check: &Value, key: &str| check[key].as_str().unwrap_or("-").to_owned();
    checks
        .filter(|check| names.contains(&check["name"].as_str().unwrap()))
        .map(|check| ["group", "name", "status", "code"].map(|key| text(check, key)).join(" "))
        .collect()
}

/// The only check with this code.
fn with_code<'a>(report: &'a Value, code: &str) -> &'a Value {
    let of_code: Vec<_> =
        report["checks"].as_array().unwrap().iter().filter(|check| check["code"] == code).collect();
    let [one] = of_code[..] else { panic!("{code}: {of_code:#?} in {report:#}") };
    one
}

/// Every path below the folder, with what a change would change.
fn tree(folder: &Path) -> BTreeMap<String, (u32, u64, i64, i64)> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        let about = std::fs::symlink_metadata(&next).unwrap();
        let what = (about.mode(), about.len(), about.mtime(), about.mtime_nsec());
        found.insert(next.display().to_string(), what);
        if about.is_dir() {
            open.extend(std::fs::read_dir(&next).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    found
}

#[test]
fn a_site_that_is_well_has_nothing_wrong_and_is_not_touched() {
    let mut site = Site::with_net();
    site.infrastructure["environments"]["production"] = json!({});
    let before_any_run = doctor(&site);
    assert_eq!(before_any_run["result"], true, "{before_any_run:#}");
    assert!(!site.folder.path().join("root").exists(), "the doctor made the root");

    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    let before = tree(&site.folder.path().join("root"));
    let after_a_run = doctor(&site);
    assert_eq!(tree(&site.folder.path().join("root")), before);
    assert_eq!(after_a_run["result"], true, "{after_a_run:#}");
    assert_eq!(
        found(&after_a_run, &["pillar", "root", "disk", "clock", "program", "backends", "locks", "runs"]),
        [
            "salt pillar ok -",
            "host root ok -",
            "host disk ok -",
            "host clock ok -",
            "terraform program ok -",
            "terraform backends ok -",
            "terraform locks ok -",
            "terraform runs ok -",
        ]
    );
    // What holds for both environments is one line without a name.
    let checks = after_a_run["checks"].as_array().unwrap();
    assert!(checks.iter().all(|check| check["environments"] == json!([])), "{after_a_run:#}");
    let drawn = text(&after_a_run, false);
    assert!(drawn.starts_with("all environments: "), "{drawn}");
}

#[test]
fn without_a_readable_pillar_this_host_is_examined_nevertheless() {
    let site = Site::with_net();
    let broken: [(Value, Option<&str>, &str); 4] = [
        (Value::Null, None, "does not have this key"),
        (json!({ "settings": {} }), None, "has no environment"),
        (site.infrastructure.clone(), Some("stagging"), "did you mean \"staging\""),
        (json!("text"), Some("staging"), "has no environment"),
    ];
    for (infrastructure, environment, said) in broken {
        let folder = tempfile::tempdir().unwrap();
        let site = Site { folder, infrastructure };
        let report = report(&site, &NoSalt, environment);
        let pillar: Vec<_> =
            report["checks"].as_array().unwrap().iter().filter(|one| one["name"] == "pillar").collect();
        assert!(
            pillar.iter().any(|one| one["message"].as_str().unwrap().contains(said)),
            "{said}: {report:#}"
        );
        let others = found(&report, &["disk", "program", "clock", "runs"]);
        assert!(others.len() >= 4, "{others:?}");
    }
}

#[test]
fn a_broken_module_is_one_line_that_names_the_command_for_the_others() {
    let mut site = Site::with_net();
    site.infrastructure["components"]["net"]["source"] = json!("/nonexistent/module");
    site.infrastructure["components"]["app"] = json!({ "source": "/nonexistent/other" });
    let report = doctor(&site);
    let pillar = with_code(&report, "invalid");
    assert!(pillar["message"].as_str().unwrap().starts_with("2 problems, first: "), "{pillar:#}");
    assert!(pillar["remedy"].as_str().unwrap().contains("infrastructure.validate staging"), "{pillar:#}");
    assert_eq!(found(&report, &["program"]), ["terraform program ok -"]);
}

#[test]
fn a_wrong_call_is_refused() {
    let report =
        Site::with_net().call(&NoSalt, CallerIdentity::default(), "doctor", json!({ "nonsense": 1 }));
    assert_eq!(report["error"]["code"], "invalid", "{report:#}");
}

#[test]
fn the_doctor_is_not_content_where_validate_is_not() {
    let mut site = Site::new();
    site.component("net", "variable \"cidr\" {}\n", json!({}));
    let report = doctor(&site);
    let lacking = with_code(&report, "missing_variable");
    assert_eq!((&lacking["name"], &lacking["status"]), (&json!("pillar"), &json!("wrong")), "{lacking:#}");
    assert!(lacking["remedy"].as_str().unwrap().contains("'variables={cidr: VALUE}'"), "{lacking:#}");
    site.component("app", "output \"x\" { value = var.nothing }\n", json!({}));
    let report = doctor(&site);
    let pillar: Vec<_> =
        report["checks"].as_array().unwrap().iter().filter(|one| one["name"] == "pillar").collect();
    let [both] = pillar[..] else { panic!("{report:#}") };
    assert!(both["message"].as_str().unwrap().starts_with("2 components would fail, first: "), "{both:#}");
    assert!(both["remedy"].as_str().unwrap().contains("infrastructure.validate staging"), "{both:#}");
    assert_eq!(site.run("validate", json!({}))["result"], false);
}

#[test]
fn a_reference_that_this_host_cannot_read_is_found_wherever_it_is() {
    let mut site = Site::with_net();
    site.infrastructure["components"]["net"]["secrets"] = json!({});
    let webhook = |url: &str| json!({ "webhook": { "url": url } });
    site.infrastructure["components"]["net"]["hooks"] = json!([webhook("file:/nonexistent/url")]);
    site.infrastructure["settings"]["run_hooks"] = json!([webhook("env:EOS_TEST_UNSET")]);
    site.infrastructure["settings"]["terraform"] =
        json!({ "env": { "AWS_REGION": "env:EOS_TEST_UNSET_TOO" } });
    let report = doctor(&site);
    let mut of: Vec<_> =
        report["checks"].as_array().unwrap().iter().filter(|one| one["name"] == "references").collect();
    of.sort_by_key(|one| one["message"].to_string());
    let said: Vec<_> =
        of.iter().map(|one| (one["status"].as_str(), one["message"].as_str().unwrap())).collect();
    let [hook, run_hook, env] = said[..] else { panic!("{report:#}") };
    assert_eq!(hook.0, Some("warning"));
    assert!(hook.1.starts_with("infrastructure:components:net:hooks:0:webhook:url: file:/nonexistent/url"));
    assert_eq!(
        run_hook,
        (Some("warning"), "infrastructure:settings:run_hooks:0:webhook:url: env:EOS_TEST_UNSET is not set")
    );
    assert_eq!(
        env,
        (
            Some("wrong"),
            "infrastructure:settings:terraform:env:AWS_REGION: env:EOS_TEST_UNSET_TOO is not set"
        )
    );
    // `validate` may run elsewhere, so that it only notes them.
    let validated = site.run("validate", json!({}));
    assert_eq!(validated["result"], true, "{validated:#}");
    assert!(
        validated["notes"]["net"][0].as_str().unwrap().contains("file:/nonexistent/url"),
        "{validated:#}"
    );
    assert_eq!(validated["notes"]["settings"].as_array().unwrap().len(), 2, "{validated:#}");
}
