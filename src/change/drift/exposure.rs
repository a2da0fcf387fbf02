//! Decides whether a change outside of Terraform opens a resource to everybody.

use serde_json::Value;

use crate::change::diff::Difference;

/// Everybody, in the words of the large providers: addresses, accounts and canned ACLs.
const EVERYBODY: [&str; 8] = [
    "0.0.0.0/0",
    "::/0",
    "allUsers",
    "allAuthenticatedUsers",
    "public-read",
    "public-read-write",
    "http://acs.amazonaws.com/groups/global/AllUsers",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
];

/// Attributes in which these words also mean everybody.
const SOURCE: &str = "source_address_prefix";
const SOURCES: [&str; 3] = ["*", "Internet", "Any"];

/// Flags, and the value that opens the resource.
const FLAGS: [(&str, bool); 6] = [
    ("publicly_accessible", true),
    ("public_network_access_enabled", true),
    ("block_public_acls", false),
    ("block_public_policy", false),
    ("ignore_public_acls", false),
    ("restrict_public_buckets", false),
];

/// Words of rules for outgoing traffic: these open nothing.
const OUTGOING: [&str; 5] = ["egress", "EGRESS", "outbound", "Outbound", "route"];

/// Whether this difference opens the resource. `after`: the whole resource as it is now.
pub fn opens(kind: &str, after: &Value, one: &Difference<'_>) -> bool {
    if is_outgoing(kind, after) || OUTGOING.iter().any(|word| one.path.contains(word)) {
        return false;
    }
    let attribute = one.path.rsplit('.').next().unwrap_or_default();
    let flag = FLAGS.iter().any(|(name, opening)| attribute == *name && *one.after == *opening);
    let whole = is_rule(kind) && grants_all(after);
    flag || is_any_source(attribute, one.after) || whole || grants_all(one.after)
}

/// Whether this attribute names everybody as the source of a rule.
fn is_any_source(attribute: &str, value: &Value) -> bool {
    attribute.starts_with(SOURCE) && value.as_str().is_some_and(|text| SOURCES.contains(&text))
}

/// Whether one rule is for everybody now, and was not, or was for other ports or with other words.
pub fn grants_more(before: &Value, after: &Value) -> bool {
    grants_all(after) && !(grants_all(before) && is_same_grant(before, after))
}

fn is_same_grant(before: &Value, after: &Value) -> bool {
    const DECISIVE: [&str; 7] = ["port", "protocol", "cidr", "source", "range", "action", "member"];
    let (Value::Object(old), Value::Object(new)) = (before, after) else { return before == after };
    let is_decisive = |key: &&String| DECISIVE.iter().any(|word| key.contains(word));
    old.keys().chain(new.keys()).filter(is_decisive).all(|key| old.get(key) == new.get(key))
}

/// Whether a part of the value, other than outgoing rules, is everybody.
pub fn grants_all(value: &Value) -> bool {
    match value {
        Value::String(text) => EVERYBODY.contains(&text.as_str()) || policy_for_all(text),
        Value::Array(items) => items.iter().any(grants_all),
        Value::Object(_) if is_outgoing("", value) => false,
        Value::Object(map) => map.iter().any(|(key, one)| {
            !OUTGOING.contains(&key.as_str()) && (grants_all(one) || is_any_source(key, one))
        }),
        _ => false,
    }
}

/// A resource that is one rule: a different port of it matters as much as a different address.
fn is_rule(kind: &str) -> bool {
    kind.ends_with("_rule") && (kind.contains("security") || kind.contains("network_acl"))
}

fn is_outgoing(kind: &str, value: &Value) -> bool {
    let says = |key: &str| value[key].as_str().is_some_and(|text| OUTGOING.contains(&text));
    OUTGOING.iter().any(|word| kind.contains(word))
        || says("type")
        || says("direction")
        || value["egress"] == true
}

