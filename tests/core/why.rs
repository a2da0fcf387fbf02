//! Claims about `why`: where values come from, and what is never shown.

use eos::host::{Host, PillarOrigin, PillarSource};
use eos::view;
use serde_json::{Value, json};

use crate::support::{NoSalt, Site, without_salt};

const WEB: &str = "variable \"size\" { default = 1 }\nvariable \"password\" {\n  default = \"\"\n  sensitive = true\n}\n\
                   variable \"environment\" {}\nvariable \"left\" { default = 7 }\nvariable \"needed\" {}\n";

/// A Salt whose pillar has every value in line 7 of one file, over another file.
struct OneFile;

impl Host for OneFile {
    without_salt!();

    fn emit(&self, _: &str, _: &Value) {}
    fn log(&self, _: tracing::Level, _: &str) {}

    fn origins(&self, paths: &[Vec<String>]) -> Result<Vec<PillarOrigin>, String> {
        assert!(paths.iter().all(|path| path[0] == "infrastructure"), "{paths:?}");
        let source = |file: &str, effect: &str| PillarSource {
            file: Some(file.to_owned()),
            repository: None,
            ext_pillar: None,
            position: None,
            line: Some(7),
            anchor: None,
            effect: effect.to_owned(),
            keys: vec!["a key of the value".to_owned()],
        };
        let sources =
            vec![source("/srv/pillar/web.sls", "wins"), source("/srv/pillar/old.sls", "overridden")];
        Ok(paths.iter().map(|_| PillarOrigin { sources: sources.clone(), unknown: None }).collect())
    }
}

fn site() -> Site {
    let mut site = Site::new();
    site.component("net", "output \"id\" { value = 1 }\n", json!({}));
    let web = json!({
        "variables": { "size": 2, "password": "hunter2" }, "secrets": { "needed": "hunter3" },
        "backend": { "type": "http", "password": "hunter4" },
    });
    site.component("web", WEB, web);
    site.infrastructure["environments"]["staging"] = json!({ "components": { "web": {
        "variables": { "size": 3 }, "from_outputs": { "left": "net.id" },
    } } });
    site
}

fn why(site: &Site, what: &str) -> (Value, String) {
    let answer = site.run_on(&OneFile, "why", json!({ "what": what }));
    let text = view::text(&answer, false);
    for written in [&text, &answer.to_string()] {
        assert!(!written.contains("hunter"), "{written}");
    }
    (answer, text)
}

#[test]
fn each_level_of_a_value_is_shown_with_its_file_and_the_winner_comes_first() {
    let site = site();
    let (answer, text) = why(&site, "web.size");
    assert_eq!((&answer["retcode"], &answer["error"]), (&json!(0), &Value::Null), "{answer:#}");
    let levels = answer["why"][0]["levels"].as_array().unwrap();
    let brief: Vec<_> = levels.iter().map(|one| (one["level"].as_str(), one["effect"].as_str())).collect();
    let expected =
        [("environment_component", "wins"), ("component", "overridden"), ("module_default", "overridden")];
    assert_eq!(brief, expected.map(|(level, effect)| (Some(level), Some(effect))));
    assert_eq!(levels[0]["value"], json!(3));
    assert_eq!(
        levels[0]["sources"][0],
        json!({
            "file": "/srv/pillar/web.sls", "repository": null, "ext_pillar": null, "position": null, "line": 7,
            "anchor": null, "effect": "wins", "keys": ["a key of the value"],
        })
    );
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "staging: variable web.size");
    assert_eq!(lines[1], "  wins          the environment's component = 3");
    assert!(
        lines[2].ends_with("infrastructure:environments:staging:components:web:variables:size"),
        "{text}"
    );
    assert!(lines[3].contains("from /srv/pillar/web.sls, line 7"), "{text}");
    assert!(lines[4].contains("overrides /srv/pillar/old.sls, line 7"), "{text}");
}

