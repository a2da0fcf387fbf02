"""An error of the call itself. It is one line on stderr, and the exit code is 1."""


class UsageError(Exception):
    """What is wrong, and what to do instead."""
