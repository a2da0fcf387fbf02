"""Reads the answer to a question. Ctrl-C always ends it, also right before the reading begins."""

import os
import select
import signal
import sys


def line():
    """One line from standard input, or an empty text at its end. Raises KeyboardInterrupt on Ctrl-C.

    Python only notes a signal that comes before its read, and the read would then wait for the next line. The signal
    is also written to a pipe, so a wait for both cannot miss it.
    """
    signalled, note = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    before = signal.set_wakeup_fd(note, warn_on_full_buffer=False)
    try:
        # On a terminal this returns when a line is complete. The handler of a signal runs right after it.
        while sys.stdin not in select.select([sys.stdin, signalled], [], [])[0]:
            os.read(signalled, 1)
        return sys.stdin.readline()
    finally:
        signal.set_wakeup_fd(before)
        os.close(signalled)
        os.close(note)
