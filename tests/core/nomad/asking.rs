//! Checks of a job before it is registered.

use eos::model::NomadServer;
use eos::nomad::{Nomad, Refusal, Spec, Trouble};
use serde_json::json;

use super::servers::{Job, block, job_name, pair, server};

fn spec(jobspec: String) -> Spec {
    Spec { jobspec, is_json: false, variables: String::new(), before: None }
}

#[test]
fn what_nomad_would_not_take_is_refused_in_its_words() {
    let Some(pair) = pair() else { return };
    let client = pair.client();
    let wrong = Job { job: "gruop {}".to_owned(), ..Job::new("wrong") };
    let no_syntax = block(client.preflight(&spec(wrong.text())));
    assert!(
        matches!(&no_syntax, Err(Refusal::Invalid(said)) if said.contains("Blocks of type \"gruop\" are not expected")),
        "{no_syntax:?}"
    );
    // Nomad answers this with 200 and errors.
    let empty = block(client.preflight(&spec("job \"wrong\" {}".to_owned())));
    assert_eq!(empty, Err(Refusal::Invalid("Missing job task groups".to_owned())));
    let no_json = Spec { is_json: true, ..spec("{".to_owned()) };
    assert!(matches!(block(client.preflight(&no_json)), Err(Refusal::Invalid(_))));
    assert_eq!(pair.job("wrong"), None);
}

#[test]
fn a_region_that_nomad_does_not_know_is_refused_and_not_waited_for() {
    let Some(pair) = pair() else { return };
    let elsewhere = NomadServer { region: Some("elsewhere".to_owned()), ..server(&pair.address()) };
    let refused = block(Nomad::open(&elsewhere, None).unwrap().job(&job_name("any")));
    assert_eq!(refused.err(), Some(Trouble::Refused("No path to region".to_owned())));
}

#[test]
fn what_would_find_no_node_is_refused_with_what_it_lacks() {
    let Some(pair) = pair() else { return };
    let client = pair.client();
    let nowhere = "constraint {\n attribute = \"${attr.kernel.name}\"\n value = \"plan9\"\n }";
    let volume = "volume \"data\" {\n type = \"csi\"\n source = \"web-data\"\n access_mode = \"single-node-writer\"\n attachment_mode = \"file-system\"\n }";
    for (job, lacks) in [
        (
            Job { group: volume.to_owned(), ..Job::new("unregistered") },
            "web: constraint \"missing CSI Volume web-data\" leaves out 1 node(s)",
        ),
        (
            Job { job: nowhere.to_owned(), ..Job::new("nowhere") },
            "web: constraint \"${attr.kernel.name} = plan9\" leaves out 1 node(s)",
        ),
        (
            Job { driver: "missing_driver", ..Job::new("driverless") },
            "web: constraint \"missing drivers\" leaves out 1 node(s)",
        ),
        (Job { memory: 9_000_000, ..Job::new("roomless") }, "web: memory is exhausted on 1 node(s)"),
        (
            Job { job: "datacenters = [\"mars\"]".to_owned(), ..Job::new("far") },
            "web: its datacenters and its node pool have no ready node",
        ),
    ] {
        let found = block(client.preflight(&spec(job.text())));
        assert_eq!(found, Err(Refusal::Unplaceable(job_name(&job.name), vec![lacks.to_owned()])));
        assert_eq!(pair.job(&job.name), None);
    }
}

#[test]
fn a_job_that_runs_already_is_somebody_elses_unless_it_is_the_one_that_is_changed() {
    let Some(pair) = pair() else { return };
    let job = Job::new("theirs");
    pair.runs(&job.text(), "theirs");
    let client = pair.client();
    assert_eq!(block(client.preflight(&spec(job.text()))), Err(Refusal::Foreign(job_name("theirs"))));
    let ours = Spec { before: Some(job_name("theirs")), ..spec(job.text()) };
    assert!(block(client.preflight(&ours)).is_ok());
    let renamed = Spec { before: Some(job_name("other")), ..spec(job.text()) };
    assert_eq!(block(client.preflight(&renamed)), Err(Refusal::Foreign(job_name("theirs"))));
    pair.nomad.call("DELETE", "/v1/job/theirs", "");
    assert!(block(client.preflight(&spec(job.text()))).is_ok());
}

#[test]
fn what_nomad_would_do_and_what_it_warns_of_is_told() {
    let Some(pair) = pair() else { return };
    let job = Job { count: 2, update: "canary = 1\n auto_promote = true".to_owned(), ..Job::new("told") };
    // Two groups, of which one would need a promotion by a person.
    let other = "group \"other\" {\n update {\n canary = 1\n auto_promote = false\n }\n task \"t\" {\n driver = \"mock_driver\"\n config {\n run_for = \"1h\"\n }\n }\n }";
    let text = job.text();
    let text = format!("{}{other}\n}}\n", text.strip_suffix("}\n").unwrap());
    let checked = block(pair.client().preflight(&spec(text))).unwrap();
    assert_eq!(checked.name, job_name("told"));
    assert!(checked.notes.iter().any(|note| note == "Nomad would do to told.web: Place 2"), "{checked:?}");
    assert!(checked.notes.iter().any(|note| note.starts_with("Nomad warns of job told: ")), "{checked:?}");
    assert_eq!(pair.job("told"), None);
}

#[test]
fn a_variable_arrives_as_it_is_and_a_jobspec_may_be_json() {
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
        let json = Spec { is_json: true, ..spec(json!({ "Job": parsed }).to_string()) };
        assert_eq!(block(client.preflight(&json)).unwrap().name, job_name("hostile"));
        let both = Spec { variables, ..spec(text) };
        assert_eq!(block(client.preflight(&both)).unwrap().name, job_name("hostile"));
    }
}
