"""A process that reads values of Salt's sdb. Each question comes on stdin, and its answer goes to stdout, as JSON."""

import json
import logging
import os
import pickle
import signal
import sys


def main():
    """Read until nobody asks any more. The output of Salt's functions goes to stderr: stdout is only for answers."""
    opts = pickle.load(sys.stdin.buffer)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    while True:
        try:
            asked = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        # The kernel ends this process, also if the read hangs and nobody is left who could end it.
        signal.alarm(asked["limit"])
        answer = _answer(asked["uri"], opts)
        signal.alarm(0)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _answer(uri, opts):
    # Imported after the question is read, because the parent waits for that.
    import salt.utils.sdb

    log = _Log(logging.WARNING)
    logging.getLogger().addHandler(log)
    try:
        answer = {"value": _text(salt.utils.sdb.sdb_get(uri, opts, strict=True))}
    except Exception as error:  # noqa: BLE001 a module of sdb may raise anything
        answer = {"error": " ".join(str(error).split()) or type(error).__name__}
    logging.getLogger().removeHandler(log)
    return {**answer, "log": log.lines}


class _Log(logging.Handler):
    """What a module of sdb logs: the log of the call is open in the other process only."""

    def __init__(self, level):
        super().__init__(level)
        self.lines = []

    def emit(self, record):
        self.lines.append((record.name, record.levelno, record.getMessage()))


def _text(value):
    """The value of a key. A key without a text is an error."""
    if not isinstance(value, str):
        raise ValueError("its value is not a text")
    return value


if __name__ == "__main__":
    main()
