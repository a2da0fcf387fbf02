"""Finds programs, and reports visibly which program a test lacks."""

import functools
import glob
import os
import shutil
import subprocess
from pathlib import Path

import pytest

# `make test` reads these words at the end of the run.
WANTED = "missing: "


def find(name):
    """The path of a program on PATH, or in PostgreSQL's folders, which Debian does not put on PATH."""
    found = shutil.which(name)
    if found and runs(found):
        return found
    versions = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    return versions[-1] if versions else None


@functools.cache
def runs(path):
    """Whether a program starts. PATH may have a placeholder for a program that is not installed; it exits with 127."""
    try:
        asked = subprocess.run([path, "--version"], check=False, capture_output=True, timeout=60)
    except OSError:
        return False
    return asked.returncode not in (126, 127)


def missing(what, *, installable=False):
    """Skips the test. In CI, it fails instead if the missing thing can be installed there."""
    if installable and os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing, and CI=true", pytrace=False)
    pytest.skip(WANTED + what)


def require(name, *, installable=False):
    """The path of a program. Skips the test if there is none."""
    return find(name) or missing(name, installable=installable)


def built_tofu():
    """The path of the OpenTofu that the core tests have built, in a list. Builds nothing."""
    asked = subprocess.run(
        [Path(__file__).parents[2] / "versions" / "get", "tofu-1.10.10"],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"EOS_TEST_BUILD": "never"},
    )
    return [asked.stdout.strip()] if asked.returncode == 0 else []


def terraform():
    """The path of terraform, or of tofu if there is no terraform."""
    return find("terraform") or find("tofu") or missing("terraform", installable=True)
