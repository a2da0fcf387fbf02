"""Files of salt:// folders, as Salt's file server has them now."""

import salt.fileclient
import salt.utils.url


class Files:
    """One file client and one listing an environment, for one call."""

    def __init__(self, opts):
        # The list of files is otherwise cached for 20 seconds, and a new file not seen.
        self._opts = {**opts, "fileserver_list_cache_time": 0}
        self._client = None
        self._listings = {}

    def below(self, url):
        """Relative path to local copy. Raises where a listed file is not handed out."""
        path, saltenv = salt.utils.url.parse(url)
        saltenv = saltenv or self._opts.get("saltenv") or "base"
        prefix = path.strip("/") + "/"
        return {
            name.removeprefix(prefix): self._copy(name, saltenv)
            for name in self._listing(saltenv)
            if name.startswith(prefix)
        }

    def _copy(self, name, saltenv):
        copy = self.client().cache_file(salt.utils.url.create(name), saltenv)
        if not copy:
            # Taken for deleted, it would be planned away.
            raise OSError(f"Salt lists {name} but does not hand it out: is it readable for Salt?")
        return copy

    def _listing(self, saltenv):
        if saltenv not in self._listings:
            self._listings[saltenv] = self.client().file_list(saltenv)
        return self._listings[saltenv]

    def client(self):
        """The file client, made when it is first needed."""
        if self._client is None:
            self._client = _client(self._opts)
        return self._client

    def close(self):
        """Let go of the connection to the master, if there is one."""
        # One that reads its own files has no connection.
        if hasattr(self._client, "destroy"):
            self._client.destroy()


def _client(opts):
    """The master serves itself; a minion asks as it is configured to."""
    if opts.get("__role") == "master" and opts.get("file_client") != "local":
        return salt.fileclient.FSClient(opts)
    return salt.fileclient.get_file_client(opts)
