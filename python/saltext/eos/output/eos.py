"""Draws a report for people: the counts, then failures, then what changed, then outputs."""

from saltext.eos import _core

__virtualname__ = "eos"


def __virtual__():
    return __virtualname__


def output(data, **_kwargs):
    """
    Draws a report, or a mapping of minions to reports.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.orchestrate environment=staging --out=eos
    """
    colour = bool(__opts__.get("color"))
    if isinstance(data, dict) and "operation" not in data:
        return "\n".join(f"{minion}:\n{_core.draw(report, colour)}" for minion, report in data.items())
    return _core.draw(data, colour)
