"""The order of the tests, and the groups of tests that one worker runs one after the other."""

import itertools
import json
import os
import random
import shutil
import tempfile
from pathlib import Path

NAME = "EOS_TEST_ORDER"
# A folder in which workers tell their leader, which collects no tests, which tests belong together.
TOLD = "EOS_TEST_GROUPS"
SERVERS = {"consul", "nomad", "vault"}


def draw():
    """Chooses a random order, unless one is given. Workers inherit that of their leader."""
    os.environ.setdefault(NAME, str(random.getrandbits(32)))
    if "PYTEST_XDIST_WORKER" not in os.environ:
        os.environ[TOLD] = tempfile.mkdtemp(prefix="eos-groups-")


def end():
    if "PYTEST_XDIST_WORKER" not in os.environ:
        shutil.rmtree(os.environ[TOLD])


def seed():
    return os.environ[NAME]


def mix(items):
    """Mixes the files, and the tests in each file. The tests of a file stay together, so they share their fixtures."""
    drawn = random.Random(seed())
    files = [list(tests) for _, tests in itertools.groupby(items, lambda item: item.path)]
    drawn.shuffle(files)
    for tests in files:
        drawn.shuffle(tests)
    items[:] = itertools.chain.from_iterable(files)


def group(items):
    """Keeps tests together that share servers which are slow to start. All other tests go to any free worker."""
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
