"""The master of this host, in this process, as the master's own user."""

from saltext.eos.cli import inputs
from saltext.eos.cli.errors import UsageError
from saltext.eos.cli.places import configuration, owner

_OTHERWISE = (
    "Use --auth or --api to run on a master as another user, --as-minion on a minion, "
    "or -c to name another configuration folder"
)


class Local:
    """Calls the runner's functions."""

    here = True

    def __init__(self, options):
        self._path = configuration.file(options, "master", _OTHERWISE)
        self._log_level = options.log_level
        self._secrets = inputs.of_this_process(options)

    def __enter__(self):
        import salt.config
        import salt.exceptions

        from saltext.eos import bridge, command_line

        try:
            self._opts = salt.config.client_config(self._path)
        except salt.exceptions.SaltException as error:
            raise UsageError(str(error)) from error
        owner.become(self._opts["user"], "master", ", or use --auth pam or --api URL")
        configuration.set_up_log(self._opts, self._log_level)
        self.command_line = bridge.typed = command_line.of_eos(
            *command_line.configuration(self._opts), secrets=self._secrets
        )
        return self

    def __exit__(self, *_):
        """Nothing is open."""

    def report(self, call):
        """The report of the call.

        A run is a job of the master, as a run of ``salt-run`` is. Without a master nobody asks for jobs, and Salt
        would wait a second for each event. A question is never a job.
        """
        from saltext.eos import bus

        if call.changes and bus.accepts(self._opts, "master_event_pull.ipc"):
            return self._job(call)
        return self._direct(call)

    def _job(self, call):
        import salt.runner
        from salt.utils.user import get_specific_user

        client = salt.runner.RunnerClient(self._opts)
        try:
            name = f"infrastructure.{call.function}"
            low = {
                "fun": name,
                "arg": [],
                "kwarg": dict(call.arguments),
                "__user__": get_specific_user(),
            }
            returned = client.low(name, low, print_event=False)
        finally:
            _close(client)
        if not isinstance(returned, dict):
            # Salt returns its own errors as a text.
            raise UsageError(str(returned))
        return returned

    def _direct(self, call):
        """Call the function as Salt's loader would, without the loader: it would read all runners."""
        from salt.utils.user import get_specific_user

        from saltext.eos import bridge
        from saltext.eos.runners import infrastructure

        vars(infrastructure).update(__opts__=self._opts, __salt__={}, __context__={})
        vars(bridge).update(__user__=get_specific_user())
        return getattr(infrastructure, call.function)(**call.arguments)


def _close(client):
    """Close what Salt would close itself, with a warning on the terminal."""
    minion = getattr(client, "_mminion", None)
    for one in (minion, client):
        if hasattr(one, "destroy"):
            one.destroy()
    if minion:
        # Salt 3008 warns about a closed one too, unless these are None.
        minion.returners = minion.functions = minion.utils = None
