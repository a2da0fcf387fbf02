"""A host that is nobody's: for calls of the core without a Salt."""


class Nobody:
    """Knows no files, says nothing, and is asked by no one."""

    problems = []

    def __init__(self, *_):
        """Whoever is asked for."""
        self.identity = dict.fromkeys(("jid", "minion", "user", "salt_version"), "")
        self.identity |= {"test": False, "environment": None, "automation": None}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Nothing is open."""

    def fetch(self, url):
        raise LookupError(f"{url}: there is no file server here")

    def log(self, level, message):
        """Of no interest."""

    emit = log
