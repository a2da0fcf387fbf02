//! Claims about the page of a run or a plan: one file that a real browser shows.

use std::path::PathBuf;

use eos::model::{Authentication, Identity};
use eos::operation::CallerIdentity;
use eos::view;
use serde_json::{Map, Value, json};

use crate::support::browser::{Browser, Look};
use crate::support::{NoSalt, Site};

const LIGHT: Look = Look { width: 1200, height: 1500, is_dark: false };
const DARK: Look = Look { is_dark: true, ..LIGHT };
const PHONE: Look = Look { width: 360, height: 1500, is_dark: false };

fn module(name: &str, seconds: &str, more: &str) -> String {
    format!(
        "variable \"size\" {{ default = 1 }}\nresource \"terraform_data\" \"{name}\" {{\n  input = var.size\n  \
         provisioner \"local-exec\" {{ command = \"sleep {seconds}\" }}\n}}\noutput \"id\" {{ value = \"{name}-1\" }}\n{more}"
    )
}

/// Layers with one slow chain.
fn site() -> Site {
    let mut site = Site::new();
    let needs = |names: &[&str]| json!({ "depends_on": names });
    site.infrastructure["settings"]["parallelism"] = json!(3);
    for (name, seconds, names) in [
        ("network", "0.4", &[] as &[&str]),
        ("dns", "0.1", &[]),
        ("storage", "0.2", &["network"]),
        ("database", "1.1", &["network", "storage"]),
        ("cache", "0.2", &["network"]),
        ("api", "0.5", &["database", "cache"]),
        ("web", "0.2", &["api", "dns"]),
        ("monitoring", "0.1", &["network"]),
    ] {
        site.component(name, &module(name, seconds, ""), needs(names));
    }
    site
}

fn page(site: &Site, id: &Value) -> String {
    let answer = site.run("show", json!({ "run_id": id, "format": "html" }));
    let page = answer["drawing"].as_str().unwrap_or_else(|| panic!("{answer:#}")).to_owned();
    assert_eq!(view::text(&answer, false), page, "something stands around the page");
    page
}

