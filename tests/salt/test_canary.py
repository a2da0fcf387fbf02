"""Secrets are only where Terraform needs them: a long sequence of runs, with a search after each step."""

import ast
import base64
import json
import os
import signal
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from support import kinds, programs
from support import world as worlds
from support.canary import Flock
from support.http_backend import HttpBackend
from support.master import Master
from support.searched import Searched
from support.waiting import until
from support.watching import Watch

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.together("canary")]

# `declared` and `backend` are in terraform's own environment, and so in that of its children.
FOR_TERRAFORM = {"declared", "backend"}

SOURCE = """
variable "password" {
  type      = string
  sensitive = true
}
variable "key" {
  type      = string
  sensitive = true
}
# The module's author forgot to mark it.
variable "plain" { type = string }
variable "round" { type = number }
variable "exit" { type = number }
variable "made" { type = string }
resource "world_thing" "shown" {
  name   = "shown"
  body   = "${var.round} ${var.plain}"
  secret = var.password
}
resource "terraform_data" "says" {
  depends_on       = [world_thing.shown]
  input            = [var.plain, var.key]
  triggers_replace = var.round
  provisioner "local-exec" {
    command     = <<-EOT
      printf '%s\\n' "$PLAIN" "$CANARY_TOKEN"
      printf '%s' "$CANARY_TOKEN" | base64 >&2
      printf '%s' "$PLAIN" | base64
      exit "$EXIT"
    EOT
    environment = { PLAIN = var.plain, EXIT = var.exit }
  }
}
resource "terraform_data" "keyed" {
  for_each = toset([var.plain])
  input    = var.round
}
output "token" {
  value     = var.password
  sensitive = true
}
output "made" {
  value     = sensitive(file(var.made))
  sensitive = true
}
output "shown" { value = var.plain }
output "url" { value = "https://joe:${urlencode(var.plain)}@host/" }
output "document" { value = jsonencode({ (var.plain) = [var.plain] }) }
output "header" { value = "Basic ${base64encode("joe:${var.plain}")}" }
output "digest" { value = sha256(var.plain) }
"""

READER = """
variable "token" { type = string }
variable "made" { type = string }
resource "world_thing" "reader" {
  name = "reader"
  body = "${var.token} ${var.made}"
}
output "again" { value = [var.token, { (var.made) = 1 }] }
"""

REMOTE = """
variable "password" {
  type      = string
  sensitive = true
}
resource "world_thing" "remote" {
  name   = "remote"
  secret = var.password
}
"""

# Each of these prints its secret in a diagnostic of a plan.
TALKATIVE = {
    "validation": """
variable "plain" {
  type = string
  validation {
    condition     = length(var.plain) < 3
    error_message = "This is not good: ${var.plain}"
  }
}
""",
    "function": """
variable "plain" { type = string }
output "text" { value = file(var.plain) }
""",
    "precondition": """
variable "plain" { type = string }
output "text" {
  value = 1
  precondition {
    condition     = var.plain == ""
    error_message = "Neither ${jsonencode({ a = var.plain })} nor ${base64encode(var.plain)}"
  }
}
""",
}


def functions(of):
    """The public functions of a Salt module, read from its source: an import of Salt here disturbs pytest's imports."""
    source = Path(__file__).parents[2] / "python/saltext/eos" / of
    found = ast.parse(source.read_text()).body
    return {one.name for one in found if isinstance(one, ast.FunctionDef) and one.name[0] != "_"}


