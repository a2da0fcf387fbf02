"""Secrets in Vault, and secrets of services: they appear nowhere else, whatever the result of the run."""

import json
import sys

import pytest

from support.canary import Flock
from support.searched import Searched
from support.site import Site
from support.waiting import until
from support.watching import Watch
from support.world import installation

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ENVIRONMENT = "environment=staging"
# If it must fail, the task prints its secrets in the forms that programs use.
TASK = """
import base64, json, os, sys, time
if sys.argv[1] == "fails":
    for name in ("TOKEN", "MADE"):
        value = os.environ[name]
        print(value, json.dumps(value), base64.b64encode(value.encode()).decode(), file=sys.stderr)
    sys.exit("no such luck")
time.sleep(9999)
"""
MODULE = """
variable "password" {
  type      = string
  sensitive = true
}
resource "terraform_data" "it" { input = var.password }
output "password" {
  value     = var.password
  sensitive = true
}
"""


class Story(Searched):
    """A component and a service that get their secrets from Vault."""

    def __init__(self, folder, providers, vault, nomad):
        site = Site(folder / "site", extra={"log_level_logfile": "all"})
        super().__init__(site, Flock("token", "password", "login"))
        self.vault, self.nomad = vault, nomad
        self.told = folder / "providers.tfrc"
        self.told.write_text(installation(providers))
        self.put("secret/data/app", {"data": {"token": self.flock["token"]}})
        self.put("secret/data/db", {"data": {"password": self.flock["password"]}})
        rules = 'path "secret/data/*" { capabilities = ["create", "read", "update"] }'
        self.put("sys/policies/acl/canary", {"policy": rules})
        self.put("sys/auth/canary", {"type": "approle"})
        self.put("auth/canary/role/run", {"token_policies": ["canary"]})
        self.put("auth/canary/role/run/custom-secret-id", {"secret_id": self.flock["login"]})
        role = vault.request("/v1/auth/canary/role/run/role-id")["data"]["role_id"]
        login = folder / "login"
        login.write_text(self.flock["login"])
        self.auth = {"method": "approle", "mount": "canary", "role_id": role}
        self.auth["secret_id"] = f"file:{login}"
        self.tokens = self.accessors()
        self.watch = Watch()

    def put(self, path, body):
        self.vault.request(f"/v1/{path}", "POST", json.dumps(body).encode())

    def accessors(self):
        return set(self.vault.request("/v1/auth/token/accessors/", "LIST")["data"]["keys"])

    def write(self, does):
        """Writes the pillar, which has only references."""
        service = {
            "command": sys.executable,
            "args": ["-c", TASK, does],
            "secrets": {
                "TOKEN": "vault:secret/app#token",
                "MADE": {"generate": "password"},
                "PASSWORD": {"output": "db.password"},
            },
            "on_failure": "rollback",
            "replicas": 1,
            "cpu": 20,
            "memory": 40,
            "restart": {"attempts": 0, "mode": "fail"},
            "update": {"min_healthy_time": "1s", "healthy_deadline": "60s", "progress_deadline": 0},
        }
        db = {
            "source": self.site.module("db", {"main.tf": MODULE}),
            "secrets": {"password": "vault:secret/db#password"},
        }
        settings = {
            "terraform": {"cli_config_file": str(self.told)},
            "nomad": {"address": self.nomad.address},
            "vault": {"address": self.vault.address, "auth": self.auth},
        }
        self.site.environment({"db": db}, settings=settings, services={"canary": service})

    def add_versions(self):
        """Every value that the rotated secret has had. What was searched before is searched again for them."""
        path = "/v1/secret/data/services/staging/canary"
        newest = self.vault.request(path)["data"]["metadata"]["version"]
        for version in range(1, newest + 1):
            kept = self.vault.request(f"{path}?version={version}")["data"]["data"]
            self.flock.add(f"made in version {version}", kept["MADE"])
        self.seen.clear()

    def inspect(self):
        """Searches everything that Nomad shows about the job."""
        for part in ("", "/versions", "/allocations", "/evaluations", "/deployments"):
            told = self.nomad.find(f"/v1/job/canary{part}")
            self.look(f"Nomad's job{part}", json.dumps(told, ensure_ascii=False).encode())

    def close(self):
        self.watch.close()
        self.site.close()


def told(story):
    """Runs the story. The tests check what was found at the end."""
    story.write("serves")
    story.run("validate", ENVIRONMENT)
    story.run("orchestrate", ENVIRONMENT, "test=True")
    story.run("orchestrate", ENVIRONMENT)
    kept = story.vault.request("/v1/secret/data/services/staging/canary")["data"]["data"]
    story.flock.add("made", kept["MADE"])
    story.seen.clear()
    story.sweep("the first orchestrate")
    story.inspect()
    story.run("rotate", ENVIRONMENT, "keys=canary/MADE", "test=True")
    story.run("rotate", ENVIRONMENT, "keys=canary/MADE", "keep_previous=True")
    story.add_versions()
    story.sweep("a rotation")
    story.inspect()
    story.call("eos_orchestrator.generate_nomad_job", "canary", "staging")
    story.call("eos_orchestrator.nomad_validate_job", "canary", "staging")
    story.run("drift", ENVIRONMENT)

    story.write("fails")
    failed = story.run("orchestrate", ENVIRONMENT, rc=1)
    assert failed.statuses["nomad-canary"] == "rolled_back", failed
    assert "no such luck" in failed.error_text("nomad-canary"), failed
    story.inspect()
    waits = story.call("eos_orchestrator.deploy_service", "canary", "staging", rc=1)
    assert "waits for a person" in waits.said, waits
    again = ["nomad-canary", "staging", "auto_approve=True", "retry=True"]
    failed = story.call("eos_terraform.apply", *again, rc=1)
    assert "no such luck" in failed.said, failed
    story.call("eos_orchestrator.diagnose", "canary", "staging")
    story.run("health", ENVIRONMENT)
    failed = story.run("rotate", ENVIRONMENT, "keys=canary/MADE", rc=1)
    assert failed.statuses["nomad-canary"] == "rolled_back", failed
    assert "no such luck" in failed.error_text("nomad-canary"), failed
    story.add_versions()
    story.inspect()
    story.write("serves")
    story.run("destroy", ENVIRONMENT, "confirm=staging")
    assert story.nomad.find("/v1/var/nomad/jobs/canary") is None


@pytest.fixture(scope="module")
def story(tmp_path_factory, providers, vault, nomad):
    made = Story(tmp_path_factory.mktemp("canary"), providers, vault, nomad)
    try:
        told(made)
    finally:
        made.close()
    made.sweep("everything")
    return made


def test_no_vault_or_service_secret_is_in_a_file_a_log_a_return_or_nomads_job(story):
    assert not story.leaks, "\n".join(story.leaks[:20])
    assert not story.open_to_others, story.open_to_others
    # The search works: it finds the secret in states, where Terraform needs it.
    assert "password" in story.held["a local state"]


def test_no_vault_or_service_secret_is_in_an_argument(story):
    assert any(b"terraform\0apply" in one for one in story.watch.arguments)
    assert not [told for one in story.watch.arguments for told in story.flock.heard(one)]


def test_no_token_of_a_run_stays_in_vault(story):
    until(lambda: story.accessors() == story.tokens, "the tokens are those of before")