/// Where the pictures stay, so that people can look at them.
fn kept(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/pages");
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

const PARTS: [&str; 5] = ["network", "database", "cache", "api", "web"];

fn of_tenant(at: usize) -> String {
    format!("tenant-{:03}-{}", at / 5, PARTS[at % 5])
}

/// What a component waits for.
fn needs(at: usize) -> Vec<usize> {
    match at % 5 {
        0 => vec![],
        1 | 2 => vec![at - at % 5],
        3 => vec![at - 2, at - 1],
        _ => vec![at - 1],
    }
}

/// When each component began and ended, if eight run at a time. In milliseconds.
fn scheduled(took: impl Fn(usize) -> usize) -> Vec<(usize, usize)> {
    let (mut places, mut times) = ([800; 8], vec![(0, 0); 500]);
    for layer in [&[0][..], &[1, 2], &[3], &[4]] {
        for at in (0..500).filter(|at| layer.contains(&(at % 5))) {
            let place = places.iter_mut().min().unwrap();
            let ready = needs(at).iter().map(|needed| times[*needed].1).max().unwrap_or_default();
            let began = ready.max(*place);
            times[at] = (began, began + took(at));
            *place = times[at].1;
        }
    }
    times
}

/// A run of 100 tenants with five components each. The API of one of them fails.
fn many() -> Value {
    let time = |millis: usize| {
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_millis(millis as u64);
        humantime(at)
    };
    let times = scheduled(|at| 600 + at * 37 % 1900);
    let last = times.iter().map(|(_, ended)| *ended).max().unwrap();
    let mut steps = vec![(0, json!({ "step": "began" })), (last + 300, json!({ "step": "finished" }))];
    let (mut components, mut waits_for) = (Map::new(), Map::new());
    for (at, (began, ended)) in times.into_iter().enumerate() {
        let component = of_tenant(at);
        let status = match at {
            333 => "failed",
            334 => "skipped",
            _ if at / 5 % 7 == 0 => "applied",
            _ => "unchanged",
        };
        let mut step = |at: usize, step: &str| {
            steps.push((at, json!({ "step": step, "component": component, "status": status })));
        };
        if status != "skipped" {
            step(began, "started");
            if status != "unchanged" {
                step((began + ended) / 2, "applying");
            }
            step(ended, "ended");
        }
        let error = json!({
            "layer": "terraform", "phase": "application", "details": { "addresses": ["aws_ecs_service.main"] },
            "message": "creating ECS Service (api): InvalidParameterException: The target group has no load balancer.",
            "remedy": "give the target group a load balancer, then run again",
        });
        let kinds = if ["applied", "failed"].contains(&status) {
            &["instance", "security_group", "route53_record"][..]
        } else {
            &[]
        };
        let changes: Vec<_> = kinds
            .iter()
            .map(|kind| {
                json!({
                    "address": format!("aws_{kind}.main"), "actions": ["update"], "attributes": [
                        { "path": "tags.version", "before": format!("1.{at}"), "after": format!("2.{at}") },
                        { "path": "instance_type", "before": "t3.small", "after": "t3.medium" },
                    ],
                })
            })
            .collect();
        let (reason, error) = match status {
            "failed" => ("terraform_failed", error),
            "skipped" => ("dependency_not_done", Value::Null),
            _ => ("", Value::Null),
        };
        let took = if status == "skipped" { 0 } else { ended - began };
        components.insert(
            component.clone(),
            json!({
                "status": status, "reason": reason, "resource_changes": changes, "error": error,
                "changes": { "change": changes.len() }, "duration": took as f64 / 1000.0,
            }),
        );
        let needed: Vec<_> = needs(at).into_iter().map(of_tenant).collect();
        waits_for.insert(component, needed.into());
    }
    steps.sort_by_key(|(at, step)| (*at, step["step"] == "started"));
    let steps: Vec<_> = steps
        .into_iter()
        .map(|(at, mut step)| {
            step["at"] = time(at).into();
            step
        })
        .collect();
    let run = json!({
        "run_id": "01JD3KV6T0W8Q5YB4E2N9RZXCM", "operation": "orchestrate", "environment": "production", "state": "failed",
        "user": "ana", "host": "salt1", "began": "2026-01-01T00:00:00Z", "duration": (last + 400) as f64 / 1000.0, "test": false,
    });
    json!({
        "run": run, "steps": steps, "plan": null, "report": { "components": components, "error": null, "test": false },
        "order": { "parallelism": 8, "waits_for": waits_for },
    })
}

fn humantime(at: std::time::SystemTime) -> String {
    let seconds = at.duration_since(std::time::UNIX_EPOCH).unwrap();
    let day = seconds.as_secs() % 86_400;
    format!(
        "2026-01-01T{:02}:{:02}:{:02}.{:03}Z",
        day / 3600,
        day % 3600 / 60,
        day % 60,
        seconds.subsec_millis()
    )
}

fn of_system(site: &Site, arguments: Value) -> Value {
    let known =
        Identity { name: "ana".to_owned(), authentication: Authentication::System, ..Identity::default() };
    site.call(&NoSalt, CallerIdentity { known, ..CallerIdentity::default() }, "show", arguments)
}

#[test]
fn the_page_of_a_failed_run_says_who_what_failed_why_and_what_took_its_time() {
    let mut site = Site::new();
    let fails = "variable \"token\" {\n  sensitive = true\n  default = \"hidden-42\"\n}\n\
                 resource \"terraform_data\" \"app\" {\n  input = var.token\n  \
                 provisioner \"local-exec\" { command = \"echo no capacity left; exit 1\" }\n}\n";
    site.component("net", "resource \"terraform_data\" \"net\" {}", json!({}));
    site.component("app", fails, json!({ "depends_on": ["net"] }));
    site.component("web", "resource \"terraform_data\" \"web\" {}", json!({ "depends_on": ["app"] }));
    let run = site.run("orchestrate", json!({}));
    let shown = page(&site, &run["run_id"]);
    for words in [
        "no capacity left",
        "What to do:",
        "terraform_data.app",
        "dependency_not_done",
        "after net, which it waits for",
        "net: applied",
        "web: skipped; after app",
        run["run_id"].as_str().unwrap(),
    ] {
        assert!(shown.contains(words), "{words} is not in\n{shown}");
    }
    // The heading and the timeline speak of the same time.
    let took = shown.split("<dt>took</dt><dd>").nth(1).unwrap().split('<').next().unwrap();
    let time = shown.split("id=\"time\"").nth(1).unwrap();
    assert!(time.contains(&format!("The run took {took}: ")), "{took}\n{time}");
    assert!(time.contains("before the first turn") && time.contains("after the last turn"), "{time}");
    assert!(!shown.contains("hidden-42") && !shown.contains("order of the pillar"), "{shown}");

    // A run of version 0.2.0 did not note its order.
    let journal = site.folder.path().join("root/staging/.eos/runs").join(run["run_id"].as_str().unwrap());
    let journal = journal.join("journal.jsonl");
    let text = std::fs::read_to_string(&journal).unwrap();
    let (first, rest) = text.split_once('\n').unwrap();
    let mut began: Value = serde_json::from_str(first).unwrap();
    assert_eq!(began["order"]["waits_for"], json!({ "app": ["net"], "web": ["app"] }));
    began.as_object_mut().unwrap().remove("order");
    std::fs::write(&journal, format!("{began}\n{rest}")).unwrap();
    let shown = page(&site, &run["run_id"]);
    assert!(shown.contains("order of the pillar as it is now") && shown.contains("web: skipped; after app"));
}

#[test]
fn the_page_is_written_into_a_file_only_for_the_user_of_this_process() {
    let site = Site::with_net();
    let plan = site.run("plan", json!({}));
    let path = site.folder.path().join("plan.html");
    let arguments = json!({ "run_id": plan["plan_id"], "html": path });
    let refused = site.run("show", arguments.clone());
    let message = refused["error"]["details"]["problems"][0]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("format=html returns the page"), "{message}");
    assert!(!path.exists());
    let both = of_system(&site, json!({ "run_id": plan["plan_id"], "html": path, "format": "html" }));
    assert_eq!(both["error"]["code"], "invalid", "{both:#}");
    let written = of_system(&site, arguments.clone());
    assert_eq!((&written["html"], &written["drawing"]), (&json!(path), &Value::Null), "{written:#}");
    assert_eq!(view::text(&written, false), format!("the page is in {}\n", path.display()));
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("it can be applied") && text.contains("+ terraform_data.net"), "{text}");
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(site.folder.path().join("elsewhere"), &path).unwrap();
    let refused = of_system(&site, arguments);
    assert_eq!(refused["error"]["code"], "file", "{refused:#}");
    assert!(!site.folder.path().join("elsewhere").exists());
}

