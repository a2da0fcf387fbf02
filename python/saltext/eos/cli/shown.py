"""Prints a report, and says with which exit code the call ends."""

import codecs
import json
import os
import sys

from saltext.eos.cli.escape import printable

# For Salt's own commands.
_FOR_SALT = ("outputter",)
_WAITING = ("planned", "pending_inputs")


def document(report):
    """The report as one JSON document on stdout."""
    shown = {key: value for key, value in report.items() if key not in _FOR_SALT}
    # JSON has an escape of its own for what the encoding of stdout lacks.
    is_utf8 = codecs.lookup(sys.stdout.encoding).name == "utf-8"
    print(printable(json.dumps(shown, indent=2, ensure_ascii=not is_utf8)), flush=True)


def text(report, stream=None, command_line=None):
    """The report for people. ``command_line``: how they write commands."""
    from saltext.eos import _core

    stream = stream or sys.stdout
    print(_core.draw(report, _colour(stream), command_line), file=stream, flush=True)


def exit_code(report, *, detailed=False):
    """0 if all went well, otherwise 1. If ``detailed``, 2 means that changes wait."""
    if report.get("retcode"):
        return 1
    components = (report.get("components") or {}).values()
    waits = any(one.get("status") in _WAITING for one in components)
    return 2 if detailed and waits else 0


def _colour(stream):
    """Colour is for a terminal, and https://no-color.org switches it off."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
