"""Files below salt:// URLs, as Salt's file server has them at present."""

import os
import stat
import tempfile

import salt.fileclient
import salt.utils.files
import salt.utils.url

# Nobody executes these files, so the file server is not asked for their modes.
NOT_EXECUTED = (
    ".tf",
    ".tf.json",
    ".tofu",
    ".tofu.json",
    ".tfvars",
    ".tfvars.json",
    ".terraform.lock.hcl",
)


class Files:
    """The file client of one call. Each Salt environment is listed once.

    ``apart``: its copies are in a folder of their own, which is removed at the end.
    """

    def __init__(self, opts, *, apart=False):
        self._own = tempfile.TemporaryDirectory(prefix="eos-files-") if apart else None
        own = {"cachedir": self._own.name} if apart else {}
        # Salt would keep its list of files for 20 seconds, and would not see a new file.
        self._opts = {**opts, "fileserver_list_cache_time": 0, **own}
        self._client = None
        self._listings = {}

    def below(self, url):
        """From each relative path to its local copy, which is executable if the original is.

        It is an error if Salt lists a file and does not return it.
        """
        path, saltenv = salt.utils.url.parse(url)
        saltenv = saltenv or self._opts.get("saltenv") or "base"
        # The path is empty for the top of file_roots.
        prefix = path.strip("/") + "/" if path.strip("/") else ""
        return {
            name.removeprefix(prefix): self._copy(name, saltenv)
            for name in self._listing(saltenv)
            if name.startswith(prefix)
        }

    def _copy(self, name, saltenv):
        # Salt's URLs have no place for these characters: it would ask for another file.
        if "?" in name or "\\" in name:
            copy = self._download(name, saltenv)
        else:
            copy = self.client().cache_file(salt.utils.url.create(name), saltenv)
        if not copy:
            # Without this error, Terraform would plan without the file.
            raise OSError(f"Salt lists {name} but does not return it: check that Salt can read it")
        self._set_executable(copy, name, saltenv)
        return copy

    def _set_executable(self, copy, name, saltenv):
        """Roots and gitfs tell a file's mode. Without a mode, a file is not executable."""
        told = {} if name.endswith(NOT_EXECUTED) else self._ask("_file_find", name, saltenv)
        mode = (told.get("stat") or [0])[0]
        now = os.stat(copy).st_mode
        if bool(mode & 0o111) != bool(now & 0o111):
            os.chmod(copy, stat.S_IMODE(now) & ~0o111 | (0o100 if mode & 0o111 else 0))

    def _download(self, name, saltenv):
        """Copy a file into Salt's cache piece by piece, as the file client does. None if Salt does not have it."""
        if not self._ask("_file_find", name, saltenv).get("path"):
            return None
        copy = os.path.join(self.client().get_cachedir(), "files", saltenv, name)
        with salt.utils.files.set_umask(0o077):
            os.makedirs(os.path.dirname(copy), exist_ok=True)
            with salt.utils.files.fopen(f"{copy}.{os.getpid()}.part", "wb") as part:
                while piece := self._ask("_serve_file", name, saltenv, loc=part.tell()).get("data"):
                    part.write(piece.encode() if isinstance(piece, str) else piece)
        os.replace(part.name, copy)
        return copy

    def _ask(self, command, name, saltenv, **more):
        """The file server's answer about one file. The bar means that a question mark belongs to the name."""
        load = {"cmd": command, "path": f"|{name}", "saltenv": saltenv, **more}
        answer = self.client().channel.send(load, raw=command == "_serve_file")
        # A remote server's raw answer has keys in bytes.
        answer = answer if isinstance(answer, dict) else {}
        return {key.decode() if isinstance(key, bytes) else key: one for key, one in answer.items()}

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
        if self._own:
            self._own.cleanup()


def _client(opts):
    """The file client. The master reads its own files. A minion asks its master or reads local files, as configured."""
    if opts.get("__role") == "master" and opts.get("file_client") != "local":
        return salt.fileclient.FSClient(opts)
    return salt.fileclient.get_file_client(opts)
