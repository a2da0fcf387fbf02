"""A process that reads one value of Salt's sdb. The question comes on stdin, and the answer goes to stdout, as JSON."""

import json
import os
import pickle
import signal
import sys


def main():
    """Read it. The output of Salt's functions goes to stderr, because stdout is only for the answer."""
    asked = pickle.load(sys.stdin.buffer)
    # The kernel ends this process, also if the read hangs and nobody is left who could end it.
    signal.alarm(asked["limit"])
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    json.dump(_answer(asked), answer)
    answer.close()


def _answer(asked):
    # Imported after stdin is read, because the parent waits for the read.
    import salt.utils.sdb

    try:
        return {"value": text(salt.utils.sdb.sdb_get(asked["uri"], asked["opts"], strict=True))}
    except Exception as error:  # noqa: BLE001 a module of sdb may raise anything
        return {"error": " ".join(str(error).split()) or type(error).__name__}


def text(value):
    """The value of a key. A key without a text is an error."""
    if not isinstance(value, str):
        raise ValueError("its value is not a text")
    return value


if __name__ == "__main__":
    main()
