"""The minion of this host, in this process, with the minion's own pillar."""

from saltext.eos.cli import inputs
from saltext.eos.cli.errors import UsageError
from saltext.eos.cli.places import configuration, owner


class Minion:
    """Runs the operations as ``salt-call`` runs its functions."""

    here = True

    def __init__(self, options):
        self._path = configuration.file(
            options, "minion", "Use -c to name another configuration folder."
        )
        self._log_level = options.log_level
        self._secrets = inputs.of_this_process(options)

    def __enter__(self):
        import salt.config

        from saltext.eos import bridge, command_line, pillar_faults
        from saltext.eos.cli.places import sign_in

        opts = salt.config.minion_config(self._path)
        owner.become(opts["user"], "minion")
        configuration.set_up_log(opts, self._log_level)
        self.command_line = bridge.typed = command_line.of_eos(
            *command_line.configuration(opts), "--as-minion", secrets=self._secrets
        )
        # The pillar is compiled now, as for salt-call, so no call has to compile it again.
        opts["__cli"] = "salt-call"
        # A key that the master has not accepted is then an error, and not a wait without an end.
        opts["caller"] = True
        with pillar_faults.told() as errors:
            self._minion = sign_in.started(opts)
            errors.extend(self._minion.opts["pillar"].get("_errors") or ())
        return self

    def __exit__(self, *_):
        """Salt closes the minion with the process."""

    def report(self, call):
        """The report of the call."""
        from saltext.eos import bridge
        from saltext.eos.runners import infrastructure

        if call.arguments.get("minion"):
            raise UsageError("--minion is for a master: a minion has only its own pillar")
        opts = self._minion.opts
        dunders = {
            "__opts__": opts,
            "__salt__": self._minion.functions,
            "__grains__": opts["grains"],
            "__pillar__": opts["pillar"],
            "__context__": {},
        }
        function = getattr(infrastructure, call.function)
        return bridge.runner_on_minion(function.__wrapped__, dunders, call.arguments)
