"""Reads a value of Salt's sdb in a process of its own, because a read that hangs in this one could not be ended."""

import contextlib
import json
import math
import os
import pickle
import signal
import subprocess
import sys

# Seconds. Usually the call itself ends a read that takes too long, and says so.
_SPARE = 5


class Reads:
    """The readings of one call. Each has a limit, and nothing of them outlives the call."""

    def __init__(self, opts):
        self._opts = opts
        self._open = {}

    def start(self, uri, limit):
        """Start to read, and return an id. The process ends soon after ``limit`` seconds, even if this one is killed."""
        child = subprocess.Popen(
            [sys.executable, "-m", "saltext.eos.sdb_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Python must not import from the caller's folder, and Ctrl-C must not reach the process before the call.
            cwd="/",
            start_new_session=True,
        )
        key = str(child.pid)
        self._open[key] = (child, bytearray())
        os.set_blocking(child.stdout.fileno(), False)
        asked = {"uri": uri, "limit": math.ceil(limit) + _SPARE, "opts": _portable(self._opts)}
        with contextlib.suppress(BrokenPipeError), child.stdin as stdin:
            stdin.write(pickle.dumps(asked))
        return key

    def poll(self, key):
        """The value, or None while it is being read. Any failure of the read is raised."""
        child, answer = self._open[key]
        while (piece := child.stdout.read(65536)) is not None:
            if not piece:
                return self._value(key, answer)
            answer += piece
        return None

    def stop(self, key):
        """End the process and its children."""
        child, _answer = self._open.pop(key, (None, None))
        if child is None:
            return
        # The child is not reaped yet, so its pid and its group are still its own.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()

    def close(self):
        """End the readings that still run."""
        for key in list(self._open):
            self.stop(key)

    def _value(self, key, answer):
        child, _answer = self._open[key]
        self.stop(key)
        if not answer:
            raise RuntimeError(f"the process that read it ended with exit code {child.returncode}")
        returned = json.loads(bytes(answer))
        if "error" in returned:
            raise RuntimeError(returned["error"])
        return returned["value"]


def _portable(opts):
    """The options that another process can have. Salt itself gives its options to processes in this way."""
    portable = {}
    for key, value in opts.items():
        with contextlib.suppress(Exception):
            pickle.dumps(value)
            portable[key] = value
    return portable
