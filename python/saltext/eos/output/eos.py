"""Outputter ``eos``: a report as text for people."""

import salt.output

from saltext.eos import _core, command_line

__virtualname__ = "eos"


def __virtual__():
    return __virtualname__


def output(data, **kwargs):
    """
    Draw a report, or the reports of several minions.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.plan networking staging --out=eos
    """
    if not isinstance(data, dict):
        return _otherwise(data)
    if "schema" in data:
        return _drawn(data)
    drawn = []
    for minion, report in data.items():
        if not isinstance(report, dict) or "schema" not in report:
            return _otherwise(data)
        drawn.append(f"{minion}:\n{_drawn(report)}")
    return "\n".join(drawn)


def _drawn(report):
    return _core.draw(report, bool(__opts__.get("color")), command_line.of_reader(__opts__))


def _otherwise(data):
    """Salt's own text for data that are not a report of Eos."""
    return salt.output.out_format(data, "nested", {**__opts__, "output": None})
