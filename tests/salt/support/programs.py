"""Finding programs, and saying visibly what a test went without."""

import functools
import glob
import os
import shutil
import subprocess

import pytest

# `make test` reads these words at the end of the run.
WANTED = "for want of "


def find(name):
    """The path of a program on PATH, or among PostgreSQL's own, which Debian keeps off it."""
    found = shutil.which(name)
    if found and runs(found):
        return found
    versions = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    return versions[-1] if versions else None


@functools.cache
def runs(path):
    """Whether a program starts: on PATH may be a stand-in for one that is not installed, and it answers 127."""
    try:
        asked = subprocess.run([path, "--version"], check=False, capture_output=True, timeout=60)
    except OSError:
        return False
    return asked.returncode not in (126, 127)


def missing(what, *, installable=False):
    """Skips the test; in CI a thing that can be installed there is a failure."""
    if installable and os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing, and CI=true", pytrace=False)
    pytest.skip(WANTED + what)


def require(name, *, installable=False):
    """The path of a program, or a visible skip."""
    return find(name) or missing(name, installable=installable)


def terraform():
    """terraform, or tofu where there is only that."""
    return find("terraform") or find("tofu") or missing("terraform", installable=True)
