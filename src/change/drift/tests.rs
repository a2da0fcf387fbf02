use super::*;
use crate::model::DriftPattern;

fn entry(address: &str, actions: &[&str], before: Value, after: Value) -> Value {
    let (kind, name) = address.split_once('.').unwrap();
    let change = json!({ "actions": actions, "before": before, "after": after, "after_unknown": {},
        "before_sensitive": { "secret": true }, "after_sensitive": { "secret": true } });
    json!({ "address": address, "mode": "managed", "type": kind, "name": name, "change": change })
}

fn plan(drift: Value, changes: Value) -> Value {
    json!({ "resource_drift": drift, "resource_changes": changes })
}

fn found(plan: &Value, rules: &DriftRules) -> DriftFindings {
    drift_findings(plan, rules, &BTreeMap::new(), &KnownValues::NOTHING, Looking::AGAIN)
}

fn classes(plan: &Value, rules: &DriftRules) -> Vec<(String, DriftClass)> {
    found(plan, rules).changes.into_iter().map(|one| (one.address, one.class)).collect()
}

fn ignoring(patterns: &[&str]) -> DriftRules {
    let ignore = patterns.iter().map(|text| DriftPattern::new(text).unwrap()).collect();
    DriftRules { ignore, ..DriftRules::default() }
}

fn one(body: &str) -> Value {
    json!({ "body": body })
}

#[test]
fn the_table_decides_the_class_of_each_change() {
    let update = |from, to| entry("t.a", &["update"], one(from), one(to));
    let no_op = |body| entry("t.a", &["no-op"], one(body), one(body));
    let create = entry("t.a", &["create"], Value::Null, one("x"));
    let delete = entry("t.a", &["delete"], one("x"), Value::Null);
    let other = entry("t.a", &["update"], json!({ "body": "y", "v": 1 }), json!({ "body": "y", "v": 2 }));
    let (drifted, pending) = (DriftClass::Drifted, DriftClass::Pending);
    let rows = [
        ("nothing", vec![], vec![no_op("x")], None),
        ("changed outside", vec![update("x", "y")], vec![update("y", "x")], Some((drifted, true))),
        ("deleted outside", vec![delete], vec![create], Some((drifted, true))),
        ("an ignore_changes attribute", vec![update("x", "y")], vec![no_op("y")], Some((drifted, false))),
        ("the configuration only", vec![], vec![update("x", "y")], Some((pending, true))),
        ("both", vec![update("x", "y")], vec![update("y", "z")], Some((drifted, true))),
        ("another attribute", vec![update("x", "y")], vec![other], Some((drifted, false))),
        ("a move alone", vec![no_op("x")], vec![no_op("x")], None),
    ];
    for (what, drift, changes, expected) in rows {
        let found = found(&plan(json!(drift), json!(changes)), &DriftRules::default()).changes;
        assert_eq!(found.first().map(|one| (one.class, one.undone_by_a_plan)), expected, "{what}");
    }
}

#[test]
fn a_changed_secret_is_masked_but_counts_as_a_different_drift() {
    let with = |secret: &str| {
        let (before, after) = (json!({ "secret": "old-secret" }), json!({ "secret": secret }));
        found(&plan(json!([entry("t.a", &["update"], before, after)]), json!([])), &DriftRules::default())
    };
    let (a, b) = (with("secret-a"), with("secret-b"));
    assert_eq!(a.changes, b.changes);
    assert!(!json!(a.changes).to_string().contains("secret-a"));
    assert_ne!(a.exact, b.exact);
}

#[test]
fn an_ignored_attribute_and_values_computed_from_it_are_neither_drift_nor_pending() {
    let drift =
        entry("t.a", &["update"], json!({ "body": "x", "digest": 1 }), json!({ "body": "y", "digest": 2 }));
    let mut back = entry("t.a", &["update"], json!({ "body": "y", "digest": 2 }), json!({ "body": "x" }));
    back["change"]["after_unknown"] = json!({ "digest": true });
    let plan = plan(json!([drift]), json!([back]));
    assert_eq!(classes(&plan, &ignoring(&["t.*.body", "t.*.digest"])), []);
    assert_eq!(classes(&plan, &ignoring(&["t.*"])), []);
    assert_eq!(classes(&plan, &ignoring(&["t.b", "t.a.bod"])).len(), 1);
    let still = found(&plan, &ignoring(&["t.*.digest"]));
    assert_eq!(still.changes[0].attributes.len(), 1);
}

#[test]
fn an_ignored_attribute_hides_no_deletion() {
    let delete = entry("t.a", &["delete"], one("x"), Value::Null);
    let create = entry("t.a", &["create"], Value::Null, one("x"));
    let plan = plan(json!([delete]), json!([create]));
    assert_eq!(classes(&plan, &ignoring(&["t.*.body"])), [("t.a".to_owned(), DriftClass::Drifted)]);
}

