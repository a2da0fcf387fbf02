"""What the core asks of Salt, for one call: files, Jinja, events, the log."""

import functools
import logging

import salt.utils.sdb
import salt.utils.user
import salt.version

from saltext.eos import bus, files, jinja, jobs, master_pillar

log = logging.getLogger("saltext.eos")

# Python's own words for the core's levels.
_LEVELS = {
    "ERROR": logging.ERROR,
    "WARN": logging.WARNING,
    "INFO": logging.INFO,
    "DEBUG": logging.DEBUG,
    "TRACE": 5,
}


class Host:
    """What both hosts have in common. ``dunders`` is the globals of a loaded module."""

    def __init__(self, dunders, call):
        self._opts = dunders["__opts__"]
        self.functions = dunders["__salt__"]
        self.problems = []
        # Whether the call is a state, and so part of a run of states on its minion.
        self.nested = False
        self.identity = {
            "jid": _first(call, "__pub_jid", "__jid__", "__orchestration_jid__"),
            "user": _first(call, "__pub_user", "__user__") or salt.utils.user.get_user(),
            "minion": str(self._opts.get("id", "")),
            "test": bool(self._opts.get("test")),
            "scheduled": False,
            "environment": None,
            "salt_version": str(salt.version.__version__),
        }
        self._opened = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in self._opened:
            one.close()

    @functools.cached_property
    def opts(self):
        """A plain mapping. To copy Salt's takes longer than an answer that needs none of it."""
        return dict(self._opts)

    @functools.cached_property
    def _files(self):
        return self._open(files.Files(self.opts))

    @functools.cached_property
    def _bus(self):
        return self._open(bus.Bus(self.opts, self.functions))

    @functools.cached_property
    def _jobs(self):
        return self._open(jobs.of(self.opts, self.nested))

    def _open(self, one):
        self._opened.append(one)
        return one

    def fetch(self, url):
        """The files below a salt:// folder: relative path to a local copy."""
        return self._files.below(url)

    def render(self, path):
        """The text of a file, rendered by Salt's Jinja."""
        return jinja.render(path, self.opts, self.functions, self.grains(), self.pillar())

    def sdb(self, uri):
        """The text that Salt's sdb has there; a key without one is an error."""
        value = salt.utils.sdb.sdb_get(uri, {**self.opts, "pillar": self.pillar()}, strict=True)
        if not isinstance(value, str):
            raise ValueError("it has no text there")
        return value

    def emit(self, tag, data):
        """Put an event on the bus, if somebody listens."""
        self._bus.send(tag, data)

    def log(self, level, message):
        """Write to Salt's log."""
        log.log(_LEVELS.get(level, logging.INFO), "%s", message)

    def start(self, job):
        """Start a job on minions, and wait for nobody."""
        return self._jobs.start(job)

    def poll(self, jid):
        """Who has answered a job so far."""
        return self._jobs.poll(jid)

    def stop(self, jid):
        """Ask for a job to be ended."""
        self._jobs.stop(jid)

    def infrastructure(self):
        """The pillar's part that is ours; what Salt could not compile joins the problems."""
        pillar = self.pillar()
        errors = pillar.get("_errors")
        if errors:
            told = "; ".join(" ".join(str(error).split()) for error in errors)
            self.problems.append(
                f"Salt could not compile the pillar of {self.identity['minion']}: {told}"
            )
        return pillar.get("infrastructure")


class MinionHost(Host):
    """On a minion, in salt-call, and in a state that the master itself runs."""

    def __init__(self, dunders, call):
        super().__init__(dunders, call)
        self._dunders = dunders
        self.identity["environment"] = _environment(self.pillar())

    def pillar(self):
        return self._dunders["__pillar__"]

    def grains(self):
        return self._dunders["__grains__"]


class MasterHost(Host):
    """In a runner: the pillar is compiled here, for one minion."""

    def __init__(self, dunders, call, minion):
        super().__init__(dunders, call)
        self._compiled = master_pillar.compiled(self.opts, minion)
        self.identity["minion"] = self._compiled.minion
        self.identity["environment"] = _environment(self.pillar())
        self.problems.extend(self._compiled.problems)

    def pillar(self):
        return self._compiled.pillar

    def grains(self):
        return self._compiled.grains

    def render(self, path):
        functions = self._minion_functions
        # In their own loader's context: a runner's has nothing that templates could import with.
        return functions.run(jinja.render, path, self.opts, functions, self.grains(), self.pillar())

    @functools.cached_property
    def _minion_functions(self):
        return jinja.functions_on_master(
            self.opts, self.grains(), self.pillar(), self._files.client()
        )


def _environment(pillar):
    """The pillar's own ``environment``. Another kind of value may hold anything: it is not repeated."""
    named = pillar.get("environment")
    return named if named is None or isinstance(named, str) else "(not a text)"


def _first(call, *keys):
    """The first of the keys that says something; Salt says UNKNOWN where it does not know."""
    told = (str(call.get(key) or "") for key in keys)
    return next((text for text in told if text and text != "UNKNOWN"), "")
