use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::json;

use super::layer::fault;
use super::*;
use crate::error::{Code, Error, Layer};
use crate::model::Name;

const HOUR: Duration = Duration::from_secs(3600);

fn error(code: Code) -> Error {
    fault(Layer::Host, code, "it says why", "do this")
}

fn codes(report: &LayerReport) -> Vec<&'static str> {
    report.faults.iter().map(|fault| fault.error.code.as_str()).collect()
}

/// The status and the codes of a report. Each fault must say what to do.
fn verdict(report: &LayerReport) -> (LayerStatus, Vec<&'static str>) {
    assert!(report.faults.iter().all(|fault| !fault.error.remedy.is_empty()), "{report:?}");
    (report.status, codes(report))
}

fn token(ttl: Option<Duration>) -> TokenFacts {
    TokenFacts { accessor: "a-1".into(), policies: vec!["eos".into()], ttl, ..TokenFacts::default() }
}

fn node(name: &str, datacenter: &str, status: &str, eligible: bool) -> NomadNode {
    NomadNode { name: name.into(), datacenter: datacenter.into(), status: status.into(), eligible }
}

/// Each service with its datacenters.
type Services = &'static [(&'static str, &'static [&'static str])];

fn of_nomad(nodes: Result<Vec<NomadNode>, Error>, services: Services) -> NomadFacts {
    let services = services
        .iter()
        .map(|(name, patterns)| ((*name).to_owned(), patterns.iter().map(|one| (*one).to_owned()).collect()));
    NomadFacts {
        address: "http://n".into(),
        region: None,
        leader: Ok("1.2.3.4:4647".into()),
        nodes,
        token: None,
        rights: None,
        clock: None,
        services: services.collect(),
        needed: HOUR,
    }
}

#[test]
fn the_nodes_that_services_name_decide_about_nomad() {
    use LayerStatus::{Degraded, Healthy, Unhealthy};
    let nodes = || {
        vec![
            node("a", "dc1", "ready", true),
            node("b", "dc2", "ready", false),
            node("c", "dc3", "down", true),
            node("d", "eu-1", "ready", true),
        ]
    };
    let table: [(Services, LayerStatus, &[&str]); 8] = [
        (&[("web", &["dc1"])], Healthy, &[]),
        (&[("web", &["eu-*"])], Healthy, &[]),
        // The node that is down may be meant.
        (&[("web", &["*"])], Degraded, &["nodes_down"]),
        (&[("web", &["dc2"])], Unhealthy, &["no_ready_node"]),
        (&[("web", &["dc3"])], Unhealthy, &["no_ready_node", "nodes_down"]),
        (&[("web", &["dc1", "dc2"])], Degraded, &["no_ready_node"]),
        (&[("web", &["dc1"]), ("app", &["mars"])], Unhealthy, &["no_ready_node"]),
        (&[], Degraded, &["nodes_down"]),
    ];
    for (services, status, codes) in table {
        let report = nomad(vec![of_nomad(Ok(nodes()), services)]);
        assert_eq!(verdict(&report), (status, codes.to_vec()), "{services:?}");
    }
    let report = nomad(vec![of_nomad(Ok(nodes()), &[("web", &["dc1"])])]);
    assert_eq!(report.summary, "leader 1.2.3.4:4647, 2 of 4 nodes ready");
    let datacenters = &report.facts["clusters"][0]["datacenters"];
    assert_eq!(
        datacenters["dc1"],
        json!({ "ready": 1, "down": 0, "ineligible": 0, "initializing": 0, "services": ["web"] })
    );
    assert_eq!((&datacenters["dc2"]["ineligible"], &datacenters["dc3"]["down"]), (&json!(1), &json!(1)));
}

#[test]
fn a_service_is_named_with_its_datacenters_where_it_cannot_be_placed() {
    let services: Services = &[("web", &["dc2"]), ("app", &["dc2"])];
    let report = nomad(vec![of_nomad(Ok(vec![]), services)]);
    assert_eq!(
        report.faults[0].error.message,
        "no node in datacenter dc2 is ready and eligible, so Nomad cannot place app, web"
    );
}