/// A policy document that allows something to everybody.
fn policy_for_all(text: &str) -> bool {
    if !text.contains("Principal") {
        return false;
    }
    let Ok(policy) = serde_json::from_str::<Value>(text) else { return false };
    let statements = match &policy["Statement"] {
        Value::Array(many) => many.iter().collect(),
        one => vec![one],
    };
    let is_all = |value: &Value| {
        *value == "*" || value.as_array().is_some_and(|many| many.iter().any(|one| *one == "*"))
    };
    statements.into_iter().any(|one| {
        let principal = &one["Principal"];
        one["Effect"] == "Allow"
            && one["Condition"].is_null()
            && (is_all(principal) || is_all(&principal["AWS"]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::drift::KnownValues;
    use crate::change::drift::outside;
    use serde_json::json;

    fn is_loud(kind: &str, before: Value, after: Value) -> bool {
        let change = json!({ "before": before, "after": after });
        let known = KnownValues::NOTHING;
        let found = outside::differences("t.a", &change, &known);
        found.iter().any(|one| opens(kind, &change["after"], &one.shown))
    }

    #[test]
    fn a_change_that_opens_a_resource_to_everybody_is_recognised_at_each_provider() {
        let rule = |port: u64, from: &str| json!({ "from_port": port, "cidr_blocks": [from] });
        let policy = |who: Value| json!({ "policy": json!({ "Statement": [{ "Effect": "Allow", "Principal": who }] }).to_string() });
        let open = [
            ("aws_security_group", json!({ "ingress": [] }), json!({ "ingress": [rule(22, "0.0.0.0/0")] })),
            (
                "aws_security_group",
                json!({ "ingress": [rule(443, "0.0.0.0/0")] }),
                json!({ "ingress": [rule(0, "0.0.0.0/0")] }),
            ),
            (
                "aws_security_group_rule",
                json!({ "type": "ingress", "cidr_blocks": ["10.0.0.0/8"] }),
                json!({ "type": "ingress", "cidr_blocks": ["10.0.0.0/8", "::/0"] }),
            ),
            (
                "aws_security_group_rule",
                json!({ "type": "ingress", "from_port": 443, "cidr_blocks": ["0.0.0.0/0"] }),
                json!({ "type": "ingress", "from_port": 0, "cidr_blocks": ["0.0.0.0/0"] }),
            ),
            (
                "aws_vpc_security_group_ingress_rule",
                json!({ "cidr_ipv4": "10.0.0.0/8" }),
                json!({ "cidr_ipv4": "0.0.0.0/0" }),
            ),
            (
                "azurerm_network_security_rule",
                json!({ "direction": "Inbound", "source_address_prefix": "10.0.0.1" }),
                json!({ "direction": "Inbound", "source_address_prefix": "*" }),
            ),
            (
                "google_compute_firewall",
                json!({ "source_ranges": [] }),
                json!({ "source_ranges": ["0.0.0.0/0"] }),
            ),
            (
                "google_storage_bucket_iam_binding",
                json!({ "members": ["user:a"] }),
                json!({ "members": ["user:a", "allUsers"] }),
            ),
            (
                "aws_s3_bucket_public_access_block",
                json!({ "block_public_acls": true }),
                json!({ "block_public_acls": false }),
            ),
            ("aws_s3_bucket", policy(json!({ "AWS": "arn:x" })), policy(json!("*"))),
            (
                "aws_db_instance",
                json!({ "publicly_accessible": false }),
                json!({ "publicly_accessible": true }),
            ),
        ];
        for (kind, before, after) in open {
            assert!(is_loud(kind, before.clone(), after.clone()), "{kind}: {before} {after}");
        }
    }

    #[test]
    fn an_outgoing_rule_and_an_unrelated_change_open_nothing() {
        let rule = json!({ "from_port": 0, "cidr_blocks": ["0.0.0.0/0"] });
        let closed = [
            ("aws_security_group", json!({ "egress": [] }), json!({ "egress": [rule] })),
            (
                "aws_security_group",
                json!({ "ingress": [rule], "name": "a" }),
                json!({ "ingress": [rule], "name": "b" }),
            ),
            (
                "aws_security_group_rule",
                json!({ "type": "egress", "cidr_blocks": [] }),
                json!({ "type": "egress", "cidr_blocks": ["0.0.0.0/0"] }),
            ),
            (
                "aws_vpc_security_group_egress_rule",
                json!({ "cidr_ipv4": "10.0.0.0/8" }),
                json!({ "cidr_ipv4": "0.0.0.0/0" }),
            ),
            ("aws_route_table", json!({ "route": [] }), json!({ "route": [{ "cidr_block": "0.0.0.0/0" }] })),
            (
                "aws_default_network_acl",
                json!({ "ingress": [{ "cidr_block": "0.0.0.0/0", "icmp_code": null }] }),
                json!({ "ingress": [{ "cidr_block": "0.0.0.0/0", "icmp_code": 0 }] }),
            ),
            ("aws_s3_bucket", json!({ "tags": { "a": "b" } }), json!({ "tags": { "a": "*" } })),
        ];
        for (kind, before, after) in closed {
            assert!(!is_loud(kind, before.clone(), after.clone()), "{kind}: {before} {after}");
        }
    }
}
