"""Standard input, output and error, which the caller may have closed, or which may be full."""

import contextlib
import os
import sys

from saltext.eos.cli.errors import UsageError


class Unwritable(UsageError):
    """Standard output takes nothing more."""


@contextlib.contextmanager
def usable():
    """Gives the process all three streams. A write to stdout fails in one line, and one to stderr never fails."""
    _reopen()
    before = sys.stdout, sys.stderr
    for stream in before:
        # A character that the terminal's encoding lacks is escaped.
        stream.reconfigure(errors="backslashreplace")
    sys.stdout, sys.stderr = _Output(before[0]), _Messages(before[1])
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        try:
            sys.stderr.flush()
        except OSError:
            discard(sys.stderr)


def discard(stream):
    """Take what is left for a stream to nowhere. Python would fail with it once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _reopen():
    """Open what the caller has closed. Otherwise a file or a connection would get its number, and texts meant for it.

    A read of stdin and a write to stdout fail as if they were still closed.
    """
    for number, name, flags in (
        (0, "stdin", os.O_WRONLY),
        (1, "stdout", os.O_RDONLY),
        (2, "stderr", os.O_WRONLY),
    ):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, flags)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            os.set_inheritable(number, True)
            mode = "w" if number else "r"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


class _Stream:
    def __init__(self, stream):
        self._stream = stream

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def write(self, text):
        with self._handled():
            self._stream.write(text)
        return len(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        with self._handled():
            self._stream.flush()


class _Output(_Stream):
    @contextlib.contextmanager
    def _handled(self):
        try:
            yield
        except BrokenPipeError:
            # The reader has ended, as `head` does.
            raise
        except OSError as error:
            raise Unwritable(
                f"standard output could not be written: {error.strerror or error}"
            ) from error


class _Messages(_Stream):
    """Progress and messages that nobody can read must not end a run."""

    def _handled(self):
        return contextlib.suppress(OSError)
