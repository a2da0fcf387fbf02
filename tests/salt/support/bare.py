"""Terraform as an operator runs it, without Eos."""

import json
import os
import subprocess

from support import programs
from support.result import Result
from support.site import Started


class Bare:
    """A folder with an initialised module."""

    def __init__(self, folder, main, world):
        folder.mkdir()
        self.folder = folder
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TF_CLI_CONFIG_FILE": str(world.cli_config),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
        }
        self.running = []
        self.write(main)
        done = self.run("init")
        assert done.rc == 0, done

    def write(self, main):
        (self.folder / "main.tf").write_text(main)

    def argv(self, command, *words):
        return [programs.terraform(), command, "-no-color", *words]

    def run(self, command, *words, timeout=120):
        argv = self.argv(command, *words)
        done = subprocess.run(
            argv,
            check=False,
            env=self.env,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
        )
        return Result(argv, done.returncode, done.stdout.decode(), done.stderr.decode())

    def apply(self, *words):
        return self.run("apply", "-auto-approve", *words)

    def start(self, command, *words):
        self.running.append(Started(self.argv(command, *words), self.folder, self.env))
        return self.running[-1]

    def close(self):
        for one in self.running:
            one.end()

    def instances(self):
        """From each address to its instance in the state. `status` is `tainted` if the instance is tainted."""
        state = self.folder / "terraform.tfstate"
        if not state.exists():
            return {}
        return {
            f"{one['type']}.{one['name']}": one["instances"][0]
            for one in json.loads(state.read_text())["resources"]
        }

    def plan(self):
        """Makes a plan, and returns the output of `show -json` for it."""
        planned = self.run("plan", "-out=plan.bin")
        assert planned.rc == 0, planned
        shown = self.run("show", "-json", "plan.bin")
        assert shown.rc == 0, shown
        return shown.json

    def changes(self):
        """From each address to its actions in a plan, without addresses that do not change."""
        return {
            one["address"]: one["change"]["actions"]
            for one in self.plan()["resource_changes"]
            if one["change"]["actions"] != ["no-op"]
        }
