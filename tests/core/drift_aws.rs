//! Claims about plans and drift with the real AWS provider, on moto.

use serde_json::{Value, json};

use crate::support::moto::Moto;
use crate::support::{Site, aws, statuses};

/// A bucket whose versioning another resource writes, and a group whose rules are separate resources.
const RESOURCES: &str = r#"
resource "aws_s3_bucket" "b" {
  bucket = "case-bucket"
}
resource "aws_s3_bucket_versioning" "v" {
  bucket = aws_s3_bucket.b.id
  versioning_configuration {
    status = "Enabled"
  }
}
variable "owner" { default = "eos" }
resource "aws_security_group" "web" {
  name = "web"
  tags = { Owner = var.owner }
}
resource "aws_vpc_security_group_ingress_rule" "https" {
  security_group_id = aws_security_group.web.id
  cidr_ipv4         = "10.0.0.0/8"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
resource "aws_s3_bucket" "tagged" {
  bucket = "tagged-bucket"
  tags   = { Owner = "eos" }
}
output "group" { value = aws_security_group.web.id }
"#;

/// None, with a message, if this machine does not have the provider or moto.
fn site(rest: Value) -> Option<(Moto, Site)> {
    let (moto, mut site) = aws::site()?;
    let url = moto.url();
    let provider = format!(
        "terraform {{\n  required_providers {{\n    aws = {{ source = \"hashicorp/aws\" }}\n  }}\n}}\n\
         provider \"aws\" {{\n  region = \"us-east-1\"\n  skip_credentials_validation = true\n  \
         skip_metadata_api_check = true\n  skip_requesting_account_id = true\n  s3_use_path_style = true\n  \
         endpoints {{\n    s3 = \"{url}\"\n    ec2 = \"{url}\"\n  }}\n}}\n"
    );
    site.component("web", &(provider + RESOURCES), rest);
    Some((moto, site))
}

fn applied(rest: Value) -> Option<(Moto, Site)> {
    let (moto, site) = site(rest)?;
    let done = site.run("orchestrate", json!({}));
    assert_eq!(done["result"], true, "{done:#}");
    Some((moto, site))
}

/// A person opens a port of the group to everybody.
fn open(moto: &Moto, site: &Site, port: u16) {
    change_rules(moto, site, "AuthorizeSecurityGroupIngress", port);
}

fn change_rules(moto: &Moto, site: &Site, action: &str, port: u16) {
    let outputs = site.run("outputs", json!({}));
    let group = outputs["outputs"]["web"]["group"].as_str().unwrap().to_owned();
    let port = port.to_string();
    let words = [
        ("Action", action),
        ("Version", "2016-11-15"),
        ("GroupId", &group),
        ("IpPermissions.1.IpProtocol", "tcp"),
        ("IpPermissions.1.FromPort", &port),
        ("IpPermissions.1.ToPort", &port),
        ("IpPermissions.1.IpRanges.1.CidrIp", "0.0.0.0%2F0"),
    ];
    moto.post("ec2", &words.map(|(key, value)| format!("{key}={value}")).join("&"));
}

/// Each command with this provider takes seconds of processor time, so `make test` has only this case.
#[test]
fn a_plan_with_the_real_aws_provider_names_each_resource_of_the_module() {
    let Some((_moto, site)) = site(json!({})) else { return };
    let plan = site.run("plan", json!({}));
    assert_eq!(statuses(&plan)["web"], "planned", "{plan:#}");
    let changes = plan["components"]["web"]["resource_changes"].as_array().unwrap();
    let addresses: Vec<_> = changes.iter().map(|change| change["address"].as_str().unwrap()).collect();
    let wanted = [
        "aws_s3_bucket.b",
        "aws_s3_bucket.tagged",
        "aws_s3_bucket_versioning.v",
        "aws_security_group.web",
        "aws_vpc_security_group_ingress_rule.https",
    ];
    assert_eq!(addresses, wanted, "{plan:#}");
}

#[test]
#[ignore = "matrix"]
fn right_after_an_apply_at_aws_there_is_no_drift_and_an_open_rule_by_hand_is_told_first() {
    let Some((moto, site)) = applied(json!({ "drift": { "baseline": true } })) else { return };
    let found = site.run("drift", json!({}));
    assert_eq!(statuses(&found)["web"], "unchanged", "{found:#}");
    assert_eq!(found["components"]["web"]["drift"]["first_look"], Value::Null);
    open(&moto, &site, 22);
    let found = site.run("drift", json!({}));
    assert_eq!(statuses(&found)["web"], "drifted", "{found:#}");
    let changes = found["components"]["web"]["drift"]["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 1, "{found:#}");
    assert_eq!(changes[0]["address"], "aws_security_group.web");
    let flags = (&changes[0]["opens_to_everybody"], &changes[0]["undone_by_a_plan"]);
    assert_eq!(flags, (&json!(true), &json!(false)));
    let attributes = changes[0]["attributes"].as_array().unwrap();
    assert_eq!(attributes.len(), 1, "the rule of the module is not part of it: {found:#}");
    assert_eq!(attributes[0]["after"]["cidr_blocks"], json!(["0.0.0.0/0"]));
    let text = eos::view::text(&found, false);
    let first = text.lines().find(|line| line.contains("outside")).unwrap();
    assert!(first.contains("aws_security_group.web") && first.contains("OPEN TO EVERYBODY"), "{text}");
}

#[test]
#[ignore = "matrix"]
fn an_open_rule_that_an_apply_at_aws_writes_into_the_state_stays_drift() {
    let Some((moto, mut site)) = applied(json!({ "drift": { "baseline": true } })) else { return };
    open(&moto, &site, 23);
    site.infrastructure["components"]["web"]["variables"] = json!({ "owner": "another" });
    let done = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&done)["web"], "applied", "{done:#}");
    let notes = &done["components"]["web"]["notes"];
    let first = notes[0].as_str().unwrap_or_default();
    assert!(first.starts_with("OPEN TO EVERYBODY: aws_security_group.web (ingress)"), "{notes:#}");
    assert_eq!(notes.as_array().unwrap().len(), 1, "{notes:#}");
    let found = site.run("drift", json!({}));
    assert_eq!(statuses(&found)["web"], "drifted", "{found:#}");
    let changes = found["components"]["web"]["drift"]["changes"].as_array().unwrap();
    assert_eq!((changes.len(), &changes[0]["opens_to_everybody"]), (1, &json!(true)), "{found:#}");
    let attributes = changes[0]["attributes"].as_array().unwrap();
    assert_eq!(attributes.len(), 1, "the rule of the module is not part of it: {found:#}");
    assert_eq!(attributes[0]["after"]["from_port"], 23);
    change_rules(&moto, &site, "RevokeSecurityGroupIngress", 23);
    let found = site.run("drift", json!({}));
    assert_eq!(statuses(&found)["web"], "unchanged", "{found:#}");
}
