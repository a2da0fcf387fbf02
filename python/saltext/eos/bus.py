"""Salt's event bus, when somebody listens."""

import os
import socket

import salt.utils.event


class Bus:
    """Looked for once a call, and kept: without a master each attempt would cost a second."""

    def __init__(self, opts, functions):
        self._opts = opts
        self._functions = functions
        self._send = None
        self._event = None

    def send(self, tag, data):
        """Send, or do nothing where nobody listens."""
        if self._send is None:
            self._send = self._way()
        self._send(tag, data)

    def close(self):
        if self._event is not None:
            self._event.destroy()

    def _way(self):
        if self._opts.get("__role") == "master":
            if not somebody_listens(self._opts):
                return _nowhere
            self._event = salt.utils.event.get_event(
                "master", sock_dir=self._opts["sock_dir"], opts=self._opts, listen=False
            )
            return lambda tag, data: self._event.fire_event(data, tag)
        if self._opts.get("file_client") == "local" or not self._opts.get("master_uri"):
            return _nowhere
        return self._functions["event.send"]


def _nowhere(_tag, _data):
    """Without a master there is no bus."""


def somebody_listens(opts, socket_name="master_event_pull.ipc"):
    """A connection is the only proof: the socket's file outlives the master."""
    path = os.path.join(opts["sock_dir"], socket_name)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
    return True
