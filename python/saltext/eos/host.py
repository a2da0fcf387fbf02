"""What the core needs from Salt in one call: the pillar, files, Jinja, sdb, events, jobs and the log.

This is the common part of the hosts. A subclass knows where the pillar of the call comes from.
"""

import copy
import functools
import logging

import salt.utils.user
import salt.version

from saltext.eos import (
    _core,
    bus,
    caller,
    command_line,
    files,
    jinja,
    jobs,
    master_pillar,
    salt_configuration,
    sdb,
    terminal,
)

log = logging.getLogger("saltext.eos")

# The core's levels as Python's.
_LEVELS = {
    "ERROR": logging.ERROR,
    "WARN": logging.WARNING,
    "INFO": logging.INFO,
    "DEBUG": logging.DEBUG,
    "TRACE": 5,
}


class Host:
    """The common part of all hosts.

    ``dunders``: the globals of the module that Salt loaded, in which its loader puts ``__opts__`` and similar names.
    ``injected``: the keywords that Salt adds to a call, such as ``__pub_jid``.
    ``automation``: the program that made the call instead of a person, such as ``a schedule``.
    ``nested``: whether the call is a state, and so part of a state run of its minion.

    ``problems`` are sentences about the pillar, and ``faults`` say why Salt could not compile it. ``refused`` has
    arguments of the call, each with a sentence.
    """

    def __init__(self, dunders, injected, automation, *, nested=False):
        self._dunders = dunders
        self._nested = nested
        self.problems = []
        self.faults = []
        self.refused = []
        self.identity = {
            "jid": _first(injected, "__pub_jid", "__jid__", "__orchestration_jid__"),
            "user": _first(injected, "__pub_user", "__user__") or salt.utils.user.get_user(),
            "minion": str(dunders["__opts__"].get("id", "")),
            "place": command_line.place(dunders["__opts__"]),
            "test": bool(dunders["__opts__"].get("test")),
            "automation": automation,
            "environment": None,
            "branch": None,
            "salt_root": _salt_root(dunders["__opts__"]),
            "salt_version": str(salt.version.__version__),
        }
        self.caller = caller.Caller(self.identity["user"])
        self._opened = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in self._opened:
            one.close()

    @functools.cached_property
    def opts(self):
        """Salt's options as a dictionary, copied at the first use, because an answer without a run needs none."""
        return dict(self._dunders["__opts__"])

    @property
    def functions(self):
        return self._dunders["__salt__"]

    @functools.cached_property
    def _files(self):
        # Copies of a branch's files must not be among those of the files in force.
        facts = self.identity["branch"] or {}
        return self._open(files.Files(self.opts, apart=bool(facts.get("file_root"))))

    @functools.cached_property
    def _bus(self):
        return self._open(bus.Bus(self.opts, self.functions))

    @functools.cached_property
    def _sdb_reads(self):
        return self._open(sdb.Reads(self._sdb_options))

    @property
    def _sdb_options(self):
        return {**self.opts, "pillar": self.pillar()}

    @functools.cached_property
    def _jobs(self):
        return self._open(jobs.of(self.opts, self._nested))

    def _open(self, one):
        self._opened.append(one)
        return one

    def fetch(self, url):
        """The files below a salt:// folder: from the relative path to the path of a local copy."""
        return self._files.below(url)

    def render(self, path):
        """The text of a file, rendered by Salt's Jinja."""
        return jinja.render(path, self.opts, self.functions, self.grains(), self.pillar())

    def start_sdb(self, uri, limit):
        """Start to read an sdb URI in a process of its own, which ends within ``limit`` seconds. Returns an id."""
        return self._sdb_reads.start(uri, limit)

    def poll_sdb(self, key):
        """The text, or None while it is being read."""
        return self._sdb_reads.poll(key)

    def stop_sdb(self, key):
        """End the read."""
        self._sdb_reads.stop(key)

    def origins(self, paths):
        """Where the values at these paths of the pillar came from."""
        # Imported late, because no other operation needs it.
        from saltext.eos.origins import answer

        opts, saltenv = self._pillar_options()
        return answer.answers(
            opts, self.grains(), self.identity["minion"], saltenv, self.pillar(), paths
        )

    def pillar_place(self):
        """Where Eos may write the pillar. A minion has none of its files."""
        raise LookupError("only a runner of the master writes it")

    def at_commit(self, reference):
        """This host with the pillar and the files of a commit of the repository that has them."""
        # Imported late, because no other operation needs it.
        from saltext.eos import commit

        if self.caller.authentication != "system":
            # Templates of any commit that is in the repository would run as the user of this process.
            raise PermissionError(
                "it compiles the pillar of that commit, which is only for the user as whom Eos runs. The id of a run "
                "is for everybody"
            )
        checkout = _core.option("pillar_root", "DIR", self.identity["command_line"])
        taken = self._open(commit.Taken(self.opts, reference, checkout))
        past = copy.copy(self)
        # What this host has read already is not of that commit.
        for name in ("_files", "_minion_functions"):
            vars(past).pop(name, None)
        past.opts, past.commit, past.top, past.copy = taken.opts, taken.id, taken.top, taken.copy
        past.problems, past.faults = [], []
        past.outside, past._opened = taken.outside, self._opened
        past.identity = {**self.identity, "branch": taken.branch}
        past._take(self._compile(taken.opts))
        past.infrastructure = lambda: taken.in_place(type(past).infrastructure(past))
        return past

    def _take(self, compiled):
        """Use a pillar that was compiled for this call."""
        self._compiled = compiled
        self.problems.extend(compiled.problems)
        self.faults.extend(compiled.faults)

    def emit(self, tag, data):
        """Send an event, if a process listens on the bus. The job says whose event it is.

        An event about another run has the job of that run.
        """
        self._bus.send(tag, {"jid": self.identity["jid"], **data})

    def log(self, level, message):
        """Write to Salt's log."""
        log.log(_LEVELS.get(level, logging.INFO), "%s", message)

    def log_repeated(self, level, message):
        """Write to Salt's log what the person at the terminal also gets as progress or in the report."""
        terminal.repeated.log(_LEVELS.get(level, logging.INFO), "%s", message)

    def groups(self):
        """Whose answer it is, and the groups of the caller."""
        return self.caller.groups(self.opts)

    def accounts(self):
        """The numbers of the caller's accounts on this system."""
        return self.caller.accounts()

    def has_master(self):
        """On the master: whether its process accepts jobs. On a minion: whether it has a master."""
        kind, _ = self.identity["place"]
        return jobs.master_runs(self.opts) if kind == "master" else kind == "minion"

    def configuration(self):
        """What Salt's configuration says about Eos, for ``doctor``."""
        return salt_configuration.read(self.opts, self.pillar())

    def start(self, job):
        """Start a job on minions. Its answers are polled."""
        return self._jobs.start(job)

    def poll(self, jid):
        """The minions that have answered so far, with their returns."""
        return self._jobs.poll(jid)

    def stop(self, jid):
        """Ask the minions to end a job."""
        self._jobs.stop(jid)

    def pending(self):
        """What earlier states of the same state run would change. Empty outside of a state run."""
        return {}

    def keep_pending(self, pending):
        """Keep it for later states of the same state run."""

    def apply_states(self):
        """The arguments of the states of the same state run that apply a component."""
        return []

    def infrastructure(self):
        """The pillar's ``infrastructure``. Salt's errors in the pillar are added to the faults."""
        pillar = self.pillar()
        errors = pillar.get("_errors")
        if errors:
            self.faults.append(master_pillar.fault(self.identity["minion"], *self._placed(errors)))
        infrastructure = pillar.get("infrastructure")
        if "nomad_service" not in pillar:
            is_told = errors or self.faults or self.problems
            if not is_told and _has_no_environment(infrastructure):
                self.faults.append(_unreached(self.identity["minion"]))
            return self._rooted(infrastructure)
        # A service may also be written at the top of the pillar, even alone.
        if infrastructure is None:
            infrastructure = {"environments": _environments(pillar["nomad_service"])}
        if isinstance(infrastructure, dict):
            if "nomad_service" in infrastructure:
                twice = "nomad_service is at the top of the pillar and below infrastructure"
                self.problems.append(f"{twice}: use one place")
            infrastructure = {"nomad_service": pillar["nomad_service"], **infrastructure}
        return self._rooted(infrastructure)

    def _rooted(self, infrastructure):
        """The same with the root that Salt's configuration names: another user cannot write to the pillar's."""
        root = self.identity["salt_root"]
        if root is None or not isinstance(infrastructure, dict):
            return infrastructure
        environments = infrastructure.get("environments")
        if isinstance(environments, dict):
            environments = {name: _with_root(one) for name, one in environments.items()}
        return {**_with_root(infrastructure, root), "environments": environments}

    def _placed(self, errors):
        """The errors of the pillar, with their places if this process can know them."""
        return errors


