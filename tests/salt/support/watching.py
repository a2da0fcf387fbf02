"""What processes show to others while they live: their arguments, and their environment."""

import os
import threading
import time
from pathlib import Path


class Watch:
    """Looks at every process again and again; keeps each different sight once."""

    def __init__(self):
        self.arguments = set()
        # Environment to the arguments of whom it was seen with, without those of the tests themselves.
        self.environments = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def close(self):
        self._over.set()
        self._thread.join(10)

    def _look(self):
        ours = {os.getpid(), os.getppid()}
        while not self._over.is_set():
            for entry in Path("/proc").glob("[0-9]*"):
                try:
                    arguments = (entry / "cmdline").read_bytes()
                    environment = (entry / "environ").read_bytes()
                except OSError:
                    continue  # it has ended, or is another user's
                self.arguments.add(arguments)
                if int(entry.name) not in ours:
                    self.environments.setdefault(environment, set()).add(arguments)
            time.sleep(0.01)
