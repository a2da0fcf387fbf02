"""What the core asks of Salt: files, Jinja, events, logs."""

import contextlib
import logging
import os
import socket

log = logging.getLogger("saltext.eos")

URL = "salt://"


class Host:
    """Salt's side of one call. `identity` says on whose behalf it is made."""

    def __init__(self, opts, functions, identity, pillar, grains, is_master):
        self.identity = identity
        self._opts = dict(opts)
        # A file that just left the source must not come back from a list that is 20 s old.
        self._opts["fileserver_list_cache_time"] = 0
        self._functions = functions
        self._pillar = pillar
        self._grains = grains
        self._is_master = is_master
        self._saltenv = self._opts.get("saltenv") or "base"
        self._files = None
        self._bus = None

    def _client(self):
        # Salt's modules are slow to import, and most calls need no file.
        import salt.fileclient

        if self._is_master:
            return salt.fileclient.FSClient(self._opts)
        return salt.fileclient.get_file_client(self._opts)

    def fetch(self, url):
        """The files below a salt:// folder: relative path to local copy."""
        folder = url.removeprefix(URL).strip("/") + "/"
        with contextlib.closing(_Destroyed(self._client())) as client:
            if self._files is None:
                self._files = client.file_list(self._saltenv)
            wanted = [path for path in self._files if path.startswith(folder)]
            return {path.removeprefix(folder): self._local(client, path) for path in wanted}

    def _local(self, client, path):
        local = client.cache_file(URL + path, self._saltenv)
        if not local:
            raise FileNotFoundError(f"{URL}{path} cannot be fetched")
        return local

    def render(self, path):
        """A file's text, rendered by Salt's Jinja."""
        import salt.utils.templates

        done = salt.utils.templates.JINJA(
            path,
            to_str=True,
            opts=self._opts,
            pillar=self._pillar,
            grains=self._grains,
            salt=self._functions,
            saltenv=self._saltenv,
        )
        if not done["result"]:
            raise ValueError(done["data"])
        return done["data"]

    def emit(self, tag, data):
        """Fires an event; without a master that listens it does nothing, at no cost."""
        try:
            if self._bus is None:
                self._bus = self._master_bus() if self._is_master else self._minion_bus()
            self._bus(data, tag)
        except Exception as error:  # noqa: BLE001 - an event is not worth a run
            log.warning("event %s was not sent: %s", tag, error)
            self._bus = _nowhere

    def _master_bus(self):
        # Each event that no master takes would cost a second: ask once, by a connection.
        path = os.path.join(self._opts["sock_dir"], "master_event_pull.ipc")
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(path)
            except OSError:
                return _nowhere
        import salt.utils.event

        return salt.utils.event.get_master_event(self._opts, self._opts["sock_dir"], listen=False).fire_event

    def _minion_bus(self):
        if self._opts.get("file_client") == "local" or "event.send" not in self._functions:
            return _nowhere
        send = self._functions["event.send"]
        return lambda data, tag: send(tag, data)

    def log(self, level, message):
        """Writes one line to Salt's log."""
        log.log(level, "%s", message)


class _Destroyed:
    """Closes a file client, whichever it is, by the method that it has."""

    def __init__(self, client):
        self._client = client

    def __getattr__(self, name):
        return getattr(self._client, name)

    def close(self):
        self._client.destroy() if hasattr(self._client, "destroy") else None


def _nowhere(_data, _tag):
    return None
