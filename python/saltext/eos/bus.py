"""Sends events on Salt's bus, if a process listens."""

import os
import socket

import salt.utils.event


class Bus:
    """The bus of one call. The search for it runs once, because without a master each attempt takes a second."""

    def __init__(self, opts, functions):
        self._opts = opts
        self._functions = functions
        self._send = None
        self._event = None

    def send(self, tag, data):
        """Send an event, or do nothing if no process listens."""
        if self._send is None:
            self._send = self._connected()
        self._send(tag, data)

    def close(self):
        if self._event is not None:
            self._event.destroy()

    def _connected(self):
        if self._opts.get("__role") == "master":
            if not accepts(self._opts, "master_event_pull.ipc"):
                return _discard
            self._event = salt.utils.event.get_event(
                "master", sock_dir=self._opts["sock_dir"], opts=self._opts, listen=False
            )
            return lambda tag, data: self._event.fire_event(data, tag)
        if self._opts.get("file_client") == "local" or not self._opts.get("master_uri"):
            return _discard
        return self._functions["event.send"]


def _discard(_tag, _data):
    """Drop an event, because without a master there is no bus."""


def accepts(opts, name):
    """Whether a process accepts connections at a socket of the master. The file of a socket outlives its master."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(os.path.join(opts["sock_dir"], name))
        except OSError:
            return False
    return True
