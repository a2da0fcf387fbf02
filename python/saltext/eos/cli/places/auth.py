"""The master of this host, as a user of its external_auth."""

import contextlib
import getpass
import os
import sys

from saltext.eos.cli import answer
from saltext.eos.cli.errors import UsageError
from saltext.eos.cli.escape import printable
from saltext.eos.cli.places import configuration
from saltext.eos.cli.places.follow import Follower

_BUS = "master_event_pub.ipc"


class Auth(Follower):
    """Asks the master with a token, as ``salt --auth`` does."""

    def __init__(self, options):
        self._path = configuration.file(
            options, "master", "Use --api to run on another host's master."
        )
        self._eauth, self._user = options.auth, options.username
        self._log_level = options.log_level
        self.way = f"auth:{self._eauth}"

    def __enter__(self):
        import salt.config
        import salt.runner

        from saltext.eos import command_line

        self._opts = salt.config.client_config(self._path)
        self._socket = os.path.join(self._opts["sock_dir"], _BUS)
        user = ["--username", self._user] if self._user else []
        self.command_line = command_line.of_eos(
            *command_line.configuration(self._opts), "--auth", self._eauth, *user
        )
        # Only the terminal: the master's log file belongs to the master's user.
        configuration.set_up_log({**self._opts, "configure_file_logger": False}, self._log_level)
        # A token that `salt --auth ... --make-token` has left is used until it expires. It may be another user's.
        kept = None if self._user else self._opts.get("token")
        self._token = kept or self._log_in()
        self._otherwise = (
            f", or the token in {self._opts['token_file']} has expired" if kept else ""
        )
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
        self._find_bus()
        user = self._user or getpass.getuser()
        password = answer.hidden(f"password of {user}: ")
        with _readable_errors("this user may not log in"):
            made = salt.auth.Resolver(self._opts).mk_token(
                {"username": user, "password": password, "eauth": self._eauth}
            )
        if not (isinstance(made, dict) and made.get("token")):
            raise UsageError(
                f"the master did not accept {user} and this password for {self._eauth}"
            )
        return made["token"]

    def start(self, function, arguments):
        with _readable_errors(f"this user may not call infrastructure.{function}{self._otherwise}"):
            job = self._client.master_call(
                fun=f"infrastructure.{function}",
                kwarg={"arg": [], "kwarg": dict(arguments)},
                token=self._token,
            )
        if not (isinstance(job, dict) and job.get("jid")):
            raise UsageError(f"the master did not start the job: {printable(str(job))}")
        return job["jid"]

    @contextlib.contextmanager
    def events(self):
        import salt.utils.event

        self._find_bus()
        self._begun = _identity(self._socket)
        with salt.utils.event.get_master_event(
            self._opts, self._opts["sock_dir"], listen=True
        ) as bus:
            if not bus.connect_pub(timeout=10):
                raise UsageError(self._silent())
            yield self._heard(bus)

    def _find_bus(self):
        """Refuse at once where nobody listens. Salt asks a master that does not run for three minutes."""
        from saltext.eos import bus

        if self._opts["ipc_mode"] != "tcp" and not bus.accepts(self._opts, _BUS):
            raise UsageError(self._silent())

    def _silent(self):
        return (
            f"the master's event bus in {self._opts['sock_dir']} does not answer: no master runs, or this user may not "
            "enter this folder (sock_dir of the master's configuration)"
        )

    def stopped(self):
        """A new master makes the socket anew. An old one leaves it behind, and nobody accepts there."""
        from saltext.eos import bus

        if self._begun is None:
            return False
        return _identity(self._socket) != self._begun or not bus.accepts(self._opts, _BUS)

    def _heard(self, bus):
        while True:
            event = bus.get_event(wait=0.5, full=True, auto_reconnect=True)
            yield (event["tag"], event["data"]) if event else None


def _identity(path):
    """What is another one if a file was made anew. None without the file, as with ``ipc_mode: tcp``."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


@contextlib.contextmanager
def _readable_errors(refused):
    """Errors of Salt as one line. ``refused``: what it means if the master does not accept the user."""
    from salt import exceptions

    try:
        yield
    except (
        exceptions.AuthenticationError,
        exceptions.AuthorizationError,
        exceptions.EauthAuthenticationError,
        exceptions.TokenAuthenticationError,
    ) as error:
        raise UsageError(f"{refused}: {printable(str(error))}") from error
    except exceptions.SaltException as error:
        raise UsageError(
            f"the master refuses, or does not answer: {printable(str(error))}"
        ) from error
