"""Files below salt:// URLs, as Salt's file server has them at present."""

import salt.fileclient
import salt.utils.url


class Files:
    """The file client of one call. Each Salt environment is listed once."""

    def __init__(self, opts):
        # Salt would keep its list of files for 20 seconds, and would not see a new file.
        self._opts = {**opts, "fileserver_list_cache_time": 0}
        self._client = None
        self._listings = {}

    def below(self, url):
        """From each relative path to its local copy. It is an error if Salt lists a file and does not return it."""
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
            # Without this error, Terraform would plan without the file.
            raise OSError(f"Salt lists {name} but does not return it: check that Salt can read it")
        return copy

    def _listing(self, saltenv):
        if saltenv not in self._listings:
            self._listings[saltenv] = self.client().file_list(saltenv)
        return self._listings[saltenv]

    def client(self):
        """The file client, made at its first use."""
        if self._client is None:
            self._client = _client(self._opts)
        return self._client

    def close(self):
        """Close the connection to the master. A client of local files has none."""
        if hasattr(self._client, "destroy"):
            self._client.destroy()


def _client(opts):
    """The file client. The master reads its own files. A minion asks its master or reads local files, as configured."""
    if opts.get("__role") == "master" and opts.get("file_client") != "local":
        return salt.fileclient.FSClient(opts)
    return salt.fileclient.get_file_client(opts)
