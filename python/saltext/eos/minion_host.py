"""The host of a call on a minion, in salt-call, and in a state."""

from saltext.eos import branch, caller, command_line, fixed, master_pillar, minion_pillar
from saltext.eos.host import Host, environment
from saltext.eos.state_run import StateRun


class MinionHost(Host):
    """On a minion, in salt-call, and in a state of an orchestration.

    ``changes``: whether the function may change something. It never uses an older pillar than the master's.
    ``function``: the name of the function that Salt called, if it is one of an execution module.
    ``typed``: the caller's command line, if it is not that of a program of Salt.
    ``arguments``: those of the call, if it is one of a function of the runner.
    """

    def __init__(
        self,
        dunders,
        injected,
        automation,
        *,
        changes=False,
        nested=False,
        function=None,
        typed=None,
        arguments=None,
    ):
        super().__init__(dunders, injected, automation, nested=nested)
        place = self.identity["place"]
        self.identity["command_line"] = typed or command_line.of_minion(dunders["__opts__"], place)
        if function:
            alone = place[0] == "masterless"
            who = self.identity["user"]
            self.caller = caller.of_minion(
                dunders["__opts__"], function, injected, who, alone=alone
            )
        self._compiled = None
        line = self.identity["command_line"]
        chosen = branch.of(arguments or {}, self.caller, line, own_pillar=place[0] == "masterless")
        if chosen:
            self._use(chosen)
        elif changes and not minion_pillar.is_new(dunders["__opts__"], dunders["__context__"]):
            self._take(self._compile(self.opts))
        self.identity["environment"] = environment(self.pillar())

    def _use(self, chosen):
        """Compile the pillar of a branch."""
        self.problems.extend(chosen.problems)
        if self.problems:
            return
        self.opts = chosen.options(self.opts)
        self.identity["branch"] = chosen.facts()
        self.identity["command_line"] |= {"branch": chosen.written()}
        self._take(self._compile(self.opts))

    def _compile(self, opts):
        return minion_pillar.compiled(opts, self.grains())

    def pillar(self):
        return self._compiled.pillar if self._compiled else self._dunders["__pillar__"]

    def _placed(self, errors):
        if self._compiled or self.identity["place"][0] != "masterless":
            return errors
        # Salt has compiled this pillar before the call, and kept only the names of the files.
        again = minion_pillar.compiled(self.opts, self.grains())
        return again.pillar.get("_errors") or errors

    def grains(self):
        return self._dunders["__grains__"]

    def _pillar_options(self):
        if self.identity["place"][0] != "masterless":
            raise OSError(
                "only the master has the pillar's files: ask there, with infrastructure.why and "
                f"minion={self.identity['minion']}"
            )
        return {**self.opts, "pillar": {}}, self.opts.get("saltenv")


class StateHost(MinionHost):
    """In a state."""

    def __init__(self, dunders, injected):
        low = injected.get("__low__") or {}
        super().__init__(dunders, {**injected, **low}, "a state", nested=True)
        self._state_run = StateRun(dunders["__context__"], injected)
        if self.identity["place"][0] == "master" and fixed.fixes_the_minion(self.opts):
            # A caller who starts an orchestration can pass any pillar to it. So the master compiles the pillar here.
            opts = fixed.options(self.opts, self.identity["automation"])
            self._take(master_pillar.compiled(opts, None))
            self.identity["minion"] = self._compiled.minion
            self.identity["environment"] = environment(self.pillar())

    def pending(self):
        return self._state_run.pending()

    def keep_pending(self, pending):
        self._state_run.keep_pending(pending)

    def apply_states(self):
        return self._state_run.apply_states()
