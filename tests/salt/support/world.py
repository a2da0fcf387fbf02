"""The provider for tests: a folder of things, faults on demand, and what its calls left behind.

Things are JSON files, so a test changes or deletes them behind Terraform's back; `tests/provider` is the
provider's source, and its package `world` says what each file of the folder holds.
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

MISSING = 3  # as `tests/provider/build` ends where something that a machine may lack is missing


def mirror():
    """The folder of the mirror, built where it was not yet; or a visible skip."""
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
    """A CLI configuration. The real `hashicorp/nomad`, where this machine has it, is preferred to ours."""
    nomad = ["registry.terraform.io/hashicorp/nomad"]
    real = mirrors.find("hashicorp/nomad")
    if not real:
        return mirrors.installation({"path": str(providers)})
    return mirrors.installation(
        {"path": real, "include": nomad}, {"path": str(providers), "exclude": nomad}
    )


@dataclasses.dataclass(frozen=True)
class Operation:
    """One call of the provider. `ended` is None where its process died in it."""

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
    """A world of one test, and the CLI configuration under which terraform finds its provider."""

    def __init__(self, folder, providers):
        self.path = Path(folder) / "world"
        self.things_folder = self.path / "things"
        self.things_folder.mkdir(parents=True)
        self.cli_config = Path(folder) / "world.tfrc"
        self.cli_config.write_text(installation(providers))
        self.rules = []
        self.ids = itertools.count(1)

    def close(self):
        """Lets go what hangs, so that no provider waits in a world that is gone."""
        self.faults()

    # For configurations

    @property
    def terraform(self):
        """For `settings:terraform` of a pillar."""
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
        """Asks for these faults and no others; each is what `fail` and its like return."""
        self.rules = list(rules)
        fresh = self.path / "faults.new"
        fresh.write_text(json.dumps(self.rules))
        os.replace(fresh, self.path / "faults.json")

    def fail(self, on, **more):
        return self.rule("fail", on, **more)

    def delay(self, on, ms, **more):
        return self.rule("delay", on, ms=ms, **more)

    def hang(self, on, **more):
        """Until `release`."""
        return self.rule("hang", on, **more)

    def crash(self, on, **more):
        return self.rule("crash", on, **more)

    def rule(self, do, on, *, when="before", **more):
        """`name`, `component`, `nth`, `unsaved` and `message` narrow and shape it."""
        return {"id": f"{os.getpid()}-{next(self.ids)}", "do": do, "on": on, "when": when, **more}

    def release(self, rule):
        self.faults(*(one for one in self.rules if one["id"] != rule["id"]))

    # What is there, and what is done to it from outside

    def things(self):
        """Id to thing."""
        files = sorted(self.things_folder.glob("*.json"))
        return {one.stem: json.loads(one.read_text()) for one in files}

    def names(self):
        """The names there are, sorted; one that is there twice is named twice."""
        return sorted(one["name"] for one in self.things().values())

    def find(self, name):
        """The one thing of a name."""
        (found,) = (one for one in self.things().values() if one["name"] == name)
        return found

    def change(self, name, **values):
        thing = self.find(name) | values
        (self.things_folder / f"{thing['id']}.json").write_text(json.dumps(thing))

    def delete(self, name):
        (self.things_folder / f"{self.find(name)['id']}.json").unlink()

    # What the provider did

    def operations(self, *kinds):
        """Every call so far, or those of some kinds, in the order they started."""
        started, ended = {}, {}
        for line in lines(self.path / "operations.log"):
            (started if line["event"] == "start" else ended)[line["operation"]] = line
        return [
            operation(line, ended.get(key))
            for key, line in started.items()
            if not kinds or line["kind"] in kinds
        ]

    def writing(self, name):
        """The write of a thing that is under way, or None."""
        under_way = [
            one
            for one in self.operations("create", "update", "delete")
            if one.name == name and one.ended is None
        ]
        return under_way[-1] if under_way else None

    def overlaps(self):
        """Each time a terraform wrote to a component while another terraform's write was under way."""
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
