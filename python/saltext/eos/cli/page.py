"""The page of a run or a plan, in a file of whoever calls ``eos``. The core makes the page, here or on the master."""

import os

from saltext.eos.cli.errors import UsageError


def asked(call):
    """The call that returns the page, and the file that it names. None if it names none, or stdout."""
    path = call.arguments.get("html")
    if path is None:
        return call, None
    if call.arguments.get("format"):
        raise UsageError("--html and --format exclude each other")
    if not path:
        raise UsageError("--html: name a file")
    arguments = {name: value for name, value in call.arguments.items() if name != "html"}
    # Absolute at once, because a process of Salt may change its folder. `-` is stdout, as for --format html.
    file = None if path == "-" else os.path.abspath(path)
    return call.with_arguments({**arguments, "format": "html"}), file


def kept(report, path):
    """The report after its page was written. Without a page it stays as it is."""
    from saltext.eos import _core

    report = dict(report)
    page = report.pop("drawing", None)
    if page is None:
        return report
    if not isinstance(page, str):
        raise UsageError("the master's answer has no page that can be read")
    wrong = _core.write_page(path, page)
    if wrong:
        raise UsageError(wrong)
    return {**report, "html": path}