#[test]
fn null_equals_an_empty_value_only_if_configured() {
    let rules = DriftRules { equal_empty: true, ..DriftRules::default() };
    for (before, after) in [(json!(null), json!("")), (json!([]), json!(null)), (json!({}), json!(""))] {
        let (a, b) = (json!({ "v": before, "w": 1 }), json!({ "v": after, "w": 1 }));
        let drift = json!([entry("t.a", &["update"], a.clone(), b.clone())]);
        let plan = plan(drift, json!([entry("t.a", &["update"], b, a)]));
        assert_eq!(classes(&plan, &DriftRules::default()).len(), 1);
        assert_eq!(classes(&plan, &rules), []);
    }
    let drift = json!([entry("t.a", &["update"], json!({ "v": null }), json!({ "v": 0 }))]);
    assert_eq!(classes(&plan(drift, json!([])), &rules).len(), 1);
}

/// The job of a service in the format of the real provider, with these differences before and after.
fn job(before: Value, after: Value) -> Value {
    let whole = |more: Value| {
        let mut values = json!({
            "id": "web", "namespace": "default", "modify_index": "11", "version": 0, "submit_time": "1",
            "stable": false, "status": "pending", "datacenters": [], "allocation_ids": null, "jobspec": "v0",
            "task_groups": [{ "count": 1, "volumes": null, "task": [{ "volume_mounts": null }] }],
        });
        values.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        values
    };
    entry("nomad_job.web", &["update"], whole(before), whole(after))
}

fn paths(outside: Value, followed: &[(&str, u64)]) -> Vec<String> {
    let followed = followed.iter().map(|&(key, index)| (key.to_owned(), index)).collect();
    let plan = plan(json!([outside]), json!([]));
    let (rules, known) = (DriftRules::default(), KnownValues::NOTHING);
    let findings = drift_findings(&plan, &rules, &followed, &known, Looking::AGAIN);
    findings.changes.into_iter().flat_map(|one| one.attributes).map(|one| one.path).collect()
}

#[test]
fn any_change_of_a_registration_by_nomad_itself_is_not_drift() {
    let deployed = json!({
        "stable": true, "status": "running", "datacenters": ["*"], "allocation_ids": [],
        "task_groups": [{ "count": 1, "volumes": [], "task": [{ "volume_mounts": [] }] }],
    });
    assert_eq!(paths(job(json!({}), deployed), &[]), Vec::<String>::new());
    // When the provider updates a job, it leaves the old values in the state.
    let counted = json!({ "version": 1, "submit_time": "2", "stable": true });
    assert_eq!(paths(job(json!({}), counted), &[]), Vec::<String>::new());
}

#[test]
fn a_different_registration_is_drift_unless_the_last_run_followed_it() {
    let scaled = json!({
        "modify_index": "20", "version": 1, "submit_time": "2", "stable": true, "status": "running",
        "task_groups": [{ "count": 2, "volumes": [], "task": [{ "volume_mounts": [] }] }],
    });
    let expected = ["modify_index", "task_groups[0].count"];
    assert_eq!(paths(job(json!({}), scaled.clone()), &[]), expected);
    assert_eq!(
        paths(job(json!({}), scaled.clone()), &[("web@default", 19), ("other@default", 20)]),
        expected
    );
    assert_eq!(paths(job(json!({}), scaled), &[("web@default", 20)]), Vec::<String>::new());
    // A deleted job always counts.
    let mut gone = job(json!({}), json!({}));
    gone["change"]["actions"] = json!(["delete"]);
    gone["change"]["after"] = Value::Null;
    assert_eq!(classes(&plan(json!([gone]), json!([])), &DriftRules::default()).len(), 1);
}

/// A digest that is good enough here.
fn plain(value: &Value) -> String {
    value.to_string()
}

fn rule(port: u64, from: &str) -> Value {
    json!({ "from_port": port, "cidr_blocks": [from] })
}

/// A security group whose rules are separate resources, as the state has it, and with these rules now.
fn group(rules: &[Value]) -> Value {
    let before = json!({ "name": "web", "ingress": [] });
    entry("aws_security_group.web", &["update"], before, json!({ "name": "web", "ingress": rules }))
}

fn with_baseline(before: &Value, now: &Value) -> DriftFindings {
    let accepted = filled_in(before, &plain);
    let known = KnownValues { accepted, digest: &plain, ..KnownValues::NOTHING };
    drift_findings(now, &DriftRules::default(), &BTreeMap::new(), &known, Looking::AGAIN)
}

