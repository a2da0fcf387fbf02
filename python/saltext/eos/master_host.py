"""The host of a call in a runner."""

import copy
import functools

from saltext.eos import (
    branch,
    caller,
    command_line,
    fixed,
    jinja,
    master_option,
    master_pillar,
    pillar_place,
)
from saltext.eos.host import Host, environment


class MasterHost(Host):
    """In a runner, which compiles the pillar of one minion.

    ``typed``: the caller's command line, if it is that of ``eos`` in this process.
    ``way``: how ``eos`` in another process has reached this master.
    """

    def __init__(self, dunders, injected, automation, arguments, *, typed=None, way=None):
        super().__init__(dunders, injected, automation)
        self.caller = caller.of_runner(self.opts, self.identity["user"], automation)
        self.opts = fixed.options(self.opts, automation)
        self.refused = fixed.refused(self.opts, arguments)
        self.refused.extend(("", problem) for problem in master_option.problems(self.opts))
        if caller.has_hidden_arguments():
            hidden = "Salt did not compare them with the rights of the user: all must be in arg and kwarg"
            self.refused.append(("", hidden))
        line = (
            typed
            or command_line.of_follower(dunders["__opts__"], way)
            or command_line.of_salt_run(dunders["__opts__"])
        )
        chosen = branch.of(arguments, self.caller, line)
        self.problems.extend(chosen.problems if chosen else ())
        is_wrong = self.refused or self.problems
        if chosen and not is_wrong:
            self.opts = chosen.options(self.opts)
            self.identity["branch"] = chosen.facts()
        minion = None if is_wrong else arguments.get("minion")
        self.identity["command_line"] = {
            **line,
            "minion": str(minion) if minion else None,
            "branch": chosen.written() if chosen else [],
        }
        self._saltenv = (chosen and chosen.saltenv) or "base"
        self._minion = minion
        self._take(self._compile(self.opts))
        self.identity["minion"] = self._compiled.minion
        self.identity["place"] = ("master", str(minion) if minion else None)
        self.identity["environment"] = environment(self.pillar())

    def pillar(self):
        return self._compiled.pillar

    def grains(self):
        return self._compiled.grains

    def _compile(self, opts):
        return master_pillar.compiled(opts, self._minion, self._saltenv)

    def _pillar_options(self):
        return self.opts, self._saltenv

    def pillar_place(self):
        """Where Eos may write this pillar."""
        return pillar_place.of(self.opts)

    def compile_pillar(self, before):
        """The same pillar now. ``before``: a folder whose files replace those of the same names."""
        opts = pillar_place.options(self.opts, before)
        other = copy.copy(self)
        other.problems, other.faults = [], []
        other._take(self._compile(opts))
        infrastructure = other.infrastructure()
        return {
            "infrastructure": infrastructure,
            "problems": [*other.problems, *other.faults],
        }

    def commit_pillar(self, message):
        """Commit what Eos owns in the checkout of the pillar, as the caller. Returns what is checked out then."""
        # Imported late, because no other operation needs it.
        from saltext.eos import pillar_commit

        return pillar_commit.made(
            pillar_place.of(self.opts)["root"], self.identity["user"], message
        )

    def render(self, path):
        functions = self._minion_functions
        # Rendered in the context of their own loader, because templates cannot import files in the context of a runner.
        return functions.run(jinja.render, path, self.opts, functions, self.grains(), self.pillar())

    @functools.cached_property
    def _minion_functions(self):
        return jinja.functions_on_master(
            self.opts, self.grains(), self.pillar(), self._files.client()
        )
