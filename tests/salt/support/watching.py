"""The arguments and the environment that running processes show to others."""

import os
import threading
import time
from pathlib import Path

# A process that is older, in seconds, hardly ever changes: it is read at each hundredth look.
YOUNG = 2.0


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
        first_seen, looks = {}, 0
        while not self._over.is_set():
            living, now = pids(), time.monotonic()
            # A pid can be used again.
            self._before &= living
            looks += 1
            first_seen = {pid: since for pid, since in first_seen.items() if pid in living}
            for pid in living - self._before:
                if now - first_seen.setdefault(pid, now) > YOUNG and looks % 100:
                    continue
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
