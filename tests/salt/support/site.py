"""A complete Salt site in a temporary folder: configuration, pillar, modules and workdirs."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import configure
from support import grains, programs
from support.forked import Forked
from support.result import Result
from support.sink import Sink

CHECKOUT = Path(__file__).resolve().parents[3]
BIN = Path(sys.prefix) / "bin"
# Shared by all sites. It is closed at the end of the tests.
forked = Forked()
FORKED = {BIN / name for name in ("eos", "salt", "salt-call", "salt-run")}


class Site:
    """The environment of a test, and its calls of Salt.

    A site without `sink` and without `forks` is like that of a user.
    """

    def __init__(self, folder, *, ports=(14505, 14506), extra=None, sink=True, forks=True):
        self.folder = Path(folder)
        self.forks = forks
        # What Salt collects depends on its user, and on grains in its configuration.
        self.shares_grains = sink and forks and not {"user", "grains"} & set(extra or {})
        self.root = self.folder / "srv"
        self.states = self.folder / "states"
        self.pillars = self.folder / "pillar"
        self.home = self.folder / "home"
        for path in (self.root, self.states, self.pillars, self.home):
            path.mkdir(parents=True)
        self.conf = configure.write(
            self.folder / "salt",
            [self.pillars],
            [self.states, CHECKOUT / "salt"],
            ports=ports,
            extra={"auto_accept": True, **(extra or {})}
            | (grains.OPTIONS if self.shares_grains else {}),
        )
        if self.shares_grains:
            grains.give(self.folder / "salt")
        self.env = {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "TF_CLI_CONFIG_FILE": "/dev/null",
            **{k: v for k, v in os.environ.items() if k in ("PYTHONPATH", "TMPDIR")},
        }

        sock = json.loads((self.conf / "master").read_text())["sock_dir"]
        self.sink = Sink(Path(sock)) if sink else None

    def close(self):
        """Keeps this site's grains. Removes the link to this site, which a path that is too long for sockets needs."""
        if self.shares_grains:
            grains.take(self.folder / "salt")
        if self.sink:
            self.sink.close()
        remembered = self.folder / "salt" / "link"
        if remembered.exists():
            shutil.rmtree(Path(remembered.read_text()).parent, ignore_errors=True)

    # The contents of the site

    def pillar(self, infrastructure, **others):
        """Writes the pillar of all minions. It is JSON, so that no renderer changes a value."""
        self.pillar_text("#!json\n" + json.dumps({"infrastructure": infrastructure, **others}))

    def pillar_text(self, text):
        (self.pillars / "top.sls").write_text("base: {'*': [infrastructure]}\n")
        (self.pillars / "infrastructure.sls").write_text(text)

    def environment(self, components, *, settings=None, name="staging", **more):
        """Writes a pillar with one environment. Returns its `infrastructure`, so that a test can change it."""
        settings = dict(settings or {})
        tool = Path(programs.terraform()).name
        if tool != "terraform":
            settings["terraform"] = {"binary": tool} | settings.get("terraform", {})
        infrastructure = {
            "settings": {"root": str(self.root), **settings},
            "components": components,
            "environments": {name: {}},
            **more,
        }
        self.pillar(infrastructure)
        return infrastructure

    def module(self, name, files):
        """Writes a module in this site's file_roots. Returns its source."""
        folder = self.states / "modules" / name
        for path, text in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return f"salt://modules/{name}"

    def sls(self, name, text):
        (self.states / f"{name}.sls").write_text(text)

    def workdir(self, component, environment="staging"):
        return self.root / environment / component

    def state(self, component, environment="staging"):
        """The resources of a component's local state."""
        text = (self.workdir(component, environment) / "terraform.tfstate").read_text()
        return json.loads(text)["resources"]

    # Calls

    def run(self, *words, out="json", **how):
        """Runs `salt-run`, as a user types it."""
        return self.finish(self.salt_run(*words, out=out), **how)

    def call(self, *words, out="json", **how):
        """Runs `salt-call --local`."""
        return self.finish(self.salt_call(*words, out=out), **how)

    def orchestrate(self, *words, environment="staging", **how):
        return self.run("infrastructure.orchestrate", f"environment={environment}", *words, **how)

    def eos(self, *words, **how):
        """Runs `eos`, as a user types it."""
        return self.finish(self.eos_command(*words), **how)

    def eos_command(self, *words):
        return [BIN / "eos", *words, "-c", self.conf]

    def salt_run(self, *words, out="json"):
        shape = [f"--out={out}"] if out else []
        return [BIN / "salt-run", "-c", self.conf, *shape, *words]

    def salt_call(self, *words, out="json"):
        shape = [f"--out={out}"] if out else []
        return [BIN / "salt-call", "-c", self.conf, "--local", *shape, *words]

    def finish(self, argv, *, cwd=None, env=None, timeout=180, forks=None):
        """Runs a command and waits for it. A Salt command is a new process only without `forks`."""
        how = {"env": self.env | (env or {}), "cwd": cwd or self.folder, "timeout": timeout}
        if argv[0] in FORKED and (self.forks if forks is None else forks):
            rc, out, err = forked.run(argv, **how)
        else:
            done = subprocess.run(
                argv, check=False, stdin=subprocess.DEVNULL, capture_output=True, **how
            )
            rc, out, err = done.returncode, done.stdout, done.stderr
        return Result(argv, rc, out.decode(), err.decode())

    def start(self, argv, *, env=None):
        """Starts a command and does not wait. Its output goes to files, so that it never blocks."""
        return Started(argv, self.folder, self.env | (env or {}))

    def terraform(self, component, *words, environment="staging", **how):
        """Runs a bare terraform in the module's folder of a workdir, as an operator would do it."""
        folder = self.workdir(component, environment) / "module"
        return self.finish([programs.terraform(), *words], cwd=folder, **how)


class Started:
    """A running command."""

    count = 0

    def __init__(self, argv, folder, env):
        Started.count += 1
        self.argv = argv
        self.out = folder / f"out.{Started.count}"
        self.err = folder / f"err.{Started.count}"
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                argv,
                env=env,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )

    @property
    def pid(self):
        return self.process.pid

    def wait(self, timeout=60):
        rc = self.process.wait(timeout)
        return Result(self.argv, rc, self.out.read_text(), self.err.read_text())

    def end(self):
        """Kills the command by its pid if it still runs. For teardown."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