#[test]
fn a_browser_shows_a_page_of_hostile_texts_and_asks_nobody() {
    let Some(browser) = Browser::new() else { return };
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let url = format!("http://{}/x", server.local_addr().unwrap());
    let hostile = format!(
        "\"'><script>document.title='owned'</script><img src={url}><link rel=stylesheet href={url}>\
         <iframe src={url}></iframe><style>*{{display:none}}</style></pre>\u{202e}{}",
        "long".repeat(500)
    );
    let mut answer = many();
    answer["run"]["user"] = json!(hostile);
    let failed = &mut answer["report"]["components"][of_tenant(333)];
    failed["error"]["message"] = json!(hostile);
    failed["error"]["remedy"] = json!(hostile);
    failed["resource_changes"][0]["attributes"][0]["path"] = json!(hostile);
    let shown = view::page(&answer);
    let seen = browser.seen(
        &shown,
        PHONE,
        "({ \
           title: page.title, \
           foreign: page.querySelectorAll('script,img,iframe,link,object,main style').length, \
           wider: page.documentElement.scrollWidth - page.documentElement.clientWidth, \
           says: page.querySelector('.failure pre').textContent.includes('<img src='), \
           ground: getComputedStyle(page.body).backgroundColor, \
           focusable: page.querySelectorAll('a[href],summary,[tabindex=\"0\"]').length, \
           rows: page.querySelectorAll('#components tbody th[scope=row]').length, \
           headings: [...page.querySelectorAll('h1,h2')].map(one => one.tagName).join() \
         })",
    );
    assert_eq!(seen["title"], "production: orchestrate, failed", "{seen:#}");
    assert_eq!(
        (&seen["foreign"], &seen["wider"], &seen["says"]),
        (&json!(0), &json!(0), &json!(true)),
        "{seen:#}"
    );
    // The policy of the page allows its own style.
    assert_eq!((&seen["ground"], &seen["rows"]), (&json!("rgb(255, 255, 255)"), &json!(500)), "{seen:#}");
    assert!(seen["focusable"].as_u64() > Some(500), "{seen:#}");
    assert_eq!(seen["headings"], "H1,H2,H2,H2,H2,H2", "{seen:#}");
    assert!(server.accept().is_err(), "the page was not alone");
    let file = kept("hostile.html");
    std::fs::write(&file, shown).unwrap();
    browser.picture(&file, &kept("hostile.png"), DARK);
}

/// `make matrix` takes these pictures.
#[test]
#[ignore = "takes pictures"]
fn pages_of_real_runs_are_shown_by_a_browser_in_light_and_dark() {
    let Some(browser) = Browser::new() else { return };
    let mut site = site();
    let ana = || CallerIdentity { user: "ana".to_owned(), ..CallerIdentity::default() };
    let run = |site: &Site, operation: &str| {
        site.call(&NoSalt, ana(), operation, json!({ "environment": "staging" }))
    };
    let applied = run(&site, "orchestrate");
    site.component("database", "resource \"terraform_data\" \"database\" {\n  input = 2\n}\nresource \"terraform_data\" \"replica\" {\n  provisioner \"local-exec\" { command = \"echo no capacity left in eu-central-1; exit 1\" }\n}\noutput \"id\" { value = 1 }\n", json!({ "depends_on": ["network", "storage"] }));
    site.component(
        "cache",
        &module("cache", "0.1", "resource \"terraform_data\" \"more\" { input = \"x\" }\n"),
        json!({ "depends_on": ["network"], "variables": { "size": 3 } }),
    );
    let failed = run(&site, "orchestrate");
    let planned = run(&site, "plan");
    for (name, page) in [
        ("applied", page(&site, &applied["run_id"])),
        ("failed", page(&site, &failed["run_id"])),
        ("plan", page(&site, &planned["run_id"])),
        ("many", view::page(&many())),
    ] {
        let file = kept(&format!("{name}.html"));
        std::fs::write(&file, page).unwrap();
        for (look, to) in [(LIGHT, "light"), (DARK, "dark"), (Look { width: 500, ..PHONE }, "phone")] {
            browser.picture(&file, &kept(&format!("{name}-{to}.png")), look);
        }
        browser.print(&file, &kept(&format!("{name}.pdf")));
    }
}
