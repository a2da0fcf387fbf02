"""In which order tests run, and which of them one worker runs one after the other."""

import itertools
import json
import os
import random
import shutil
import tempfile
from pathlib import Path

NAME = "EOS_TEST_ORDER"
# Where workers tell their leader, who collects nothing, which tests belong together.
TOLD = "EOS_TEST_GROUPS"
SERVERS = {"consul", "nomad", "vault"}


def draw():
    """Workers inherit what their leader has drawn, or was told."""
    os.environ.setdefault(NAME, str(random.getrandbits(32)))
    if "PYTEST_XDIST_WORKER" not in os.environ:
        os.environ[TOLD] = tempfile.mkdtemp(prefix="eos-groups-")


def end():
    if "PYTEST_XDIST_WORKER" not in os.environ:
        shutil.rmtree(os.environ[TOLD])


def seed():
    return os.environ[NAME]


def mix(items):
    """Files in a random order, and the tests of each: what a file's tests share is made once."""
    drawn = random.Random(seed())
    files = [list(tests) for _, tests in itertools.groupby(items, lambda item: item.path)]
    drawn.shuffle(files)
    for tests in files:
        drawn.shuffle(tests)
    items[:] = itertools.chain.from_iterable(files)


def group(items):
    """Tests that share what is dear to start stay together; all others go to whichever worker is free."""
    groups = {}
    for item in items:
        fixtures = set(item.fixturenames)
        if fixtures & SERVERS:
            item.add_marker("server")
        if together := item.get_closest_marker("together"):
            groups[item.nodeid] = together.args[0]
        elif "master" in fixtures:
            groups[item.nodeid] = "master"
        elif fixtures & SERVERS:
            groups[item.nodeid] = item.path.name
    told = Path(os.environ[TOLD])
    unfinished = told / f"{os.getpid()}"
    unfinished.write_text(json.dumps(groups))
    unfinished.replace(told / "groups")


def groups():
    return json.loads((Path(os.environ[TOLD]) / "groups").read_text())