#[test]
fn a_rule_by_hand_beside_rules_of_the_provider_is_one_difference_and_comes_first() {
    let own = [rule(443, "10.0.0.0/8"), rule(80, "10.0.0.0/8")];
    let then = plan(json!([group(&own)]), json!([]));
    assert_eq!(with_baseline(&then, &then).changes, []);
    let another = entry("a.first", &["update"], one("x"), one("y"));
    let [https, http] = own;
    let by_hand = rule(22, "0.0.0.0/0");
    let now = plan(json!([another, group(&[by_hand.clone(), https, http])]), json!([]));
    let found = with_baseline(&then, &now).changes;
    let addresses: Vec<_> = found.iter().map(|one| one.address.as_str()).collect();
    assert_eq!(addresses, ["aws_security_group.web", "a.first"]);
    assert!(found[0].opens_to_everybody && !found[0].undone_by_a_plan && !found[1].opens_to_everybody);
    let attributes: Vec<_> =
        found[0].attributes.iter().map(|one| (&*one.path, &one.before, &one.after)).collect();
    assert_eq!(attributes, [("ingress[0]", &Value::Null, &by_hand)]);
}

#[test]
fn an_accepted_element_that_is_gone_is_drift() {
    let then = plan(json!([group(&[rule(443, "10.0.0.0/8"), rule(80, "10.0.0.0/8")])]), json!([]));
    let now = plan(json!([group(&[rule(443, "10.0.0.0/8")])]), json!([]));
    let found = with_baseline(&then, &now).changes;
    assert_eq!(found[0].attributes[0].before, json!("(not stored)"));
    // All are gone: the resource is as in the state again.
    let values = json!({ "name": "web", "ingress": [] });
    let resource = json!({ "address": "aws_security_group.web", "mode": "managed", "type": "aws_security_group",
        "name": "web", "values": values });
    let mut now = plan(json!([]), json!([]));
    now["prior_state"]["values"]["root_module"]["child_modules"] = json!([{ "resources": [resource] }]);
    let found = with_baseline(&then, &now).changes;
    assert_eq!((found.len(), found[0].attributes[0].path.as_str()), (1, "ingress"));
}

#[test]
fn a_first_look_accepts_only_what_no_configuration_sets_and_no_plan_changes() {
    let outside = entry(
        "t.a",
        &["update"],
        json!({ "set": 1, "alike": 1, "planned": 1, "computed": 1, "list": [] }),
        json!({ "set": 2, "alike": 2, "planned": 2, "computed": 2, "list": ["0.0.0.0/0"] }),
    );
    let back = json!({ "set": 2, "alike": 2, "planned": 1, "computed": 2, "list": ["0.0.0.0/0"] });
    let undo = entry("t.a", &["update"], outside["change"]["after"].clone(), back);
    let gone = entry("t.gone", &["delete"], one("x"), Value::Null);
    let mut plan = plan(json!([outside, gone]), json!([undo]));
    let declared = json!({ "mode": "managed", "type": "t", "name": "a",
        "expressions": { "set": { "constant_value": 1 }, "alike": { "constant_value": 1 } } });
    plan["configuration"]["root_module"]["resources"] = json!([declared]);
    let known = KnownValues { is_current: false, digest: &plain, ..KnownValues::NOTHING };
    let look = |known: &KnownValues<'_>, looking: Looking<'_>| {
        drift_findings(&plan, &DriftRules::default(), &BTreeMap::new(), known, looking)
    };
    // Only `set` is under ignore_changes. For Terraform, both values of `alike` are the same.
    let first =
        look(&known, Looking { is_first: true, may_be_ignored: &|_, _, attribute| attribute == "set" });
    let paths = |attributes: &[crate::report::AttributeChange]| -> Vec<String> {
        attributes.iter().map(|one| one.path.clone()).collect()
    };
    assert_eq!(paths(&first.first_look[0].attributes), ["alike", "computed", "list[0]"]);
    assert!(first.first_look[0].opens_to_everybody);
    assert_eq!(first.changes.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["gone", "a"]);
    assert_eq!(paths(&first.changes[1].attributes), ["planned", "set"]);
    // The next check finds the same drift, and nothing more.
    let known = KnownValues { accepted: first.accepted, digest: &plain, ..KnownValues::NOTHING };
    let second = look(&known, Looking::AGAIN);
    assert_eq!((second.changes, second.exact), (first.changes, first.exact));
    assert_eq!(second.first_look, []);
}

