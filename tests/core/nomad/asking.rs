//! Checks of a job before it is registered.

use eos::model::NomadServer;
use eos::nomad::{JobNote, JobRefusal, JobSubmission, KindChange, NomadClient, NomadError};
use serde_json::{Value, json};

use super::servers::{Job, block, job_name, pair, server};

fn spec(jobspec: String) -> JobSubmission {
    JobSubmission {
        jobspec,
        is_json: false,
        variables: String::new(),
        before: None,
        is_removed_first: false,
        planned_from: None,
    }
}

#[test]
fn a_job_that_nomad_rejects_is_refused_in_nomads_words() {
    let Some(pair) = pair() else { return };
    let client = pair.client();
    let wrong = Job { job: "gruop {}".to_owned(), ..Job::new("wrong") };
    let no_syntax = block(client.preflight(&spec(wrong.text())));
    assert!(
        matches!(&no_syntax, Err(JobRefusal::Invalid(said)) if said[0].contains("Blocks of type \"gruop\" are not expected")),
        "{no_syntax:?}"
    );
    // Nomad answers this with 200 and errors.
    let empty = block(client.preflight(&spec("job \"wrong\" {}".to_owned())));
    assert_eq!(empty, Err(JobRefusal::Invalid(vec!["Missing job task groups".to_owned()])));
    let no_json = JobSubmission { is_json: true, ..spec("{".to_owned()) };
    assert!(matches!(block(client.preflight(&no_json)), Err(JobRefusal::Invalid(_))));
    assert_eq!(pair.job("wrong"), None);
}

#[test]
fn an_unknown_region_is_refused_without_waiting() {
    let Some(pair) = pair() else { return };
    let elsewhere = NomadServer { region: Some("elsewhere".to_owned()), ..server(&pair.address()) };
    let refused = block(NomadClient::open(&elsewhere, None).unwrap().job(&job_name("any")));
    assert_eq!(refused.err(), Some(NomadError::Refused("No path to region".to_owned())));
}

#[test]
fn a_job_without_a_possible_node_is_refused_with_the_missing_resources() {
    let Some(pair) = pair() else { return };
    let client = pair.client();
    let nowhere = "constraint {\n attribute = \"${attr.kernel.name}\"\n value = \"plan9\"\n }";
    let volume = "volume \"data\" {\n type = \"csi\"\n source = \"web-data\"\n access_mode = \"single-node-writer\"\n attachment_mode = \"file-system\"\n }";
    for (job, lacks) in [
        (
            Job { group: volume.to_owned(), ..Job::new("unregistered") },
            "web: constraint \"missing CSI Volume web-data\" excludes 1 node",
        ),
        (
            Job { job: nowhere.to_owned(), ..Job::new("nowhere") },
            "web: constraint \"${attr.kernel.name} = plan9\" excludes 1 node",
        ),
        (
            Job { driver: "missing_driver", ..Job::new("driverless") },
            "web: constraint \"missing drivers\" excludes 1 node",
        ),
        (Job { memory: 9_000_000, ..Job::new("roomless") }, "web: memory is exhausted on 1 node"),
        (
            Job { job: "datacenters = [\"mars\"]".to_owned(), ..Job::new("far") },
            "web: its datacenters and its node pool have no ready node",
        ),
    ] {
        let found = block(client.preflight(&spec(job.text())));
        assert_eq!(found, Err(JobRefusal::Unplaceable(job_name(&job.name), vec![lacks.to_owned()])));
        assert_eq!(pair.job(&job.name), None);
    }
}

#[test]
fn a_running_job_belongs_to_another_owner_unless_this_plan_changes_it() {
    let Some(pair) = pair() else { return };
    let job = Job::new("theirs");
    pair.runs(&job.text(), "theirs");
    let client = pair.client();
    assert_eq!(block(client.preflight(&spec(job.text()))), Err(JobRefusal::Foreign(job_name("theirs"))));
    let ours = JobSubmission { before: Some(job_name("theirs")), ..spec(job.text()) };
    assert!(block(client.preflight(&ours)).is_ok());
    let renamed = JobSubmission { before: Some(job_name("other")), ..spec(job.text()) };
    assert_eq!(block(client.preflight(&renamed)), Err(JobRefusal::Foreign(job_name("theirs"))));
    pair.nomad.call("DELETE", "/v1/job/theirs", "");
    assert!(block(client.preflight(&spec(job.text()))).is_ok());
}

