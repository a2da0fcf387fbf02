"""The terminal during a run: lines of others appear above the live block, and the log repeats nothing."""

import contextlib
import logging
import os
import sys

from saltext.eos import _core

# The log of what the person at the terminal also gets as progress or in the report.
repeated = logging.getLogger("saltext.eos.repeated")
# These programs do not show the report, so their log is all that there is.
_DAEMONS = {"salt-api", "salt-master", "salt-minion", "salt-proxy", "salt-syndic"}


@contextlib.contextmanager
def shared():
    """Shares the terminal with Salt's log and with everybody else who writes to stderr."""
    handlers = _handlers()
    with contextlib.ExitStack() as until_the_end:
        if os.path.basename(sys.argv[0]) not in _DAEMONS:
            for handler in handlers:
                # A function of Eos can call another one. The outer one removes the filter.
                if handler.level >= logging.WARNING and _is_not_repeated not in handler.filters:
                    handler.addFilter(_is_not_repeated)
                    until_the_end.callback(handler.removeFilter, _is_not_repeated)
        if _is_terminal(sys.stderr):
            above = _Above(sys.stderr)
            until_the_end.callback(above.end)
            until_the_end.enter_context(contextlib.redirect_stderr(above))
            for handler in handlers:
                until_the_end.callback(handler.setStream, handler.setStream(above))
        yield


def _is_not_repeated(record):
    return record.name != repeated.name


def _handlers():
    """The handlers that log to the terminal, or to what stands in its place."""
    return [
        one
        for one in logging.root.handlers
        if isinstance(one, logging.StreamHandler) and one.stream in (sys.stderr, sys.__stderr__)
    ]


def _is_terminal(stream):
    try:
        return stream is not None and stream.fileno() == 2 and stream.isatty()
    except (OSError, ValueError):
        return False


class _Above:
    """A stream in place of stderr. Whole lines go to the terminal above the live block."""

    def __init__(self, stream):
        self._stream = stream
        self._begun = ""

    def write(self, text):
        whole, newline, self._begun = (self._begun + text).rpartition("\n")
        if newline:
            _core.above(whole + newline)
        return len(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        """Everything whole is written at once."""

    def end(self):
        """Write a line that was not ended."""
        self._stream.write(self._begun)
        self._stream.flush()

    def __getattr__(self, name):
        return getattr(self._stream, name)
