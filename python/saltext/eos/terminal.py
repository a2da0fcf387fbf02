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
    with without(_is_repeated), contextlib.ExitStack() as until_the_end:
        if _is_terminal(sys.stderr):
            above = _Above(sys.stderr)
            until_the_end.callback(above.end)
            until_the_end.enter_context(contextlib.redirect_stderr(above))
            for handler in handlers:
                until_the_end.callback(handler.setStream, handler.setStream(above))
        yield


@contextlib.contextmanager
def without(is_told):
    """Leaves out of the log on the terminal what the report says too. ``is_told``: whether a record is such a one."""
    with contextlib.ExitStack() as until_the_end:
        if os.path.basename(sys.argv[0]) not in _DAEMONS:
            for handler in _handlers():
                # A function of Eos can call another one. The outer one removes the filter.
                known = [getattr(one, "leaves_out", None) for one in handler.filters]
                if handler.level >= logging.WARNING and is_told not in known:
                    keep = _Filter(is_told)
                    handler.addFilter(keep)
                    until_the_end.callback(handler.removeFilter, keep)
        yield


@contextlib.contextmanager
def held(loggers, is_told):
    """Holds back from the terminal what these loggers say, until it is known whether the report says it too.

    ``is_told``: whether a record is such a one. It is asked at the end, and all other records are logged then.
    """
    records = {}

    def is_held(record):
        if record.name not in loggers:
            return False
        # Each handler asks for each record.
        records[id(record)] = record
        return True

    try:
        with without(is_held):
            yield
    finally:
        for record in records.values():
            for handler in () if is_told(record) else _handlers():
                if logging.WARNING <= handler.level <= record.levelno:
                    handler.handle(record)


class _Filter:
    def __init__(self, leaves_out):
        self.leaves_out = leaves_out

    def filter(self, record):
        return not self.leaves_out(record)


def _is_repeated(record):
    return record.name == repeated.name


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
        """Everything whole was written at once. Flushed text without a line end is a question, so it is a line too."""
        if self._begun:
            _core.above(self._begun + "\n")
            self._begun = ""

    def end(self):
        """Write a line that was not ended."""
        self._stream.write(self._begun)
        self._stream.flush()

    def __getattr__(self, name):
        return getattr(self._stream, name)
