"""A real server in its own process, on free ports and in its own folder."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import urllib.error
import urllib.request

from support import programs
from support.site import CHECKOUT
from support.waiting import until

# The exit code of `tests/servers/get` if an optional program is missing.
MISSING = 3


def program(name):
    """The path of consul, nomad or vault. If it is not on PATH, it is built once."""
    get = CHECKOUT / "tests" / "servers" / "get"
    built = subprocess.run([get, name], check=False, stdin=subprocess.DEVNULL, capture_output=True)
    if built.returncode == MISSING:
        reason = built.stderr.decode().strip().splitlines()[-1].rstrip(".")
        programs.missing(f"{name} ({reason})", installable=True)
    assert built.returncode == 0, built.stderr.decode()
    return built.stdout.decode().strip()


class Server:
    """Starts `argv` and waits until the server is ready. Every request has the `token`."""

    header = None

    def __init__(self, folder, argv, address, *, token=None, env=None):
        self.folder, self.argv, self.address, self.token = folder, argv, address, token
        self.env = os.environ | (env or {})
        self.start()

    def start(self):
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.argv,
                env=self.env,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            until(self.is_ready, f"{self.argv[0]} is ready", timeout=90)
        except BaseException:
            self.close()
            raise

    def is_ready(self):
        assert self.process.poll() is None, (self.folder / "server.log").read_text()[-2000:]
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.ready()

    def ready(self):
        """Whether the server can be used. May raise the same errors as a request."""
        raise NotImplementedError

    def request(self, path, method="GET", body=None, *, token=None):
        """Returns the answer's JSON, or None if it has none. Raises urllib's HTTPError if the status is not 2xx."""
        request = urllib.request.Request(self.address + path, method=method, data=body)
        if token or self.token:
            request.add_header(self.header, token or self.token)
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text.strip() else None

    def find(self, path):
        """Sends a request like `request`. None if the object does not exist."""
        try:
            return self.request(path)
        except urllib.error.HTTPError as answer:
            if answer.code != 404:
                raise
        return None

    @contextlib.contextmanager
    def paused(self):
        """The server neither answers nor refuses requests in this context."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def kill(self):
        self.process.kill()
        self.process.wait(10)

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
