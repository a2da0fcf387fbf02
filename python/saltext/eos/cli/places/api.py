"""A master behind salt-api."""

import contextlib
import http.client
import json
import os
import queue
import threading

from saltext.eos.cli.errors import UsageError
from saltext.eos.cli.escape import printable
from saltext.eos.cli.places.follow import Follower, Unreachable
from saltext.eos.cli.places.transport import Transport, checked_url


class Api(Follower):
    """Asks salt-api (rest_cherrypy) with a token that the user has got by a login."""

    way = "api"

    def __init__(self, options):
        self._url = checked_url(options.api)
        token = os.environ.get("SALT_API_TOKEN") or _from_keyring(self._url)
        if not token:
            raise UsageError(
                "no token for salt-api: set SALT_API_TOKEN to the token of POST /login, "
                f"or store it with: keyring set eos {self._url}"
            )
        self._transport = Transport(self._url, token)
        self.command_line = {"program": "eos", "words": ["eos", "--api", self._url]}

    def __enter__(self):
        return self

    def start(self, function, arguments):
        low = {
            "client": "runner_async",
            "fun": f"infrastructure.{function}",
            "kwarg": dict(arguments),
        }
        with self._transport.request("/", json.dumps([low]).encode()) as answer:
            started = self._returned(answer)
        if not (isinstance(started, dict) and isinstance(started.get("jid"), str)):
            raise UsageError(f"salt-api did not start the job: {printable(str(started))}")
        return started["jid"]

    def _returned(self, answer):
        try:
            return json.load(answer)["return"][0]
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{self._url} has ended its answer too early") from error
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise UsageError(
                f"{self._url} does not answer as salt-api does: check --api"
            ) from error

    @contextlib.contextmanager
    def events(self):
        stream = self._transport.request("/events")
        try:
            # The first line comes when salt-api listens. An event before that would be lost.
            first = stream.readline()
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(
                f"{self._url}/events does not answer: {printable(str(error))}"
            ) from error
        if not first.endswith(b"\n"):
            raise Unreachable(f"{self._url}/events has ended before the first event")
        events = queue.Queue()
        # A thread, because a read that times out would break the stream. The stream ends with this process: closing it
        # would wait for the thread's read.
        threading.Thread(target=_read, args=(stream, events), daemon=True).start()
        yield _taken(events)


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


def _read(stream, events):
    """Read server-sent events. None at the end means that the stream has ended."""
    try:
        for line in stream:
            name, _, value = line.decode(errors="replace").rstrip("\r\n").partition(":")
            if name == "data":
                _put(json.loads(value), events)
    except (OSError, http.client.HTTPException, ValueError, RecursionError):
        pass
    finally:
        # Without it, `eos` would wait forever.
        events.put(None)


def _put(event, events):
    """Only events with a tag and a mapping: those of others may have another form."""
    if not isinstance(event, dict):
        return
    tag, data = event.get("tag"), event.get("data")
    if isinstance(tag, str) and isinstance(data, dict):
        events.put((tag, data))


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