#[test]
fn a_refused_right_is_not_a_server_that_is_down() {
    let denied = of_nomad(Err(error(Code::NomadDenied)), &[]);
    let report = nomad(vec![denied]);
    assert_eq!(verdict(&report), (LayerStatus::Unknown, vec!["nomad_denied"]));
    assert!(report.faults[0].error.remedy.contains("node { policy = \"read\" }"), "{report:?}");
    assert_eq!(report.facts["clusters"][0]["datacenters"], json!(null));
    // The token itself is unknown: every run with it fails.
    let unknown = NomadFacts {
        token: Some(Err(error(Code::NomadDenied))),
        ..of_nomad(Err(error(Code::NomadDenied)), &[])
    };
    assert_eq!(verdict(&nomad(vec![unknown])), (LayerStatus::Unhealthy, vec!["nomad_denied"]));
}

#[test]
fn only_the_star_is_a_wildcard_of_nomad_and_many_stars_take_no_long_time() {
    const MANY: &str = "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b";
    let nodes = || Ok(vec![node("a", &"a".repeat(100), "ready", true), node("b", "dc1", "ready", true)]);
    let report = nomad(vec![of_nomad(nodes(), &[("web", &[MANY]), ("app", &["dc?"])])]);
    assert_eq!(verdict(&report), (LayerStatus::Unhealthy, vec!["no_ready_node", "no_ready_node"]));
}

#[test]
fn a_server_that_denies_access_did_answer() {
    let leader = || Err(error(Code::NomadDenied));
    let denied = NomadFacts { leader: leader(), ..of_nomad(Err(error(Code::NomadDenied)), &[]) };
    assert_eq!(nomad(vec![denied]).summary, "access denied by http://n, nodes not visible");
    let leader = Err(error(Code::ConsulDenied));
    let denied = ConsulFacts { leader, ..of_consul(Err(error(Code::ConsulDenied))) };
    assert_eq!(consul(vec![denied]).summary, "access denied by http://c");
}

#[test]
fn a_nomad_that_does_not_answer_is_one_fault() {
    let away = || Err(error(Code::NomadUnreachable));
    let facts = NomadFacts {
        leader: Err(error(Code::NomadUnreachable)),
        token: Some(away().map(|_: ()| token(None))),
        ..of_nomad(away().map(|_: ()| vec![]), &[])
    };
    let report = nomad(vec![facts]);
    assert_eq!(verdict(&report), (LayerStatus::Unhealthy, vec!["nomad_unreachable"]));
    assert_eq!(report.summary, "no answer from http://n");
    // A certificate that cannot be read stops all questions.
    let unusable = || Err(error(Code::NomadUnusable));
    let facts = NomadFacts { leader: unusable(), ..of_nomad(unusable().map(|_: String| vec![]), &[]) };
    assert_eq!(verdict(&nomad(vec![facts])), (LayerStatus::Unhealthy, vec!["nomad_unusable"]));
    let leaderless = NomadFacts {
        leader: Ok(String::new()),
        token: Some(away().map(|_: ()| token(None))),
        ..of_nomad(away().map(|_: ()| vec![]), &[])
    };
    assert_eq!(verdict(&nomad(vec![leaderless])), (LayerStatus::Unhealthy, vec!["no_leader"]));
}

#[test]
fn a_token_that_may_expire_during_an_apply_is_a_fault() {
    let ready = || Ok(vec![node("a", "x", "ready", true)]);
    for (ttl, status) in [
        (None, LayerStatus::Healthy),
        (Some(HOUR), LayerStatus::Healthy),
        (Some(HOUR / 2), LayerStatus::Degraded),
    ] {
        let facts = NomadFacts { token: Some(Ok(token(ttl))), ..of_nomad(ready(), &[]) };
        assert_eq!(nomad(vec![facts]).status, status, "{ttl:?}");
    }
}