def _salt_root(opts):
    """The root that Salt's configuration names in place of the pillar's."""
    option = opts.get("eos")
    return option.get("root") if isinstance(option, dict) else None


def _with_root(level, root=None):
    """The level with this root in its settings, or without any."""
    settings = level.get("settings") if isinstance(level, dict) else None
    if not isinstance(settings, dict):
        return level if root is None or settings else {**level, "settings": {"root": root}}
    own = {key: value for key, value in settings.items() if key != "root"}
    return {**level, "settings": own if root is None else {**own, "root": root}}


def _has_no_environment(infrastructure):
    """Whether the pillar lacks the key that everything needs, although the rest may be well."""
    return infrastructure is None or (
        isinstance(infrastructure, dict)
        and not {"environments", "nomad_service"} & set(infrastructure)
    )


def _unreached(minion):
    return f"the pillar of {minion} has no environments, perhaps because no top file gives them to {minion}"


def _environments(services):
    """The environments that ``nomad_service`` names."""
    items = services if isinstance(services, list) else [services]
    named = [one.get("environment") for one in items if isinstance(one, dict)]
    return {name: {} for name in named if isinstance(name, str)}


def environment(pillar):
    """The pillar's ``environment``. A value that is not a text is not repeated, because it may contain a secret."""
    named = pillar.get("environment")
    return named if named is None or isinstance(named, str) else "(not a text)"


def _first(injected, *keys):
    """The first value that is not empty. Salt writes UNKNOWN for a user that it does not know."""
    values = (str(injected.get(key) or "") for key in keys)
    return next((value for value in values if value not in ("", "UNKNOWN")), "")
