"""The provider for tests: a folder with things, faults on demand, and the log of its calls.

Things are JSON files, so a test can change or delete them outside Terraform. `tests/provider` is the
provider's source. Its package `world` describes each file of the folder.
"""

import dataclasses
import itertools
import json
import os
import subprocess
from pathlib import Path

import pytest

from support import mirrors, programs
from support.site import CHECKOUT

MISSING = 3  # the exit code of `tests/provider/build` if an optional program is missing


def mirror():
    """The folder of the mirror, which is built if needed. Skips the test if that is not possible."""
    built = subprocess.run(
        [CHECKOUT / "tests" / "provider" / "build"],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if built.returncode == MISSING:
        programs.missing(built.stderr.strip().splitlines()[-1], installable=True)
    if built.returncode != 0:
        pytest.fail(built.stderr, pytrace=False)
    return Path(built.stdout.strip())


def installation(providers):
    """A CLI configuration. If this machine has the real `hashicorp/nomad`, it is used instead of the test provider."""
    nomad = ["registry.terraform.io/hashicorp/nomad"]
    real = mirrors.find("hashicorp/nomad")
    if not real:
        return mirrors.installation({"path": str(providers)})
    return mirrors.installation(
        {"path": real, "include": nomad}, {"path": str(providers), "exclude": nomad}
    )


@dataclasses.dataclass(frozen=True)
class Operation:
    """One call of the provider. `ended` is None if its process died during the call."""

    kind: str
    name: str
    id: str
    component: str
    provider: int
    terraform: int
    started: int
    ended: int | None
    outcome: str | None

    @property
    def failed(self):
        return bool(self.outcome)


class World:
    """The world of one test, and the CLI configuration with which terraform finds its provider."""

    def __init__(self, folder, providers):
        self.path = Path(folder) / "world"
        self.things_folder = self.path / "things"
        self.things_folder.mkdir(parents=True)
        self.cli_config = Path(folder) / "world.tfrc"
        self.cli_config.write_text(installation(providers))
        self.rules = []
        self.ids = itertools.count(1)

    def close(self):
        """Releases hanging calls, so that no provider waits in a world that is gone."""
        self.faults()

    # Configurations

    @property
    def terraform(self):
        """The value of `settings:terraform` in a pillar."""
        return {"cli_config_file": str(self.cli_config)}

    def provider(self, component=""):
        """The head of a module."""
        return f"""
terraform {{
  required_providers {{
    world = {{
      source = "eos.test/eos/world"
    }}
  }}
}}
provider "world" {{
  world     = {json.dumps(str(self.path))}
  component = {json.dumps(component)}
}}
"""

    def thing(self, name, *, label=None, **arguments):
        """A resource block. An argument is a plain value, or an expression as `Raw("var.body")`."""
        lines = [f"  {key} = {hcl(value)}\n" for key, value in {"name": name, **arguments}.items()]
        return f'resource "world_thing" "{label or name}" {{\n{"".join(lines)}}}\n'

    # Faults

    def faults(self, *rules):
        """Sets these faults and no others. Each is a result of `fail` or a similar method."""
        self.rules = list(rules)
        fresh = self.path / "faults.new"
        fresh.write_text(json.dumps(self.rules))
        os.replace(fresh, self.path / "faults.json")

    def fail(self, on, **more):
        return self.rule("fail", on, **more)

    def delay(self, on, ms, **more):
        return self.rule("delay", on, ms=ms, **more)

    def hang(self, on, **more):
        """A fault that makes a call hang until `release`."""
        return self.rule("hang", on, **more)

    def crash(self, on, **more):
        return self.rule("crash", on, **more)

    def rule(self, do, on, *, when="before", **more):
        """A fault. `name`, `component` and `nth` restrict it; `unsaved` and `message` change its effect."""
        return {"id": f"{os.getpid()}-{next(self.ids)}", "do": do, "on": on, "when": when, **more}

    def release(self, rule):
        self.faults(*(one for one in self.rules if one["id"] != rule["id"]))

    # The things, and changes from outside Terraform

    def things(self):
        """The things by their ids."""
        files = sorted(self.things_folder.glob("*.json"))
        return {one.stem: json.loads(one.read_text()) for one in files}

    def names(self):
        """The names of all things, sorted. If two things have the same name, it appears twice."""
        return sorted(one["name"] for one in self.things().values())

    def find(self, name):
        """The only thing with a name."""
        (found,) = (one for one in self.things().values() if one["name"] == name)
        return found

    def change(self, name, **values):
        thing = self.find(name) | values
        (self.things_folder / f"{thing['id']}.json").write_text(json.dumps(thing))

    def delete(self, name):
        (self.things_folder / f"{self.find(name)['id']}.json").unlink()

    # The calls of the provider

    def operations(self, *kinds):
        """All calls so far, or those of some kinds, in the order of their starts."""
        started, ended = {}, {}
        for line in lines(self.path / "operations.log"):
            (started if line["event"] == "start" else ended)[line["operation"]] = line
        return [
            operation(line, ended.get(key))
            for key, line in started.items()
            if not kinds or line["kind"] in kinds
        ]

    def writing(self, name):
        """The write of a thing that is in progress, or None."""
        under_way = [
            one
            for one in self.operations("create", "update", "delete")
            if one.name == name and one.ended is None
        ]
        return under_way[-1] if under_way else None

    def overlaps(self):
        """One line for each time when a terraform wrote to a component during a write of another terraform."""
        return lines(self.path / "overlaps.log")


def operation(start, end):
    return Operation(
        kind=start["kind"],
        name=start["name"],
        id=start["id"],
        component=start["component"],
        provider=start["provider"]["pid"],
        terraform=start["terraform"]["pid"],
        started=start["at"],
        ended=end and end["at"],
        outcome=end and end.get("outcome", ""),
    )


def lines(path):
    return [json.loads(one) for one in path.read_text().splitlines()] if path.exists() else []


class Raw(str):
    """An HCL expression, written as it is."""

    __slots__ = ()


def hcl(value):
    if isinstance(value, Raw):
        return value
    return json.dumps(value).replace("${", "$${").replace("%{", "%%{")
