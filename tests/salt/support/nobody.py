"""A host for calls of the core without a Salt."""

from types import SimpleNamespace


class Nobody:
    """A host without files, without messages, and without a user."""

    problems = []
    faults = []
    refused = []

    def __init__(self, *_, **__):
        """Accepts any arguments."""
        self.identity = dict.fromkeys(("jid", "minion", "user", "salt_version"), "")
        self.identity |= {
            "test": False,
            "environment": None,
            "automation": None,
            "command_line": None,
            "salt_root": None,
        }
        self.identity["place"] = ("master", None)
        self.caller = SimpleNamespace(name="", authentication="unknown", sudo="")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Closes nothing, because nothing is open."""

    def fetch(self, url):
        raise LookupError(f"{url}: there is no file server here")

    def log(self, level, message):
        """Drops the message."""

    emit = log_repeated = log

    def accounts(self):
        return set()

    def pending(self):
        return {}

    def keep_pending(self, pending):
        """Keeps nothing, because there is no state run."""

    def apply_states(self):
        return []
