"""The arguments and the environment that running processes show to others."""

import os
import threading
import time
from pathlib import Path


class Watch:
    """Reads all processes that start after it, repeatedly. Stores each different text once."""

    def __init__(self):
        self.arguments = set()
        # From each environment to the arguments of the processes that had it.
        self.environments = {}
        # Older processes, except the tests themselves, know no secret of this test.
        self._before = pids()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def close(self):
        self._over.set()
        self._thread.join(10)

    def _look(self):
        while not self._over.is_set():
            living = pids()
            # A pid can be used again.
            self._before &= living
            for pid in living - self._before:
                try:
                    arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
                    environment = Path(f"/proc/{pid}/environ").read_bytes()
                except OSError:
                    continue  # the process has ended, or belongs to another user
                self.arguments.add(arguments)
                self.environments.setdefault(environment, set()).add(arguments)
            time.sleep(0.01)


def pids():
    return {one for one in os.listdir("/proc") if one.isdecimal()}
