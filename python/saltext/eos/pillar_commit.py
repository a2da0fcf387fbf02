"""Commits what Eos owns in a checkout of the pillar. It neither pushes nor merges."""

import re
import socket

from saltext.eos import git

# All of it but the lock.
_OURS = ("infrastructure/eos", ":(exclude)infrastructure/eos/.lock")
_NOT_IN_A_NAME = re.compile(r"[^\w.@+-]")


def made(checkout, user, message):
    """Commit in the name of the user. Returns the branch and the commit that are checked out then."""
    name = _NOT_IN_A_NAME.sub("_", user) or "unknown"
    email = name if "@" in name else f"{name}@{socket.gethostname()}"
    who = {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in (("NAME", name), ("EMAIL", email))
    }
    git.asked(checkout, "add", "--all", "--", *_OURS)
    # A call that was killed may have left it to this one.
    if git.asked(checkout, "status", "--porcelain", "--", *_OURS):
        git.asked(checkout, "commit", "--quiet", "-m", message, "--", *_OURS, env=who)
    return git.checked_out(checkout)