class Story(Searched):
    """An environment with secrets, and everything that was found during its runs."""

    def __init__(self, folder, providers):
        flock = Flock("password", "key", "plain", "made", *FOR_TERRAFORM)
        outside = folder / "outside"
        outside.mkdir()
        self.world = worlds.World(outside, providers)
        self.server = HttpBackend(password=flock["backend"])
        for name in ("key", "made"):
            (outside / name).write_text(flock[name] + "\n")
        self.outside = outside
        self.arguments = outside / "arguments"
        terraform = outside / "terraform"
        terraform.write_text(
            f'#!/bin/sh\nprintf \'%s\\n\' "$@" >> "{self.arguments}"\nexec {programs.terraform()} "$@"\n'
        )
        terraform.chmod(0o755)
        self.settings = {
            "timeouts": {"stop_grace": 5},
            "on_failure": "continue",
            "terraform": {
                "binary": str(terraform),
                "env": {
                    "CANARY_TOKEN": "env:EOS_DECLARED",
                    "TF_HTTP_USERNAME": self.server.user,
                    "TF_HTTP_PASSWORD": "env:EOS_BACKEND",
                },
                **self.world.terraform,
            },
        }
        self.watch = Watch()
        env = {f"EOS_{name.upper()}": flock[name] for name in self.by_environment}
        site = Master(folder / "site", extra={"log_level_logfile": "all"}, env=env)
        super().__init__(site, flock)
        self.round, self.exit = 1, 0
        self.listener = self.site.listen()

    by_environment = ("password", "plain", *FOR_TERRAFORM)

    def close(self):
        self.watch.close()
        self.listener.end()
        self.site.close()
        self.server.close()
        self.world.close()

    def write(self):
        """Writes the pillar, which has only references."""
        site, world = self.site, self.world
        source = {
            "source": site.module("source", {"main.tf": world.provider("source") + SOURCE}),
            "secrets": {
                "password": "env:EOS_PASSWORD",
                "plain": "env:EOS_PLAIN",
                "key": f"file:{self.outside / 'key'}",
            },
            "variables": {
                "round": self.round,
                "exit": self.exit,
                "made": str(self.outside / "made"),
            },
            "policy": {"allow_destroy": True},
        }
        reader = {
            "source": site.module("reader", {"main.tf": world.provider("reader") + READER}),
            "from_outputs": {"token": "source.token", "made": "source.made"},
        }
        address = self.server.url + "/remote"
        remote = {
            "source": site.module("remote", {"main.tf": world.provider("remote") + REMOTE}),
            "secrets": {"password": "env:EOS_PASSWORD"},
            "backend": {"type": "http", "address": address}
            | {f"{which}_address": address for which in ("lock", "unlock")},
        }
        talkative = {
            name: {
                "source": site.module(name, {"main.tf": text}),
                "secrets": {"plain": "env:EOS_PLAIN"},
            }
            for name, text in TALKATIVE.items()
        }
        site.environment(
            {"source": source, "reader": reader, "remote": remote},
            settings=self.settings,
            environments={
                "staging": {},
                "talkative": {
                    "components": talkative
                    | {name: {"enabled": False} for name in ("source", "reader", "remote")}
                },
            },
        )

    # Steps

    def ask(self, function, *words, rc=0, local=False):
        """Runs a function of the execution module, through the master or alone."""
        self.called["module"].add(function)
        name = f"eos_terraform.{function}"
        if local:
            return self.call(name, *words, rc=rc)
        return self.heard(name, self.site.salt(name, *words), rc)

    def state(self, function, *words, **arguments):
        """Runs a state function on the minion."""
        self.called["state"].add(function)
        body = "".join(f"    - {key}: {json.dumps(value)}\n" for key, value in arguments.items())
        self.site.sls("canary", f"source:\n  eos_terraform.{function}:\n{body}")
        done = self.site.salt("state.apply", "canary", *words)
        return self.heard(f"state {function}", done, 0)

    def start(self):
        """Starts an orchestration that hangs in the update of a thing."""
        self.round += 1
        self.write()
        self.hang = self.world.hang("update", name="shown", when="after")
        self.world.faults(self.hang)
        argv = self.site.salt_run(
            "-l", "debug", "infrastructure.orchestrate", "environment=staging"
        )
        started = self.site.start(argv)
        until(self.writes, "the thing is being written", timeout=60)
        self.sweep("a run that hangs", running=True)
        return started

    def writes(self):
        """Whether a running terraform writes the thing. The call of a killed terraform never ends."""
        call = self.world.writing("shown")
        return call and alive(call.terraform)


def kill(pid):
    os.kill(pid, signal.SIGKILL)
    until(lambda: not alive(pid), "the end of what was killed")


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return ") Z " not in file.read()
    except FileNotFoundError:
        return False


