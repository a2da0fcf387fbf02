"""The site of the test of secrets: a master, three components with secrets, and steps that are searched."""

import base64
import json
import os
import signal
from urllib.parse import quote, quote_plus

from support import programs
from support import world as worlds
from support.canary import Flock
from support.http_backend import HttpBackend
from support.master import Master
from support.searched import Searched
from support.waiting import until
from support.watching import Watch

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
            f'#!/bin/sh\nprintf \'%s\\n\' "$@" >> "{self.arguments}"\nexec "{programs.terraform()}" "$@"\n'
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
        """Starts an orchestration that hangs in the update of a thing.

        No other terraform runs meanwhile: if the orchestration is killed, nobody narrows what that one writes later.
        """
        self.round += 1
        self.write()
        self.hang = self.world.hang("update", name="shown", when="after")
        self.world.faults(self.hang)
        words = ("infrastructure.orchestrate", "environment=staging", "components=source")
        started = self.site.start(self.site.salt_run("-l", "debug", *words))
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
