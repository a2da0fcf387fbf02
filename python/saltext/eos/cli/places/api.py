"""A master behind salt-api."""

import contextlib
import json
import os
import queue
import threading
import urllib.error
import urllib.request

from saltext.eos.cli.errors import UsageError
from saltext.eos.cli.places.follow import Follower

_TIMEOUT = 60


class Api(Follower):
    """Asks salt-api (rest_cherrypy) with a token that the user has got by a login."""

    def __init__(self, options):
        self._url = options.api.rstrip("/")
        if not self._url.startswith(("https://", "http://")):
            raise UsageError(f"--api {options.api}: write a URL, such as https://salt.example:8000")
        self._token = os.environ.get("SALT_API_TOKEN") or _from_keyring(self._url)
        if not self._token:
            raise UsageError(
                "no token for salt-api: set SALT_API_TOKEN to the token of POST /login, "
                f"or store it with: keyring set eos {self._url}"
            )

    def __enter__(self):
        return self

    def start(self, function, arguments):
        low = {
            "client": "runner_async",
            "fun": f"infrastructure.{function}",
            "kwarg": dict(arguments),
        }
        with self._request("/", json.dumps([low]).encode()) as answer:
            started = json.load(answer)["return"][0]
        if not (isinstance(started, dict) and started.get("jid")):
            raise UsageError(f"salt-api did not start the job: {started}")
        return started["jid"]

    @contextlib.contextmanager
    def events(self):
        stream = self._request("/events")
        # The first line comes when salt-api listens. An event before that would be lost.
        stream.readline()
        events = queue.Queue()
        # A thread, because a read that times out would break the stream. The stream ends with this process: closing it
        # would wait for the thread's read.
        threading.Thread(target=_read, args=(stream, events), daemon=True).start()
        yield _taken(events)

    def _request(self, path, body=None):
        headers = {"X-Auth-Token": self._token, "Accept": "application/json"}
        if body:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(self._url + path, body, headers)
        try:
            # Events may be rare: their stream has no timeout.
            return urllib.request.urlopen(request, timeout=_TIMEOUT if body else None)
        except urllib.error.HTTPError as error:
            raise UsageError(f"{self._url}{path}: {_explained(error)}") from error
        except OSError as error:
            reason = getattr(error, "reason", error)
            raise UsageError(f"{self._url} does not answer: {reason}") from error


def _from_keyring(url):
    """The token in the user's keyring, if the package keyring is installed."""
    try:
        import keyring
    except ImportError:
        return None
    try:
        return keyring.get_password("eos", url)
    except Exception as error:  # noqa: BLE001 every keyring has errors of its own
        raise UsageError(f"the keyring does not answer: {error}") from error


def _explained(error):
    if error.code == 401:
        return "salt-api does not accept the token, or this user may not do that. Log in again, and set SALT_API_TOKEN"
    return f"HTTP {error.code} {error.reason}"


def _read(stream, events):
    """Read server-sent events. None at the end means that the stream has ended."""
    with contextlib.suppress(OSError, ValueError):
        for line in stream:
            name, _, value = line.decode(errors="replace").rstrip("\r\n").partition(":")
            if name == "data":
                event = json.loads(value)
                events.put((event["tag"], event["data"]))
    events.put(None)


def _taken(events):
    while True:
        try:
            event = events.get(timeout=0.5)
        except queue.Empty:
            yield None
            continue
        if event is None:
            return
        yield event
