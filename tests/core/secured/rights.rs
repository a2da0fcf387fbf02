//! Each right of the documentation, taken away alone: a run that needs it and the doctor name it.

use serde_json::{Value, json};

use super::bench::Bench;
use crate::support::policies::{Policies, each_taken_away};

/// The policies of the page without one right, in the order in which a run needs them.
struct Lacking {
    policies: Policies,
    /// The missing right, as the page has it.
    right: String,
    of: &'static str,
}

fn lacking(of: &'static str) -> Vec<Lacking> {
    let whole = Policies::of_the_page();
    let rules = match of {
        "nomad" => &whole.nomad,
        "locks" => &whole.locks,
        "gates" => &whole.gates,
        _ => &whole.vault,
    };
    let each = each_taken_away(rules).into_iter();
    let each = each.map(|(right, rest)| {
        let mut policies = Policies::of_the_page();
        match of {
            "nomad" => policies.nomad = rest,
            "locks" => policies.locks = rest,
            "gates" => policies.gates = rest,
            _ => policies.vault = rest,
        }
        Lacking { policies, right, of }
    });
    each.collect()
}

impl Lacking {
    /// What a run and the doctor say about it.
    fn said(&self, service: &str) -> [String; 2] {
        let right = self.right.split(' ').next().unwrap();
        let path = self.right.split(' ').nth(1);
        match (self.of, path) {
            ("nomad", None) => [
                format!("lacks the right {right} in namespace default"),
                format!("{right} in namespace default"),
            ],
            ("nomad", Some(_)) => [
                format!("lacks the right {right} on the variable nomad/jobs/{service}"),
                format!("{right} the variable nomad/jobs/{service}"),
            ],
            ("vault", Some(path)) => {
                let path = path.replace("data/", "").replace('*', &format!("staging/{service}"));
                let did = if right == "read" { "read" } else { "write" };
                [format!("{did} vault:{path}"), format!("{right} vault:{path}")]
            }
            _ => [self.right.clone(), self.right.clone()],
        }
    }

    /// Checks that the doctor names the right, and that a run with this operation does.
    fn is_named(&self, bench: &mut Bench, tag: &str, run: impl Fn(&Bench) -> Value) -> Value {
        let [in_run, in_doctor] = self.said(bench.name);
        bench.allowed(&self.policies, tag);
        let plain = |report: &Value| report.to_string().replace("\\\"", "\"");
        let doctor = bench.doctor();
        let right = &self.right;
        assert!(
            plain(&doctor).contains(&in_doctor),
            "the doctor does not say {in_doctor} without {right}: {doctor:#}"
        );
        let report = run(bench);
        assert!(plain(&report).contains(&in_run), "a run does not say {in_run} without {right}: {report:#}");
        report
    }
}

#[test]
fn each_right_that_the_documentation_names_is_needed_and_named_where_it_is_missing() {
    let Some(mut bench) = Bench::new("lacking") else { return };
    let run = |bench: &Bench| bench.orchestrate();
    let mut seen = Vec::new();
    let mut tag = |case: &Lacking| {
        seen.push(format!("{} {}", case.of, case.right));
        format!("without-{}", seen.len())
    };
    let (later, vault): (Vec<_>, Vec<_>) =
        lacking("vault").into_iter().partition(|case| case.right.starts_with("update"));
    for case in vault {
        let tag = tag(&case);
        let report = case.is_named(&mut bench, &tag, run);
        assert_eq!((&report["result"], bench.job()), (&json!(false), None), "{report:#}");
    }
    bench.allowed(&Policies::of_the_page(), "whole");
    bench.ends("applied");

    // A change of the job and of its secrets needs everything else.
    let mut round = 0;
    let mut changed = |bench: &mut Bench| {
        round += 1;
        let secrets = json!({ "OWN": { "generate": "password" }, "MORE": { "generate": "password" },
            "GIVEN": "vault:secret/hello#password" });
        bench.serves(json!({ "env": { "ROUND": round.to_string() }, "secrets": secrets }));
    };
    let index = |bench: &Bench| bench.job().unwrap()["JobModifyIndex"].clone();
    let (cleaning, nomad): (Vec<_>, Vec<_>) = lacking("nomad")
        .into_iter()
        .partition(|case| case.right.starts_with("destroy") || case.right == "read-logs");
    for case in later.into_iter().chain(nomad).chain(lacking("locks")) {
        changed(&mut bench);
        let before = index(&bench);
        let tag = tag(&case);
        let report = case.is_named(&mut bench, &tag, run);
        assert_eq!((&report["result"], index(&bench)), (&json!(false), before), "{}: {report:#}", case.right);
    }
    for case in lacking("gates") {
        changed(&mut bench);
        let tag = tag(&case);
        let report = case.is_named(&mut bench, &tag, run);
        assert_eq!(report["result"], false, "{report:#}");
    }
    for case in cleaning {
        let tag = tag(&case);
        if case.right == "read-logs" {
            bench.serves(json!({
                "args": ["-c", "import sys; sys.exit('last ' + 'words')"], "restart": { "attempts": 0, "mode": "fail" },
                "update": { "min_healthy_time": "100ms", "healthy_deadline": "4s", "progress_deadline": "5s" },
            }));
            let report = case.is_named(&mut bench, &tag, run);
            assert_eq!(report["result"], false, "{report:#}");
            assert!(!report.to_string().contains("last words"), "{report:#}");
        } else {
            case.is_named(&mut bench, &tag, |bench| {
                bench.site.run("destroy", json!({ "confirm": "staging" }))
            });
        }
    }
    bench.allowed(&Policies::of_the_page(), "whole-again");
    bench.site.run("destroy", json!({ "confirm": "staging" }));
    assert_eq!(bench.nomad().get("/v1/var/nomad/jobs/lacking"), None);
    let all = "vault read secret/data/hello, vault create secret/data/services/*, vault read secret/data/services/*, \
               vault update secret/data/services/*, nomad read-job, nomad submit-job, nomad read nomad/jobs/*, \
               nomad write nomad/jobs/*, locks key_prefix \"terraform\", locks session_prefix \"\", \
               gates service_prefix \"\", gates node_prefix \"\", nomad read-logs, nomad destroy nomad/jobs/*";
    assert_eq!(seen.join(", "), all);
}

#[test]
fn rights_in_one_namespace_are_enough_for_a_service_there() {
    let Some(mut bench) = Bench::new("narrow") else { return };
    let namespace = json!({ "Name": "narrow" }).to_string();
    assert_eq!(bench.nomad().call("POST", "/v1/namespace/narrow", &namespace).0, 200);
    let mut policies = Policies::of_the_page();
    policies.nomad = policies.nomad.replace("namespace \"default\"", "namespace \"narrow\"");
    bench.allowed(&policies, "only");
    bench.serves(json!({ "namespace": "narrow" }));
    bench.ends("applied");
    bench.ends("unchanged");
    bench.serves(json!({ "namespace": "narrow", "env": { "ROUND": "two" } }));
    bench.ends("applied");
    bench.destroy();
    assert_eq!(bench.nomad().get("/v1/job/narrow?namespace=narrow"), None);
}
