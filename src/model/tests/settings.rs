use std::time::Duration;

use serde_json::{Value, json};

use super::super::{Approver, OnFailure, Overrides, Reference, read};
use super::{draft, pillar, problems, said};

fn wrong(settings: Value) -> Vec<String> {
    problems(&pillar(settings, json!({})))
}

fn lock_timeout(value: Value) -> Duration {
    draft(&pillar(json!({ "lock_timeout": value }), json!({}))).settings.lock_timeout
}

#[test]
fn a_pillar_without_settings_has_the_documented_defaults() {
    let read = draft(&pillar(json!(null), json!(null))).settings;
    assert_eq!(read.root.to_str(), Some("/srv/terraform"));
    assert_eq!(read.terraform.binary, "terraform");
    assert_eq!(read.terraform.version.to_string(), ">=1.5");
    assert!(read.backend.is_local());
    assert_eq!((read.parallelism.get(), read.on_failure), (4, OnFailure::Stop));
    assert_eq!(read.lock_timeout, Duration::from_secs(300));
    let limits = [read.timeouts.init, read.timeouts.plan, read.timeouts.apply, read.timeouts.stop_grace];
    assert_eq!(limits.map(|limit| limit.as_secs() / 60), [10, 30, 120, 10]);
    assert!(!read.policy.allow_destroy && read.policy.max_destroys.is_none());
}

#[test]
fn a_pillar_that_spells_out_every_default_is_valid() {
    let defaults = json!({
        "root": "/srv/terraform",
        "terraform": {
            "binary": "terraform", "version": ">=1.5", "env": {}, "pass_env": [], "cli_config_file": null,
        },
        "backend": { "type": "local" },
        "lock": { "type": "file" },
        "lock_timeout": "5m",
        "parallelism": 4,
        "concurrency": {},
        "timeouts": { "init": "10m", "plan": "30m", "apply": "2h", "stop_grace": "10m" },
        "on_failure": "stop",
        "rollback": { "needs_approval_for": ["delete", "replace"], "on_first_failure": "keep" },
        "policy": { "allow_destroy": false, "max_destroys": null, "protect": [] },
        "credentials": {}, "nomad": { "retry_for": "15s" }, "consul": { "retry_for": "15s" }, "vault": {},
    });
    assert_eq!(wrong(defaults), Vec::<String>::new());
}

#[test]
fn each_server_that_is_away_is_asked_again_for_as_long_as_the_pillar_says() {
    let read = |settings: Value| {
        let read = draft(&pillar(settings, json!(null))).settings;
        [read.nomad.retry_for, read.consul.retry_for, read.vault.unwrap().retry_for]
            .map(|time| time.as_secs())
    };
    let vault = json!({ "address": "https://v:8200", "auth": { "method": "token", "token": "env:T" } });
    assert_eq!(read(json!({ "vault": vault })), [15, 15, 15]);
    let mut vault = vault;
    vault["retry_for"] = json!("2m");
    let said = json!({ "nomad": { "retry_for": 0 }, "consul": { "retry_for": "1m" }, "vault": vault });
    assert_eq!(read(said), [0, 60, 120]);
    for server in ["nomad", "consul"] {
        let messages = wrong(json!({ server: { "retry_for": "soon" } }));
        assert!(
            messages[0].starts_with(&format!("infrastructure:settings:{server}:retry_for: must be a dur"))
        );
    }
    // A lock has its own patience.
    let messages = wrong(json!({ "lock": { "type": "consul", "retry_for": 1 } }));
    assert!(messages[0].contains("lock:retry_for: unknown key"), "{messages:?}");
}

#[test]
fn settings_that_are_not_a_mapping_are_refused_at_each_level() {
    for lost in [json!([{ "parallelism": 1 }]), json!("parallelism"), json!(false)] {
        assert_eq!(wrong(lost.clone()), ["infrastructure:settings: must be a mapping"]);
        let own = json!({ "environments": { "staging": { "settings": lost } } });
        assert_eq!(problems(&own), ["infrastructure:environments:staging:settings: must be a mapping"]);
    }
}