#[test]
fn nomads_planned_changes_and_warnings_are_reported() {
    let Some(pair) = pair() else { return };
    let job = Job { count: 2, update: "canary = 1\n auto_promote = true".to_owned(), ..Job::new("told") };
    // Two groups, of which one would need a promotion by a person.
    let other = "group \"other\" {\n update {\n canary = 1\n auto_promote = false\n }\n task \"t\" {\n driver = \"mock_driver\"\n config {\n run_for = \"1h\"\n }\n }\n }";
    let text = job.text();
    let text = format!("{}{other}\n}}\n", text.strip_suffix("}\n").unwrap());
    let checked = block(pair.client().preflight(&spec(text))).unwrap();
    assert_eq!(checked.name, job_name("told"));
    let notes: Vec<_> = checked.notes.iter().map(JobNote::text).collect();
    assert!(notes.iter().any(|note| note == "Nomad's plan for told.web: Place 2"), "{notes:?}");
    assert!(notes.iter().any(|note| note.starts_with("Nomad's warning about job told: ")), "{notes:?}");
    // A secret in the name of a group hides its note; a number of Nomad's is no secret.
    let hides = |secret: &'static str| move |text: &str| (!text.contains(secret)).then(|| text.to_owned());
    let updates = checked.notes.iter().find(|note| note.text().ends_with("Place 2")).unwrap();
    assert_eq!(updates.masked(hides("web")), None);
    assert_eq!(updates.masked(hides("2")).as_ref(), Some(updates));
    assert_eq!(pair.job("told"), None);
}

#[test]
fn a_variable_arrives_unchanged_and_a_jobspec_may_be_json() {
    let Some(pair) = pair() else { return };
    let client = pair.client();
    for value in ["plain", "a \"b\" \\ ${up} $${up} %{ if x } é\nline", "${", "%%{ x }", "\u{7}\t\r\u{85}"] {
        let text = format!(
            "variable \"hostile\" {{}}\n{}",
            Job { job: "meta {\n hostile = var.hostile\n }".to_owned(), ..Job::new("hostile") }.text()
        );
        let variables =
            eos::render::hcl_variables(&[("hostile".to_owned(), value.to_owned())].into()).unwrap();
        let parsed = block(client.parse(&text, &variables)).unwrap();
        assert_eq!(parsed["Meta"]["hostile"], value, "{variables}");
        let json = JobSubmission { is_json: true, ..spec(json!({ "Job": parsed }).to_string()) };
        assert_eq!(block(client.preflight(&json)).unwrap().name, job_name("hostile"));
        let both = JobSubmission { variables, ..spec(text) };
        assert_eq!(block(client.preflight(&both)).unwrap().name, job_name("hostile"));
    }
}

#[test]
fn another_kind_of_job_is_refused_before_exactly_where_nomad_refuses_to_register_it() {
    let Some(pair) = pair() else { return };
    let client = pair.client();
    let kinds = [
        ("service", json!({})),
        ("system", json!({})),
        ("batch", json!({})),
        ("sysbatch", json!({})),
        (
            "periodic batch",
            json!({ "Periodic": { "Enabled": true, "Spec": "0 3 1 1 *", "SpecType": "cron" } }),
        ),
        ("parameterized batch", json!({ "ParameterizedJob": { "Payload": "optional" } })),
    ];
    let job = |id: &str, (kind, more): &(&str, Value)| {
        let mut job = json!({
            "ID": id, "Name": id, "Type": kind.rsplit(' ').next(), "Datacenters": ["*"],
            "TaskGroups": [{ "Name": "g", "Count": 0, "Tasks": [{
                "Name": "t", "Driver": "mock_driver", "Config": { "run_for": "1h" },
            }] }],
        });
        job.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "Job": job }).to_string()
    };
    let register = |job: &str| pair.nomad.call("PUT", "/v1/jobs", job);
    let remove =
        |id: &str, purge: bool| pair.nomad.call("DELETE", &format!("/v1/job/{id}?purge={purge}"), "");
    let mut refused = 0;
    for (a, from) in kinds.iter().enumerate() {
        for (b, to) in kinds.iter().enumerate() {
            let id = format!("kind-{a}-{b}");
            let asked = JobSubmission { is_json: true, before: Some(job_name(&id)), ..spec(job(&id, to)) };
            assert_eq!(register(&job(&id, from)).0, 200);
            let found = block(client.preflight(&asked));
            // A plan that removes the job first is fine.
            let replaced = JobSubmission { is_removed_first: true, ..asked };
            assert!(block(client.preflight(&replaced)).is_ok(), "{from:?} {to:?}");
            match register(&job(&id, to)) {
                (200, _) => assert!(found.is_ok(), "{from:?} {to:?} {found:?}"),
                (_, said) => {
                    assert!(said.starts_with("cannot update"), "{said}");
                    let (from, to) = (from.0.to_owned(), to.0.to_owned());
                    let change = KindChange { name: job_name(&id), from, to, is_own: true };
                    assert_eq!(found, Err(JobRefusal::Kind(change)));
                    refused += 1;
                }
            }
            remove(&id, true);
        }
    }
    assert_eq!(refused, 30);
    // A stopped job of somebody else is in the way too.
    register(&job("kind-left", &kinds[2]));
    remove("kind-left", false);
    let asked = JobSubmission { is_json: true, ..spec(job("kind-left", &kinds[0])) };
    let found = block(client.preflight(&asked));
    assert!(matches!(&found, Err(JobRefusal::Kind(change)) if !change.is_own), "{found:?}");
    assert_ne!(register(&job("kind-left", &kinds[0])).0, 200);
    remove("kind-left", true);
}