def quoted(flock):
    """The forms in which a provider may print secrets."""
    forms = []
    for name in ("password", "plain", "key", "declared", "backend"):
        value = flock[name]
        encoded = base64.b64encode(f"joe:{value}".encode()).decode()
        forms += [value, json.dumps(value), quote(value, safe=""), quote_plus(value), encoded]
    return " ".join(forms)


def told(story):
    """Runs the story. The tests check what was found at the end."""
    site, world = story.site, story.world
    staging = "environment=staging"
    story.write()
    story.run("validate", staging)
    story.run("graph", staging)
    story.run("graph", staging, "format=mermaid")

    plan_id = story.run("plan", staging).report["plan_id"]
    world.faults(world.fail("create", name="shown", message=quoted(story.flock)))
    story.run("apply", f"plan_id={plan_id}", rc=1)
    story.run("status", staging)
    story.run("locks", staging)
    world.faults()

    story.exit = 3
    story.write()
    failed = story.run("orchestrate", staging, rc=1)
    assert "exit status 3" in failed.error_text("source"), failed
    story.exit = 0
    story.write()
    story.run("resume", staging)
    assert world.names() == ["reader", "remote", "shown"]
    story.run("outputs", staging)
    story.run("health", staging)
    story.run("why", staging, "what=source")
    story.run("doctor", staging)

    story.round += 1
    story.write()
    shown = story.run("orchestrate", staging, "test=True")
    assert "(sensitive)" in shown.stdout, shown
    story.run("orchestrate", staging)
    story.run("snapshots", staging)

    # Everything is killed in the middle of a write.
    started = story.start()
    call = world.writing("shown")
    os.kill(call.terraform, signal.SIGSTOP)
    started.end()
    kill(call.terraform)
    kill(call.provider)
    world.faults()
    story.run("status", staging)
    story.run("history", staging)
    story.run("orchestrate", staging, "test=True")
    story.run("resume", staging)

    # A state that cannot be saved.
    backup = site.workdir("source") / "terraform.tfstate.backup"
    backup.unlink()
    backup.mkdir()
    story.round += 1
    story.write()
    story.run("orchestrate", staging, rc=1)
    backup.rmdir()
    story.run("resume", staging)

    # Another user stops a run.
    started = story.start()
    (run_id,) = story.run("status", staging).report["running"]
    story.run("cancel", f"run_id={run_id}")
    until(lambda: "stopping" in started.err.read_text(), "the run heard it")
    world.faults()
    stopped = started.wait()
    assert stopped.statuses["source"] == "cancelled", stopped
    story.run("show", f"run_id={run_id}")
    story.run("show_run", f"run_id={run_id}", "format=markdown")
    story.run("resume", staging)
    story.run("unlock", staging, "component=source", "id=none", rc=1)
    story.run("orchestrate", "environment=talkative", rc=1)

    # Drift, approval and rollback.
    story.run("drift", staging)
    story.run("remediate", staging, "component=source", "drift_id=none", rc=1)
    story.run("accept_drift", staging, "component=source", "drift_id=none", rc=1)
    story.run("approve", f"plan_id={plan_id}", rc=1)
    story.run("rollback", staging, "components=source", "confirm=staging", "test=True")
    story.run("rollback", staging, "components=source", "confirm=staging")
    story.run("acknowledge", staging, "components=source")
    story.run("promote", staging, "components=source")
    story.run("orchestrate_infrastructure", staging)

    assert site.salt("saltutil.refresh_pillar", "wait=True").rc == 0
    story.ask("validate_pillar", staging)
    story.ask("validate_pillar_data", staging)
    story.ask("acquire_terraform_lock", "source", staging, rc=1)
    story.ask("which_environment", staging)
    story.ask("init_workspace", "source", staging)
    story.ask("get_outputs", "source", staging)
    for output in ("token", "shown", "document"):
        story.ask("get_terraform_output", "source", f"output_name={output}", staging)
    story.ask("get_resources", "source", staging)
    story.ask("component_is_healthy", "source", staging)
    story.ask("detect_drift", "source", staging)
    story.ask("ensure_infrastructure", "source", staging)
    story.ask("inject_credentials", "hcloud", "source", staging)
    story.ask("deploy_nomad_service", "nobody", "staging", rc=1)
    address = "resource_address=world_thing.none"
    story.ask("import_resource", "source", staging, address, "resource_id=none", rc=1)
    story.ask("remove_resource", "source", staging, address)
    moved = ["from_address=world_thing.none", "to_address=world_thing.shown"]
    story.ask("move_resource", "source", staging, *moved)
    story.ask("approve", f"plan_id={plan_id}", rc=1)
    unknown = "snapshot_id=01JD3KV6T0W8Q5YB4E2N9RZXCM"
    story.ask("rollback_to_snapshot", "source", staging, unknown, rc=1)
    story.ask("get_state", "source", staging)
    story.ask("get_state", "reader", staging, local=True)
    story.ask("get_state", "remote", staging)
    story.round += 1
    story.write()
    assert site.salt("saltutil.refresh_pillar", "wait=True").rc == 0
    planned = story.ask("plan", "source", staging, local=True)
    story.ask("apply", "source", staging, f"plan_file={planned.report['plan_file']}")
    world.faults(world.fail("read", name="shown", message=quoted(story.flock)))
    story.ask("plan", "source", staging, rc=1)
    world.faults()
    story.ask("terraform_plan", "source", staging)
    story.ask("apply_terraform", "source", staging)
    story.state("apply", "test=True", environment="staging")
    story.state("apply", environment="staging")
    story.state("orchestrate", environment="staging")
    story.ask("destroy", "reader", staging, "auto_approve=True")
    story.state("destroy", environment="staging", components=["remote"], confirm="staging")
    story.run("destroy", staging, "confirm=staging")
    assert world.names() == []