#[test]
fn only_a_change_that_opens_a_resource_is_loud_after_an_apply_has_absorbed_it() {
    let object = |ingress: Value| {
        let values = json!({ "name": "web", "ingress": ingress });
        let object = StateObject { kind: "aws_security_group".to_owned(), name: "web".to_owned(), values };
        StateObjects::from([("aws_security_group.web".to_owned(), object)])
    };
    let with_code = |code: Value| json!({ "from_port": 80, "cidr_blocks": ["0.0.0.0/0"], "icmp_code": code });
    for (before, now, is_loud) in [
        (json!([rule(80, "10.0.0.0/8")]), json!([rule(80, "10.0.0.0/8"), rule(22, "0.0.0.0/0")]), true),
        (json!([with_code(Value::Null)]), json!([with_code(json!(0))]), false),
    ] {
        let known = KnownValues { digest: &plain, ..KnownValues::NOTHING };
        let rules = DriftRules::default();
        let (kept, told) = absorbed(&object(before), &object(now.clone()), &rules, &known);
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].opens_to_everybody, told[0].is_compared), (is_loud, true), "{now}");
        assert_eq!(still_absorbed(&kept, &object(now.clone()), &known), kept);
        assert_eq!(still_absorbed(&kept, &object(json!([])), &known), AbsorbedValues::new(), "{now}");
        // The state has it now, and the refresh finds nothing else.
        let known = KnownValues { absorbed: kept, digest: &plain, ..KnownValues::NOTHING };
        let resource = json!({ "address": "aws_security_group.web", "mode": "managed", "name": "web",
            "type": "aws_security_group", "values": { "name": "web", "ingress": now } });
        let mut plan = plan(json!([]), json!([]));
        plan["prior_state"]["values"]["root_module"]["resources"] = json!([resource]);
        let found = drift_findings(&plan, &rules, &BTreeMap::new(), &known, Looking::AGAIN).changes;
        assert_eq!((found.len(), found[0].attributes.len()), (1, 1));
        assert_eq!(found[0].opens_to_everybody, is_loud, "{now}");
    }
}

#[test]
fn an_absorbed_value_is_over_only_if_the_configuration_gives_exactly_this_value() {
    let by_hand = rule(22, "0.0.0.0/0");
    let object = |ingress: Value| {
        let values = json!({ "name": "web", "ingress": ingress });
        let object = StateObject { kind: "aws_security_group".to_owned(), name: "web".to_owned(), values };
        StateObjects::from([("module.m.aws_security_group.web".to_owned(), object)])
    };
    let known = KnownValues { digest: &plain, ..KnownValues::NOTHING };
    let (kept, _) = absorbed(&object(json!([])), &object(json!([by_hand])), &DriftRules::default(), &known);
    let constant = |value: Value| json!({ "constant_value": value });
    let block = |port: u64| json!([{ "from_port": constant(json!(port)), "cidr_blocks": { "references": ["var.from"] } }]);
    let open = json!(["0.0.0.0/0"]);
    let other = json!(["10.0.0.0/8"]);
    for (ingress, from, ignored, is_over) in [
        (constant(json!([by_hand])), Value::Null, false, true),
        (constant(json!([by_hand])), Value::Null, true, false),
        (constant(Value::Null), Value::Null, false, false),
        (Value::Null, Value::Null, false, false),
        (block(22), open.clone(), false, true),
        (block(22), other, false, false),
        (block(80), open.clone(), false, false),
        (json!([{ "from_port": constant(json!(22)) }]), open.clone(), false, false),
        (json!({ "references": ["local.rules"] }), open.clone(), false, false),
        (json!({ "references": ["var.from"] }), Value::Null, false, false),
    ] {
        let resource = json!({ "address": "module.m.aws_security_group.web", "mode": "managed", "name": "web",
            "type": "aws_security_group", "values": { "name": "web", "ingress": [by_hand] } });
        let mut plan = plan(json!([]), json!([]));
        plan["prior_state"]["values"]["root_module"]["child_modules"] =
            json!([{ "address": "module.m", "resources": [resource] }]);
        let declared = json!({ "mode": "managed", "type": "aws_security_group", "name": "web",
            "expressions": { "ingress": ingress } });
        let call = json!({ "expressions": { "from": { "references": ["var.allowed"] } },
            "module": { "resources": [declared], "variables": { "from": {} } } });
        plan["configuration"]["root_module"]["module_calls"]["m"] = call;
        plan["variables"]["allowed"] = json!({ "value": from });
        let known = KnownValues { absorbed: kept.clone(), digest: &plain, ..KnownValues::NOTHING };
        let looking = Looking { is_first: false, may_be_ignored: &|_, _, _| ignored };
        let found = drift_findings(&plan, &DriftRules::default(), &BTreeMap::new(), &known, looking);
        assert_eq!(found.changes.is_empty(), is_over, "{ingress} {from} {ignored}");
        assert_eq!(found.absorbed.is_empty(), is_over, "{ingress} {from} {ignored}");
    }
}
