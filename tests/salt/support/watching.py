"""What processes show to others while they live: their arguments, and their environment."""

import os
import threading
import time
from pathlib import Path


class Watch:
    """Looks at every process that comes after it, again and again; keeps each different sight once."""

    def __init__(self):
        self.arguments = set()
        # Environment to the arguments of whom it was seen with.
        self.environments = {}
        # Nobody who was here before knows a secret of this test, but the tests themselves.
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
            # A number can be given again.
            self._before &= living
            for pid in living - self._before:
                try:
                    arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
                    environment = Path(f"/proc/{pid}/environ").read_bytes()
                except OSError:
                    continue  # it has ended, or is another user's
                self.arguments.add(arguments)
                self.environments.setdefault(environment, set()).add(arguments)
            time.sleep(0.01)


def pids():
    return {one for one in os.listdir("/proc") if one.isdecimal()}
