"""Makes Salt's loader quicker in a forked call. What it finds is the same.

A call makes about thirty loaders, and each lists the folders of its modules twice. Many of them have the same folders,
and so have the loaders of other calls: a call reports its listings to its parent, for later calls.
A loader also asks twice whether its options are empty, and Salt then counts all of them.
Each loader asks for the entry points of all installed packages. After each module that it loads, it makes Python
forget what it has found in all folders, although that matters only after a folder has left `sys.path`.
"""

import contextlib
import os
import pickle
import socket
import sys
import time
import types

from salt.loader.lazy import LazyLoader
from salt.utils import entrypoints
from salt.utils.optsdict import OptsDict

# The time of a file has this resolution: of two changes within it, the second is not seen.
CLOCK_TICK = 20_000_000

# A folder that was changed this long ago is not being filled.
MINUTE = 60_000_000_000
# No listing has more bytes.
LARGEST = 1 << 20

# The listings by the folders and the options on which they depend, and those that this call can report.
_known = {}
_new = {}


def install():
    LazyLoader._refresh_file_mapping = _remembering(LazyLoader._refresh_file_mapping)
    OptsDict.__bool__ = lambda self: any(key in self for key in self._get_all_keys())
    LazyLoader._LazyLoader__clean_sys_path = _cleaning(LazyLoader._LazyLoader__clean_sys_path)
    found = _entry_points(entrypoints.importlib_metadata.entry_points)
    entrypoints.importlib_metadata = types.SimpleNamespace(entry_points=found)
    found()


def report(parent):
    """Sends the listings that this call has made itself. If there is no room for one, a later call sends it."""
    for one in _new.items():
        with contextlib.suppress(OSError):
            parent.send(pickle.dumps(one), socket.MSG_DONTWAIT)


def learn(call):
    """Receives what an ended call has reported."""
    with contextlib.suppress(BlockingIOError):
        while said := call.recv(LARGEST, socket.MSG_DONTWAIT):
            key, found = pickle.loads(said)
            _known[key] = found


def _remembering(listed):
    """A listing of the same folders is used again while none of them has changed."""

    def refresh(self):
        changed = [_changed(folder) for folder in self.module_dirs]
        age = time.time_ns() - max(changed, default=0)
        if age < CLOCK_TICK:
            listed(self)
            return
        key = (
            # A folder that is not there adds nothing. Each site has such folders, at other paths.
            tuple((folder, at) for folder, at in zip(self.module_dirs, changed, strict=True) if at),
            tuple(self.static_modules),
            tuple(self.disabled),
            tuple(self.suffix_order),
            self.opts.get("cython_enable"),
            self.opts.get("enable_zip_modules"),
        )
        if key not in _known:
            listed(self)
            _known[key] = dict(self.file_mapping), dict(self.suffix_map), list(self.suffix_order)
            if age > MINUTE:
                _new[key] = _known[key]
        mapping, suffixes, order = _known[key]
        self.file_mapping = dict(mapping)
        self.suffix_map.update(suffixes)
        self.suffix_order[:] = order

    return refresh


def _cleaning(cleaned):
    """Removes from `sys.path` the folders that a loader has added. Mostly there are none."""

    def clean(self):
        if self._clean_module_dirs:
            cleaned(self)

    return clean


def _entry_points(read):
    """The entry points are read again only if a folder of packages has changed."""
    known = {}

    def entry_points():
        key = tuple((folder, _changed(folder)) for folder in sys.path)
        if key not in known:
            known.clear()
            known[key] = read()
        return known[key]

    return entry_points


def _changed(folder):
    """When the folder changed, in nanoseconds since 1970. 0 if it is not there."""
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return 0
