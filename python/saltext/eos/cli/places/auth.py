"""The master of this host, as a user of its external_auth."""

import contextlib
import getpass
import sys

from saltext.eos.cli.errors import UsageError
from saltext.eos.cli.places import configuration
from saltext.eos.cli.places.follow import Follower


class Auth(Follower):
    """Asks the master with a token, as ``salt --auth`` does."""

    def __init__(self, options):
        self._path = configuration.file(
            options, "master", "Use --api to run on another host's master."
        )
        self._eauth, self._user = options.auth, options.username

    def __enter__(self):
        import salt.config
        import salt.runner

        self._opts = salt.config.client_config(self._path)
        # A token that `salt --auth ... --make-token` has left is used until it expires.
        self._token = self._opts.get("token") or self._log_in()
        self._client = salt.runner.RunnerClient(self._opts)
        return self

    def __exit__(self, *_):
        if hasattr(self._client, "destroy"):
            self._client.destroy()

    def _log_in(self):
        import salt.auth

        if not sys.stdin.isatty():
            raise UsageError(
                f"--auth {self._eauth} needs a password, and there is no terminal to ask on. Make a token before: "
                f"salt --auth {self._eauth} --make-token '*' test.ping"
            )
        user = self._user or getpass.getuser()
        password = getpass.getpass(f"password of {user}: ")
        with _readable_errors():
            answer = salt.auth.Resolver(self._opts).mk_token(
                {"username": user, "password": password, "eauth": self._eauth}
            )
        if not (isinstance(answer, dict) and answer.get("token")):
            raise UsageError(
                f"the master did not accept {user} and this password for {self._eauth}"
            )
        return answer["token"]

    def start(self, function, arguments):
        with _readable_errors():
            job = self._client.master_call(
                fun=f"infrastructure.{function}",
                kwarg={"arg": [], "kwarg": dict(arguments)},
                token=self._token,
            )
        if not (isinstance(job, dict) and job.get("jid")):
            raise UsageError(f"the master did not start the job: {job}")
        return job["jid"]

    @contextlib.contextmanager
    def events(self):
        import salt.utils.event

        with salt.utils.event.get_master_event(
            self._opts, self._opts["sock_dir"], listen=True
        ) as bus:
            if not bus.connect_pub(timeout=10):
                raise UsageError("the master's event bus does not answer. Does the master run?")
            yield self._heard(bus)

    def _heard(self, bus):
        while True:
            event = bus.get_event(wait=0.5, full=True, auto_reconnect=True)
            yield (event["tag"], event["data"]) if event else None


@contextlib.contextmanager
def _readable_errors():
    """Errors of Salt as one line."""
    from salt.exceptions import SaltException

    try:
        yield
    except SaltException as error:
        raise UsageError(f"the master refuses, or does not answer: {error}") from error