#[test]
fn a_required_key_with_null_is_missing() {
    let settings = json!({
        "vault": { "address": "https://vault.example", "auth": { "method": "token", "token": null } },
        "hooks": [{ "webhook": { "url": null } }, { "prometheus": { "file": "/{environment}/{component}.json", "targets": null } }],
    });
    let expected = ["hooks:0:webhook:url", "hooks:1:prometheus:targets", "vault:auth:token"];
    let messages = wrong(settings);
    assert_eq!(messages.len(), expected.len(), "{messages:?}");
    for (message, path) in messages.iter().zip(expected) {
        assert!(message.starts_with(&format!("infrastructure:settings:{path}: is missing")), "{messages:?}");
    }
}

#[test]
fn every_problem_is_reported_and_none_hides_another() {
    let messages = wrong(json!({
        "root": "relative", "paralelism": 3, "parallelism": 0, "on_failure": "explode",
        "rollback": { "needs_approval_for": ["update"], "on_first_failure": "panic" },
        "timeouts": { "plan": "soon" }, "concurrency": { "aws": "x" }, "policy": [],
        "terraform": { "version": "new", "pass_env": 1, "env": { "A": [] } },
    }));
    let expected = [
        "infrastructure:settings:concurrency:aws: must be a positive integer",
        "infrastructure:settings:on_failure: must be one of: stop, continue, rollback",
        "infrastructure:settings:parallelism: must be a positive integer",
        "infrastructure:settings:paralelism: unknown key; did you mean \"parallelism\"?",
        "infrastructure:settings:policy: must be a mapping",
        "infrastructure:settings:rollback:needs_approval_for: must be a list of: delete, replace",
        "infrastructure:settings:rollback:on_first_failure: must be one of: keep, destroy",
        "infrastructure:settings:root: must be an absolute path",
        "infrastructure:settings:terraform:env:A: must be a text or a reference",
        "infrastructure:settings:terraform:pass_env: must be a list of texts",
        "infrastructure:settings:terraform:version: must be a version constraint, such as \">=1.5, <2\"",
        "infrastructure:settings:timeouts:plan: must be a duration: a number of seconds, or a text such as \
         \"500ms\", \"5m\", \"1h30m\"",
    ];
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    assert_eq!(sorted(messages), sorted(expected.map(str::to_owned).to_vec()));
}

#[test]
fn a_duration_is_seconds_or_a_text_with_its_units() {
    let table =
        [(json!(90), 90_000), (json!("500ms"), 500), (json!("30s"), 30_000), (json!("1h30m"), 5_400_000)];
    for (value, milliseconds) in table {
        assert_eq!(lock_timeout(value.clone()), Duration::from_millis(milliseconds), "{value}");
    }
    for value in [json!(-1), json!(1.5), json!("5"), json!(""), json!("5 parsecs"), json!(true), json!([5])] {
        assert_eq!(wrong(json!({ "lock_timeout": value })).len(), 1, "{value}");
    }
}

#[test]
fn a_duration_too_long_for_a_clock_is_refused() {
    for value in [json!(u64::MAX), json!("500000000000y"), json!("400d")] {
        assert_eq!(wrong(json!({ "lock_timeout": value })).len(), 1, "{value}");
    }
}

#[test]
fn a_time_limit_of_zero_is_refused_except_for_the_lock_timeout() {
    assert_eq!(
        wrong(json!({ "timeouts": { "init": 0, "plan": "0s", "apply": 0, "stop_grace": 0 } })).len(),
        4
    );
    assert_eq!(lock_timeout(json!(0)), Duration::ZERO);
}

#[test]
fn a_binary_is_a_name_or_an_absolute_path() {
    for good in ["tofu", "/opt/bin/terraform"] {
        assert_eq!(wrong(json!({ "terraform": { "binary": good } })), Vec::<String>::new());
    }
    for bad in ["", "./terraform", "bin/terraform"] {
        assert_eq!(wrong(json!({ "terraform": { "binary": bad } })).len(), 1, "{bad:?}");
    }
}

#[test]
fn terraforms_environment_takes_values_and_references() {
    let env = json!({ "A": "plain", "B": "env:HOME", "C": "file:/run/c", "D": 5, "E": true });
    let read = draft(&pillar(json!({ "terraform": { "env": env } }), json!({}))).settings.terraform.env;
    let plain = |text: &str| Reference::Plain(text.to_owned());
    assert_eq!(read["A"], plain("plain"));
    assert_eq!(read["B"], Reference::Env("HOME".to_owned()));
    assert_eq!(read["C"], Reference::File("/run/c".into()));
    assert_eq!((&read["D"], &read["E"]), (&plain("5"), &plain("true")));
}

