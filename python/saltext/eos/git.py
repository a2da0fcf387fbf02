"""Git, as far as Eos asks it."""

import os
import subprocess

# Variables of a hook or of another git, which would name another repository.
_OTHERS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")
_LIMIT = 60


class GitError(Exception):
    """Git refused something. The text is its own first line, or why it could not be asked."""


def checked_out(folder):
    """The branch and the commit that are checked out in a folder. Empty if it is not in a repository."""
    try:
        commit = asked(folder, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        changed = asked(folder, "status", "--porcelain", "--", ".") != ""
    except GitError:
        return {}
    try:
        name = asked(folder, "symbolic-ref", "--quiet", "--short", "HEAD")
    except GitError:
        # A job of a merge request checks out a commit.
        name = None
    return {"name": name, "commit": commit, "changed": changed}


def asked(folder, *words, env=None):
    """What git says, without the spaces around it."""
    own = {key: value for key, value in os.environ.items() if key not in _OTHERS}
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", folder, *words],
            env={**own, "LC_ALL": "C.UTF-8", **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LIMIT,
            check=False,
        )
    except FileNotFoundError:
        raise GitError("there is no program git on this host") from None
    except subprocess.TimeoutExpired:
        raise GitError(f"git {words[0]} took longer than {_LIMIT} seconds") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise GitError(said[0] if said else f"git {words[0]} failed")
    return done.stdout.decode(errors="replace").strip()
