"""Asks a question and reads the answer. Ctrl-C always ends it, also right before the reading begins.

What is printed next begins a line of its own, also if the answer was ended by Ctrl-C or Ctrl-D.
"""

import getpass
import os
import select
import signal
import sys


def line(question):
    """One line from standard input, or an empty text at its end. Raises KeyboardInterrupt on Ctrl-C."""
    given = ""
    try:
        print(question, end="", file=sys.stderr, flush=True)
        given = _line()
    finally:
        if not given.endswith("\n"):
            _end_line()
    return given


def hidden(question):
    """An answer that the terminal does not show. Raises KeyboardInterrupt on Ctrl-C, and EOFError on Ctrl-D."""
    try:
        return getpass.getpass(question)
    except (EOFError, KeyboardInterrupt):
        _end_line()
        raise


def _end_line():
    print(file=sys.stderr, flush=True)


def _line():
    # Python only notes a signal that comes before its read, and the read would then wait for the next line. The signal
    # is also written to a pipe, so a wait for both cannot miss it.
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
