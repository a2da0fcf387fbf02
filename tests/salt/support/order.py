"""In which order tests run, and which of them one worker runs one after the other."""

import itertools
import os
import random

import pytest

NAME = "EOS_TEST_ORDER"
SERVERS = {"consul", "nomad", "vault"}


def draw():
    """Workers inherit what their leader has drawn, or was told."""
    os.environ.setdefault(NAME, str(random.getrandbits(32)))


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
    for item in items:
        fixtures = set(item.fixturenames)
        if fixtures & SERVERS:
            item.add_marker("server")
        if item.get_closest_marker("xdist_group"):
            continue
        if "master" in fixtures:
            item.add_marker(pytest.mark.xdist_group("master"))
        elif fixtures & SERVERS:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
