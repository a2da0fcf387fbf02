"""The grains of this machine, which all sites of a test process share. Salt would collect them twice for each call."""

import os
from pathlib import Path

OPTIONS = {"grains_cache": True, "grains_cache_expiration": 24 * 60 * 60}
# Salt's own file, below the cache of the master and of the minion.
CACHES = [Path(folder) / "grains.cache.p" for folder in ("cache", "cache-minion")]

_collected = {}


def give(folder):
    """Writes the grains that an earlier site has collected into a site's caches."""
    for path, grains in _collected.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as cache:
            cache.write(grains)


def take(folder):
    """Reads the grains that a site has collected, for later sites."""
    for path in CACHES:
        if path not in _collected and (folder / path).exists():
            _collected[path] = (folder / path).read_bytes()
