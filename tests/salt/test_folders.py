"""A master that runs as its own user and a minion that runs as root share a root."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from support import modules, programs
from support.site import CHECKOUT, Site

# A user that every Linux has, and that owns nothing.
USER = "daemon"


@pytest.fixture
def pair():
    """A master that runs as USER, and a minion that runs as root, with one root that USER owns."""
    if os.geteuid() != 0:
        pytest.skip(programs.WANTED + "root, who can start Salt as two users")
    try:
        user = pwd.getpwnam(USER)
    except KeyError:
        pytest.skip(programs.WANTED + f"a second user, {USER}")
    demote = [programs.require("setpriv"), f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}"]
    demote.append("--clear-groups")
    # Only root can use pytest's own folders.
    folder = Path(tempfile.mkdtemp(prefix="eos-"))
    folder.chmod(0o755)
    # Started as in the test: if the path has a space, the script is a shell script that starts Python.
    reach = [*demote, Path(os.sys.executable).with_name("salt-run"), "--version"]
    if subprocess.run(reach, check=False, capture_output=True, cwd="/").returncode != 0:
        shutil.rmtree(folder)
        pytest.skip(programs.WANTED + f"a checkout that {USER} can read: {CHECKOUT}")
    master = Site(folder / "master", extra={"user": USER})
    minion = Site(folder / "minion")
    minion.root = master.root
    subprocess.run(["chown", "-R", f"{USER}:", folder / "master"], check=True)
    as_user = master.finish
    master.finish = lambda argv, **how: as_user([*demote, *argv], **how)
    yield master, minion
    master.close()
    minion.close()
    shutil.rmtree(folder)


def owners(root):
    return {path.lstat().st_uid for path in root.rglob("*")}


def test_a_master_with_its_own_user_and_a_root_minion_continue_each_others_work(pair):
    master, minion = pair
    for value, apply in [
        (
            "one",
            lambda: minion.call(
                "eos_terraform.apply", "echo", "environment=staging", "auto_approve=True"
            ),
        ),
        ("two", master.orchestrate),
        (
            "three",
            lambda: minion.call(
                "eos_terraform.apply", "echo", "environment=staging", "auto_approve=True"
            ),
        ),
    ]:
        for site in pair:
            source = site.module("echo", modules.ECHO)
            site.environment({"echo": {"source": source, "variables": {"value": value}}})
        done = apply()
        assert done.rc == 0, done
        assert owners(master.root) == {pwd.getpwnam(USER).pw_uid}, value
    again = master.orchestrate()
    assert again.rc == 0 and again.statuses == {"echo": "unchanged"}, again
    gone = master.run("infrastructure.destroy", "staging", "confirm=staging")
    assert gone.rc == 0 and gone.statuses == {"echo": "destroyed"}, gone
