"""Reads values of Salt's sdb in processes of their own, because a read that hangs in this one could not be ended."""

import contextlib
import itertools
import json
import logging
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
        self._keys = map(str, itertools.count())
        self._open = {}
        self._idle = []

    def start(self, uri, limit):
        """Start to read, and return an id. The process ends soon after ``limit`` seconds, even if this one is killed."""
        # A process that has read before has already loaded Salt.
        reader = self._idle.pop() if self._idle else _Reader(self._opts)
        reader.ask(uri, limit)
        key = next(self._keys)
        self._open[key] = reader
        return key

    def poll(self, key):
        """The value, or None while it is being read. Any failure of the read is raised."""
        reader = self._open[key]
        if not reader.is_done():
            return None
        del self._open[key]
        returned = reader.answer()
        self._idle.append(reader)
        for name, level, message in returned["log"]:
            logging.getLogger(name).log(level, "%s", message)
        if "error" in returned:
            raise RuntimeError(returned["error"])
        return returned["value"]

    def stop(self, key):
        """End a read that has not ended, with its process and the children of that."""
        reader = self._open.pop(key, None)
        if reader is not None:
            reader.end()

    def close(self):
        """End all processes."""
        while self._idle:
            self._idle.pop().end()
        for key in list(self._open):
            self.stop(key)


class _Reader:
    """A process that reads one value after the other."""

    def __init__(self, opts):
        self._child = subprocess.Popen(
            [sys.executable, "-m", "saltext.eos.sdb_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Python must not import from the caller's folder, and Ctrl-C must not reach the process before the call.
            cwd="/",
            start_new_session=True,
        )
        os.set_blocking(self._child.stdout.fileno(), False)
        self._text = bytearray()
        self._has_ended = False
        self._send(_portable(opts))

    def ask(self, uri, limit):
        self._send({"uri": uri, "limit": math.ceil(limit) + _SPARE})

    def is_done(self):
        """Whether the answer has arrived, or the process has ended without one."""
        while not self._has_ended and (piece := self._child.stdout.read(65536)) is not None:
            self._has_ended = not piece
            self._text += piece
        return self._has_ended or self._text.endswith(b"\n")

    def answer(self):
        """The answer that has arrived, as a dictionary."""
        if not self._text.endswith(b"\n"):
            self.end()
            code = self._child.returncode
            raise RuntimeError(f"the process that read it ended with exit code {code}")
        text = bytes(self._text)
        self._text.clear()
        return json.loads(text)

    def end(self):
        """End the process and its children."""
        # The child is not reaped yet, so its pid and its group are still its own.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        self._child.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            self._child.stdin.close()

    def _send(self, message):
        with contextlib.suppress(BrokenPipeError):
            pickle.dump(message, self._child.stdin)
            self._child.stdin.flush()


def _portable(opts):
    """The options that another process can have. Salt itself gives its options to processes in this way."""
    portable = {}
    for key, value in opts.items():
        with contextlib.suppress(Exception):
            pickle.dumps(value)
            portable[key] = value
    return portable