fn of_consul(agents: Result<ConsulAgents, Error>) -> ConsulFacts {
    ConsulFacts {
        address: "http://c".into(),
        settings: "infrastructure:settings:consul",
        used_for: vec!["gates"],
        leader: Ok("1.2.3.4:8300".into()),
        agents,
        token: None,
        rights: None,
        clock: None,
        needed: HOUR,
    }
}

fn agents(statuses: &[&'static str], filtered: bool) -> ConsulAgents {
    let agent = |(index, status): (usize, &&'static str)| ConsulAgent {
        name: format!("agent-{index}"),
        status,
        is_server: index == 0,
    };
    ConsulAgents { all: statuses.iter().enumerate().map(agent).collect(), filtered }
}

#[test]
fn failed_agents_degrade_consul_and_those_that_left_do_not() {
    let report = consul(vec![of_consul(Ok(agents(&["alive", "alive", "left"], false)))]);
    assert_eq!(verdict(&report), (LayerStatus::Healthy, vec![]));
    assert_eq!(report.summary, "leader 1.2.3.4:8300, 2 of 3 agents alive");
    let report = consul(vec![of_consul(Ok(agents(&["failed", "alive", "failed"], false)))]);
    assert_eq!(verdict(&report), (LayerStatus::Degraded, vec!["agents_failed"]));
    assert!(report.faults[0].error.message.ends_with("agent-0 (a server), agent-2"), "{report:?}");
    assert_eq!(report.facts["clusters"][0]["agents"]["failed"], 2);
}

#[test]
fn agents_that_the_token_may_not_see_are_unknown() {
    let report = consul(vec![of_consul(Ok(agents(&[], true)))]);
    assert_eq!(verdict(&report), (LayerStatus::Unknown, vec!["consul_denied"]));
    assert_eq!(report.summary, "leader 1.2.3.4:8300, agents not visible");
    let unknown =
        ConsulFacts { token: Some(Err(error(Code::ConsulDenied))), ..of_consul(Ok(agents(&[], true))) };
    assert_eq!(verdict(&consul(vec![unknown])), (LayerStatus::Unhealthy, vec!["consul_denied"]));
}

#[test]
fn a_consul_without_a_leader_still_tells_its_agents() {
    let facts = ConsulFacts {
        leader: Ok(String::new()),
        token: Some(Err(error(Code::ConsulUnreachable))),
        ..of_consul(Ok(agents(&["alive", "failed"], false)))
    };
    assert_eq!(verdict(&consul(vec![facts])), (LayerStatus::Unhealthy, vec!["no_leader", "agents_failed"]));
}

#[test]
fn one_bad_cluster_decides_about_the_layer() {
    let away =
        ConsulFacts { leader: Err(error(Code::ConsulUnreachable)), ..of_consul(Ok(agents(&[], false))) };
    let report = consul(vec![of_consul(Ok(agents(&["alive"], false))), away]);
    assert_eq!(verdict(&report), (LayerStatus::Unhealthy, vec!["consul_unreachable"]));
    assert_eq!(report.summary, "leader 1.2.3.4:8300, 1 of 1 agents alive; no answer from http://c");
}

fn of_vault(seal: VaultSeal, token: Option<Result<VaultToken, Error>>) -> VaultFacts {
    VaultFacts {
        address: "http://v".into(),
        method: "approle",
        seal: Ok(seal),
        token,
        rights: None,
        clock: None,
        needed: HOUR,
    }
}

#[test]
fn a_sealed_vault_is_unhealthy_and_a_standby_is_not() {
    let seal =
        |initialised, sealed, standby| VaultSeal { initialised, sealed, standby, version: "1.2".into() };
    for (seal, status, summary) in [
        (seal(true, false, false), LayerStatus::Healthy, "unsealed"),
        (seal(true, false, true), LayerStatus::Healthy, "unsealed, standby"),
        (seal(true, true, false), LayerStatus::Unhealthy, "sealed"),
        (seal(false, true, false), LayerStatus::Unhealthy, "not initialised"),
    ] {
        let report = vault(of_vault(seal, None));
        assert_eq!((report.status, report.summary.as_str()), (status, summary));
    }
}

#[test]
fn a_token_of_vault_is_told_by_its_end() {
    let open = || VaultSeal { initialised: true, ..VaultSeal::default() };
    let facts = |renewable| TokenFacts { renewable: Some(renewable), ..token(Some(HOUR / 2)) };
    for (token, status, summary) in [
        (VaultToken::Supplied(token(None)), LayerStatus::Healthy, "unsealed, the token never expires"),
        (VaultToken::Supplied(facts(true)), LayerStatus::Degraded, "unsealed, the token expires in 30m"),
        // A run renews the token of its login.
        (
            VaultToken::LoggedIn(facts(true)),
            LayerStatus::Healthy,
            "unsealed, the login works, its token expires in 30m",
        ),
        (
            VaultToken::LoggedIn(facts(false)),
            LayerStatus::Degraded,
            "unsealed, the login works, its token expires in 30m",
        ),
        (
            VaultToken::Wrapped(HOUR),
            LayerStatus::Healthy,
            "unsealed, the wrapping token is unused and expires in 1h",
        ),
    ] {
        let report = vault(of_vault(open(), Some(Ok(token))));
        assert_eq!((report.status, report.summary.as_str()), (status, summary));
    }
    let refused = vault(of_vault(open(), Some(Err(error(Code::VaultLogin)))));
    assert_eq!(verdict(&refused), (LayerStatus::Unhealthy, vec!["vault_login"]));
    assert_eq!(refused.summary, "unsealed, no valid token");
    let late = vault(of_vault(open(), Some(Err(error(Code::VaultUnreachable)))));
    assert_eq!(late.summary, "unsealed, token not known", "{late:?}");
    // A token may be good for its secrets, although it may not look itself up.
    let denied = vault(of_vault(open(), Some(Err(error(Code::VaultDenied)))));
    assert_eq!(verdict(&denied), (LayerStatus::Unknown, vec!["vault_denied"]));
}

fn of_salt(minions: &[(&str, bool)], works_there: bool) -> SaltFacts {
    let answered = minions.iter().map(|(id, here)| ((*id).to_owned(), *here)).collect::<BTreeMap<_, _>>();
    SaltFacts {
        version: "3008.5".into(),
        place: SaltPlace::Master,
        has_master: true,
        minions: vec![MinionsFacts {
            target: "web*".into(),
            target_type: "glob".into(),
            used_by: BTreeSet::from(["infrastructure:components:x:salt".to_owned()]),
            works_there,
            answered: Ok(answered),
            eos: BTreeMap::new(),
            needs_eos: false,
        }],
    }
}

#[test]
fn a_step_whose_minions_are_all_away_makes_salt_unhealthy() {
    use LayerStatus::{Degraded, Healthy, Unhealthy};
    for (minions, works_there, status) in [
        (&[("web1", true), ("web2", true)][..], true, Healthy),
        (&[("web1", true), ("web2", false)], true, Degraded),
        (&[("web1", false), ("web2", false)], true, Unhealthy),
        (&[], true, Unhealthy),
        // Only its pillar is read, and the master has its grains.
        (&[("web1", false)], false, Degraded),
    ] {
        let report = salt(of_salt(minions, works_there));
        assert_eq!(verdict(&report).0, status, "{minions:?}");
        assert_eq!(report.faults.is_empty(), status == Healthy);
    }
    assert_eq!(salt(of_salt(&[], true)).summary, "3008.5 on the master, no minion answers");
    let none = SaltFacts { minions: Vec::new(), ..of_salt(&[], true) };
    assert_eq!(salt(none).summary, "3008.5 on the master, the pillar names no minions");
    let report = salt(of_salt(&[("web1", true), ("web2", false)], true));
    assert_eq!(report.summary, "3008.5 on the master, 1 of 2 minions answer");
    assert_eq!(report.facts["minions"], json!({ "web1": true, "web2": false }));
    assert!(
        report.faults[0].error.message.ends_with("(infrastructure:components:x:salt): web2"),
        "{report:?}"
    );
}

fn of_terraform() -> TerraformFacts {
    let program = ProgramFacts {
        product: "terraform",
        version: "1.9.8".into(),
        path: "/bin/terraform".into(),
        allowed: ">=1.5".into(),
    };
    let backend = BackendFacts {
        kind: "s3".into(),
        components: vec![Name::new("net").unwrap()],
        answer: BackendAnswer::Reachable(Name::new("net").ok()),
    };
    TerraformFacts {
        environment: Name::new("staging").unwrap(),
        program: Ok(program),
        backends: vec![backend],
        locks: Ok(Vec::new()),
        left: Vec::new(),
        folders: Vec::new(),
    }
}

fn lock(stale: bool) -> LockFacts {
    let [component, holder, run_id, operation, user, host, since] =
        ["net", "run 01R of process 7", "01R", "plan", "root", "h", "2026-11-27T00:00:00Z"]
            .map(str::to_owned);
    let kept_by = LockKeeper::Session("5e55".into());
    LockFacts { component, holder, run_id, operation, user, host, since, stale, kept_by }
}

#[test]
fn what_terraform_lacks_is_named_by_its_code() {
    use LayerStatus::{Degraded, Healthy, Unhealthy};
    let good = terraform(of_terraform());
    assert_eq!(verdict(&good), (Healthy, vec![]));
    assert_eq!(good.summary, "terraform 1.9.8, backend s3 reachable, no locks held");

    let missing = TerraformFacts { program: Err(error(Code::TerraformMissing)), ..of_terraform() };
    assert_eq!(verdict(&terraform(missing)), (Unhealthy, vec!["terraform_missing"]));

    let with = |answer| {
        let mut facts = of_terraform();
        facts.backends[0].answer = answer;
        terraform(facts)
    };
    let away = with(BackendAnswer::Unreachable(error(Code::BackendUnreachable)));
    assert_eq!(verdict(&away), (Unhealthy, vec!["backend_unreachable"]));
    // Not asked is neither good nor bad, and says why.
    let unasked = with(BackendAnswer::NotAsked("no component ran here with it"));
    assert_eq!(verdict(&unasked), (Healthy, vec![]));
    assert_eq!(unasked.facts["backends"][0]["because"], "no component ran here with it");

    let held = TerraformFacts { locks: Ok(vec![lock(false)]), ..of_terraform() };
    let held = terraform(held);
    assert_eq!(verdict(&held), (Healthy, vec![]));
    assert_eq!(held.facts["locks"][0]["since"], "2026-11-27T00:00:00Z");
    assert!(
        held.summary.ends_with(", net locked by plan of root on h since 2026-11-27T00:00:00Z"),
        "{held:?}"
    );
    let stale = TerraformFacts { locks: Ok(vec![lock(true)]), ..of_terraform() };
    let stale = terraform(stale);
    assert_eq!(verdict(&stale), (Degraded, vec!["lock_stale"]));
    assert!(stale.faults[0].error.remedy.ends_with("infrastructure.unlock staging net id=5e55"), "{stale:?}");

    let [run_id, host, since, kind] = ["01R", "h", "2026-11-27T00:00:00Z", "s3"].map(str::to_owned);
    let left = LeftLock { component: Name::new("net").unwrap(), kind, run_id, host, since };
    let left = TerraformFacts { left: vec![left], ..of_terraform() };
    assert_eq!(verdict(&terraform(left)), (Degraded, vec!["backend_lock_left"]));
}
