"""Finds processes that still run in a folder."""

import os
from pathlib import Path


def processes_in(folder):
    """The pids of processes whose working directory is in a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if Path(os.readlink(entry / "cwd")).is_relative_to(folder):
                found.append(int(entry.name))
        except OSError:
            continue
    return found
