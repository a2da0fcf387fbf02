use super::*;

fn entry(address: &str, actions: &[&str], before: Value, after: Value) -> Value {
    let (kind, name) = address.split_once('.').unwrap();
    let change = json!({ "actions": actions, "before": before, "after": after, "after_unknown": {},
        "before_sensitive": { "secret": true }, "after_sensitive": { "secret": true } });
    json!({ "address": address, "mode": "managed", "type": kind, "name": name, "change": change })
}

fn plan(drift: Value, changes: Value) -> Value {
    json!({ "resource_drift": drift, "resource_changes": changes })
}

fn classes(plan: &Value, rules: &DriftRules) -> Vec<(String, DriftClass)> {
    drift_findings(plan, rules, &BTreeMap::new())
        .changes
        .into_iter()
        .map(|one| (one.address, one.class))
        .collect()
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
    let rows = [
        ("nothing", vec![], vec![no_op("x")], None),
        ("changed outside", vec![update("x", "y")], vec![update("y", "x")], Some(DriftClass::Drifted)),
        ("deleted outside", vec![delete], vec![create], Some(DriftClass::Drifted)),
        (
            "an ignore_changes attribute",
            vec![update("x", "y")],
            vec![no_op("y")],
            Some(DriftClass::DriftedBenign),
        ),
        ("the configuration only", vec![], vec![update("x", "y")], Some(DriftClass::Pending)),
        (
            "the configuration, the world already equal",
            vec![update("x", "y")],
            vec![no_op("y")],
            Some(DriftClass::DriftedBenign),
        ),
        ("both", vec![update("x", "y")], vec![update("y", "z")], Some(DriftClass::Drifted)),
        ("a move alone", vec![no_op("x")], vec![no_op("x")], None),
    ];
    for (what, drift, changes, expected) in rows {
        let found = classes(&plan(json!(drift), json!(changes)), &DriftRules::default());
        assert_eq!(found.first().map(|(_, class)| *class), expected, "{what}");
    }
}

#[test]
fn a_changed_secret_is_masked_but_counts_as_a_different_drift() {
    let with = |secret: &str| {
        let (before, after) = (json!({ "secret": "old-secret" }), json!({ "secret": secret }));
        drift_findings(
            &plan(json!([entry("t.a", &["update"], before, after)]), json!([])),
            &DriftRules::default(),
            &BTreeMap::new(),
        )
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
    let still = drift_findings(&plan, &ignoring(&["t.*.digest"]), &BTreeMap::new());
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
    let findings = drift_findings(&plan(json!([outside]), json!([])), &DriftRules::default(), &followed);
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
