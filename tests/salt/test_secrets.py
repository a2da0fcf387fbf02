"""References to Vault and to Salt's sdb, through Salt."""

import json
import uuid

import pytest

from support import programs
from support.site import Site

MODULE = """
variable "given" {
  type      = string
  sensitive = true
}
variable "safe" {
  type      = string
  sensitive = true
}
resource "terraform_data" "it" { input = [var.given, var.safe] }
output "digest" { value = nonsensitive(sha256("${var.given} ${var.safe}")) }
"""


@pytest.fixture
def secrets():
    return {"given": f"vault{uuid.uuid4().hex}", "safe": f"safe{uuid.uuid4().hex}"}


@pytest.fixture
def site(tmp_path, secrets):
    programs.terraform()
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "safe.yaml").write_text(json.dumps({"net": secrets["safe"]}))
    profile = {"safe": {"driver": "yaml", "files": [str(outside / "safe.yaml")]}}
    made = Site(tmp_path / "site", extra=profile | {"log_level_logfile": "all"})
    yield made
    made.close()


@pytest.fixture
def net(site, vault, secrets):
    """A component with a secret from Vault and one from sdb. Returns their references."""
    body = json.dumps({"data": {"given": secrets["given"]}}).encode()
    vault.request("/v1/secret/data/net", "POST", body)
    token = site.folder.parent / "outside" / "token"
    token.write_text("root-of-the-tests\n")
    references = {"given": "vault:secret/net#given", "safe": "sdb://safe/net"}
    auth = {"method": "token", "token": f"file:{token}"}
    site.environment(
        {"net": {"source": site.module("net", {"main.tf": MODULE}), "secrets": references}},
        settings={
            "vault": {"address": vault.address, "auth": auth},
            "credentials": {"aws": "vault:secret/aws"},
        },
    )
    return references


def found(site, secrets):
    """Every file below the site that contains a secret, without states, plans and raw output."""
    may = (".tfstate", "tfplan", ".stdout", ".stderr")
    texts = (
        (path, path.read_bytes())
        for path in site.folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    )
    return [
        path
        for path, text in texts
        if any(one.encode() in text for one in secrets.values())
        and not any(part in path.name for part in may)
        and "objects" not in path.parts
    ]


def test_vault_and_sdb_are_read_by_a_runner_and_by_a_minion(site, net, secrets):
    done = site.run("infrastructure.orchestrate", "environment=staging")
    assert done.rc == 0, done
    outputs = done.report["components"]["net"]["outputs"]
    again = site.call("eos_terraform.plan", "net", "environment=staging")
    assert again.rc == 0 and again.report["changes_present"] is False, again
    assert len(outputs["digest"]) == 64
    said = [done.said, again.said]
    assert not [one for one in said if any(secret in one for secret in secrets.values())]
    assert not found(site, secrets)


def test_a_missing_sdb_value_is_named_and_nothing_starts(site, net):
    infrastructure = json.loads((site.pillars / "infrastructure.sls").read_text().split("\n", 1)[1])
    component = infrastructure["infrastructure"]["components"]["net"]
    component["secrets"]["safe"] = "sdb://safe/nothing"
    site.pillar(infrastructure["infrastructure"])
    refused = site.run("infrastructure.orchestrate", "environment=staging")
    assert refused.rc == 1, refused
    error = refused.report["components"]["net"]["error"]
    assert error["code"] == "reference" and "sdb://safe/nothing" in error["message"], refused
    component["secrets"]["safe"] = "sdb://nobody/nothing"
    site.pillar(infrastructure["infrastructure"])
    refused = site.call("eos_terraform.apply", "net", "environment=staging", "auto_approve=True")
    assert refused.rc == 1 and refused.report["error"]["code"] == "reference", refused


def test_inject_credentials_returns_only_names(site, net):
    told = site.call("eos_terraform.inject_credentials", "aws", "environment=staging")
    names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
    assert told.rc == 0 and told.report["variables"] == names, told
    assert told.report["source"] == "vault:secret/aws", told
    unused = site.call("eos_terraform.inject_credentials", "aws", "net", "environment=staging")
    assert unused.rc == 0 and unused.report["variables"] == [], unused