#[test]
fn a_name_or_value_that_no_process_environment_accepts_is_refused_without_the_value() {
    for (key, value) in
        [("", "hidden"), ("A=B", "hidden"), ("A B", "hidden"), ("1A", "hidden"), ("A", "hid\0den")]
    {
        let messages = wrong(json!({ "terraform": { "env": { key: value } } }));
        assert!(messages.len() == 1 && !messages[0].contains("hid"), "{messages:?}");
    }
    assert_eq!(wrong(json!({ "terraform": { "pass_env": ["GOOD", "A=B"] } })).len(), 1);
}

#[test]
fn an_unknown_environment_is_refused_with_the_nearest_or_with_those_that_exist() {
    let two = json!({ "environments": { "staging": {}, "production": {} } });
    let refused = |environment: &str| {
        let (draft, problems) = read(&two, environment, &Overrides::default());
        assert!(draft.is_none());
        said(problems)
    };
    assert_eq!(
        refused("stagin"),
        ["infrastructure:environments: no environment \"stagin\"; did you mean \"staging\"?"]
    );
    assert_eq!(
        refused("dev"),
        ["infrastructure:environments: no environment \"dev\"; there are: production, staging"]
    );
}

#[test]
fn a_missing_or_malformed_pillar_is_refused() {
    for infrastructure in [json!(null), json!({}), json!([]), json!("x"), json!({ "environments": [] })] {
        let (draft, problems) = read(&infrastructure, "staging", &Overrides::default());
        assert!(draft.is_none() && !problems.is_empty(), "{infrastructure}");
    }
}

#[test]
fn a_long_list_of_existing_names_is_truncated() {
    let environments: serde_json::Map<_, _> =
        (0..500).map(|index| (format!("e{index:03}"), json!({}))).collect();
    let (_, problems) = read(&json!({ "environments": environments }), "production", &Overrides::default());
    let messages = said(problems);
    assert!(
        messages[0].contains("e000") && messages[0].contains("480 more") && !messages[0].contains("e499"),
        "{messages:?}"
    );
}

#[test]
fn a_huge_key_is_refused_like_any_other() {
    let messages = wrong(json!({ "x".repeat(1_000_000): 1 }));
    assert!(messages.len() == 1 && messages[0].contains("unknown key; there are: "));
}

#[test]
fn empty_parts_of_the_pillar_are_accepted() {
    let component = json!({
        "source": "/m", "health": [], "hooks": [], "data": [], "rollback": {}, "template": null, "policy": null,
    });
    let mut infrastructure = pillar(json!({ "nomad": null, "lock": {} }), json!({ "net": component }));
    infrastructure["services"] = json!({});
    assert_eq!(problems(&infrastructure), Vec::<String>::new());
}

#[test]
fn the_approvals_of_an_environment_replace_single_rules_and_a_wrong_rule_is_named() {
    let rules = |settings: Value| draft(&pillar(settings, json!({}))).settings.approvals;
    for unset in [json!({}), json!({ "approvals": null }), json!({ "approvals": {} })] {
        assert_eq!(rules(unset), None);
    }
    let read = rules(json!({ "approvals": { "from": ["alice", "group:ops", "os:root"], "local": true } }));
    let read = read.unwrap();
    let from = ["alice", "group:ops", "os:root"].map(|text| Approver::parse(text).unwrap());
    assert_eq!((read.from, read.other_than_author, read.local), (Some(from.into()), false, true));
    let only = rules(json!({ "approvals": { "other_than_author": true } })).unwrap();
    assert_eq!((only.from, only.other_than_author, only.local), (None, true, false));
    for (approvals, problem) in [
        (json!([]), ": must be a mapping"),
        (json!({ "form": "alice" }), ":form: unknown key; did you mean \"from\"?"),
        (json!({ "from": [] }), ":from: must name a user, group:NAME or os:NAME"),
        (json!({ "from": ["group:"] }), ":from: \"group:\" is not a user, group:NAME or os:NAME"),
        (json!({ "from": "os:root" }), ":from: os:root counts only with approvals: {local: true}"),
        (json!({ "local": "yes" }), ":local: must be true or false"),
    ] {
        assert_eq!(
            wrong(json!({ "approvals": approvals })),
            [format!("infrastructure:settings:approvals{problem}")]
        );
    }
}