#[test]
fn a_component_has_a_line_for_each_variable_and_no_secret_is_shown() {
    let site = site();
    let (answer, text) = why(&site, "web");
    for line in [
        "  size = 3 ",
        "  password = (not shown) ",
        "  needed = (not shown) ",
        "  left = output net.id ",
        "  environment = \"staging\" ",
        "  backend = (not shown) ",
    ] {
        assert!(text.lines().any(|one| one.starts_with(line)), "no {line:?} in\n{text}");
    }
    let of = |name: &str| {
        let found = answer["why"].as_array().unwrap().iter().find(|one| one["name"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {answer:#}"))
    };
    assert!(of("password")["levels"][0]["sources"][0].get("keys").is_none(), "a key of a secret value");
    assert_eq!(of("environment")["levels"][0]["level"], "standard_input");
    // The pillar has a text in the place of a reference, and another backend than Eos knows: the answer says so.
    assert!(text.contains("note: the pillar has "), "{text}");
}

#[test]
fn a_module_that_cannot_be_read_hides_all_values_and_not_their_places() {
    let mut site = site();
    site.infrastructure["components"]["web"]["source"] = json!("/nowhere");
    let (answer, text) = why(&site, "web.size");
    assert_eq!(answer["why"][0]["levels"][0]["hidden"], true, "{answer:#}");
    assert!(
        text.contains("/srv/pillar/web.sls, line 7") && text.contains("note: the module cannot be read"),
        "{text}"
    );
}

#[test]
fn what_the_call_gives_is_a_level_and_a_secret_of_the_module_must_be_a_reference() {
    let site = site();
    let ask = |given: Value| {
        let mut arguments = json!({ "what": "web" });
        arguments.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
        site.run_on(&OneFile, "why", arguments)
    };
    let refused = ask(json!({ "variables": { "password": "hunter2" } }));
    assert!(view::text(&refused, false).contains("is a secret of the module"), "{refused:#}");
    let answer = ask(json!({ "variables": { "size": 9 }, "secrets": { "password": "env:P" } }));
    let text = view::text(&answer, false);
    for line in ["  size = 9 ", "  password = secret env:P "] {
        let found = text
            .lines()
            .find(|one| one.starts_with(line))
            .unwrap_or_else(|| panic!("no {line:?} in\n{text}"));
        assert!(found.contains("this call"), "{found}");
    }
}

#[test]
fn settings_and_their_defaults_are_explained_too() {
    let mut site = site();
    site.infrastructure["environments"]["staging"]["settings"] = json!({ "timeouts": { "plan": "1m" } });
    site.infrastructure["settings"]["timeouts"] = json!({ "plan": "2m", "apply": "3m" });
    let (answer, _) = why(&site, "settings.timeouts");
    let levels = &answer["why"][0]["levels"];
    assert_eq!(
        (&levels[0]["parts"], &levels[1]["parts"]),
        (&json!(["plan"]), &json!(["apply"])),
        "{answer:#}"
    );
    for (what, said) in [
        ("settings.parallelism", "the default of Eos = 4"),
        ("settings.timeouts.init", "the default of Eos = \"10m\""),
        ("settings.run_hooks", "the default of Eos = []"),
        ("settings.approvals", "the default of Eos"),
        ("web.enabled", "the default of Eos = true"),
        ("web.policy.allow_destroy", "the default of Eos = false"),
    ] {
        let (_, text) = why(&site, what);
        assert!(text.lines().any(|line| line == format!("  wins          {said}")), "{what}: {text}");
    }
}

#[test]
fn the_default_of_a_module_is_shown_with_its_value_unless_it_is_secret() {
    let mut site = Site::new();
    site.component("web", WEB, json!({ "variables": { "needed": 1 } }));
    std::fs::write(site.folder.path().join("modules/web/terraform.tfvars"), "left = 8\n").unwrap();
    let (_, text) = why(&site, "web");
    for line in ["  size = 1 ", "  password = (not shown) ", "  left = 8 "] {
        assert!(text.lines().any(|one| one.starts_with(line)), "no {line:?} in\n{text}");
    }
    let (_, text) = why(&site, "web.left");
    assert!(text.contains("overridden    the module's default = 7"), "{text}");
}

#[test]
fn the_hooks_of_the_settings_are_added_to_those_of_a_component_unless_it_refuses_them() {
    let mut site = site();
    let hook = |prefix: &str| json!([{ "consul_kv": { "prefix": prefix } }]);
    site.infrastructure["settings"]["hooks"] = hook("all");
    let effects = |site: &Site| {
        let (answer, _) = why(site, "web.hooks");
        let levels = answer["why"][0]["levels"].as_array().unwrap().clone();
        let text = |level: &Value, key: &str| level[key].as_str().unwrap().to_owned();
        levels.iter().map(|one| text(one, "level") + " " + &text(one, "effect")).collect::<Vec<_>>()
    };
    assert_eq!(effects(&site), ["settings added"]);
    site.infrastructure["components"]["web"]["hooks"] = hook("own");
    assert_eq!(effects(&site), ["component wins", "settings added"]);
    site.infrastructure["components"]["web"]["inherit_hooks"] = json!(false);
    assert_eq!(effects(&site), ["component wins"]);
}

#[test]
fn a_path_in_place_of_the_environment_is_the_value_that_is_asked_for() {
    let site = site();
    let answer = site.run_on(&OneFile, "why", json!({ "environment": "web.size" }));
    assert_eq!(
        (&answer["what"], &answer["environment"]),
        (&json!("web.size"), &json!("staging")),
        "{answer:#}"
    );
}

#[test]
fn a_name_that_nothing_has_is_refused_with_a_near_one() {
    let site = site();
    for (what, said) in [
        ("wep.size", "did you mean \"web\"?"),
        ("web.sise", "did you mean \"size\"?"),
        ("web..size", "has an empty part"),
        ("", "is missing: write COMPONENT.VARIABLE"),
    ] {
        let (answer, text) = why(&site, what);
        assert!(answer["result"] == false && text.contains(said), "{what}: {text}");
    }
}

#[test]
fn a_host_without_the_files_says_why_and_still_names_the_levels() {
    let site = site();
    let answer = site.run_on(&NoSalt, "why", json!({ "what": "web.size" }));
    let text = view::text(&answer, false);
    assert!(text.contains("wins") && text.contains("note: the files are not known: "), "{text}");
}

#[test]
fn a_question_about_nothing_says_what_can_be_asked() {
    let site = site();
    let refused = |arguments: Value| view::text(&site.run_on(&OneFile, "why", arguments), false);
    let dot = refused(json!({ "what": "web." }));
    assert!(
        dot.contains("\"web.\" ends with a dot: write COMPONENT.VARIABLE, COMPONENT or settings.KEY"),
        "{dot}"
    );
    let unknown = refused(json!({ "what": "web", "variables": { "siz": 2 } }));
    assert!(
        unknown.contains("arguments:variables:siz") && unknown.contains("did you mean \"size\"?"),
        "{unknown}"
    );
}