@pytest.fixture(scope="module")
def story(tmp_path_factory, providers):
    made = Story(tmp_path_factory.mktemp("canary"), providers)
    try:
        told(made)
        until(lambda: "/source/" in made.listener.out.read_text(), "the bus was listened to")
    finally:
        made.close()
    made.sweep("everything")
    return made


def test_no_secret_is_in_a_file_a_log_a_return_an_event_or_a_report(story):
    assert not story.leaks, "\n".join(story.leaks[:20])


def test_every_file_that_may_contain_a_secret_is_private_and_each_kind_occurs(story):
    assert not story.open_to_others, story.open_to_others
    # A kind that never contained a secret must not be on the list, except for short-lived and compressed files.
    rare = {"a state that terraform could not save", "a copy that was cut off"}
    passing = rare | {"a plan of a run", "a kept plan"}
    assert story.held.keys() >= kinds.MAY_HOLD.keys() - rare
    held = {kind for kind, names in story.held.items() if names}
    assert held - rare == kinds.MAY_HOLD.keys() - passing


def test_no_secret_is_in_an_argument_of_any_process(story):
    terraforms = story.arguments.read_bytes()
    seen = [*story.watch.arguments, terraforms]
    assert b"plan" in terraforms and any(b"terraform\0apply" in one for one in seen)
    assert not [told for one in seen for told in story.flock.heard(one)]


def test_no_secret_is_in_an_environment_except_where_configured(story):
    leaks = []
    for environment, whose in story.watch.environments.items():
        # The provisioner has `plain` from its module. Salt and its children have the secrets that the tests gave them.
        provisioner = {"plain"} if b"\0PLAIN=" in environment else set()
        is_terraform = b"TF_IN_AUTOMATION=1" in environment
        given = FOR_TERRAFORM | provisioner if is_terraform else story.by_environment
        leaks += [(one, whose) for one in story.flock.heard(environment, but=given)]
    assert any(b"TF_IN_AUTOMATION=1" in one for one in story.watch.environments)
    assert not leaks


def test_every_function_was_called(story):
    assert story.called["runner"] == functions("runners/infrastructure.py")
    assert story.called["module"] == functions("modules/eos_terraform.py")
    assert story.called["state"] == functions("states/eos_terraform.py") - {"mod_watch"}
