"""Asks a person before a call that takes something: shows the plan, and wants the environment's name."""

import sys

from saltext.eos.cli import answer
from saltext.eos.cli.errors import UsageError

# What such a call asks about, and whether it deletes everything that it names.
_DELETES = ("delete", "destroy")
# What asks only if an entry of the pillar changes so. The report has the environment to name.
_CHANGES = {"update": ("changed",), "carry": ("new", "changed", "removed")}


def agreed(call, options, place, show):
    """The call as the person agreed to it, or the report that ends it.

    ``show``: shows a report on the terminal.
    """
    given, asks = call.arguments, options.verb.asks
    # The core reports what is missing. Only the call may name the environment of a destroy or a rollback.
    environment = given.get("environment")
    if not asks or _lacks(options.verb, given) or given.get("test") or given.get("confirm"):
        return call, None
    if asks in _CHANGES:
        return _updated(call, options, place, show)
    if options.yes and asks in _DELETES:
        raise UsageError(f"--yes does not allow to delete anything: write --confirm {environment}")
    if options.yes:
        return call, None
    if not _has_terminal():
        without = "" if asks in _DELETES else ", or --yes to delete nothing"
        raise UsageError(f"there is no terminal to ask on: write --confirm {environment}{without}")
    planned = place.report(call.having(test=True, confirm=environment))
    if planned.get("error") or not (_changes(planned) or _describes(planned)):
        return None, planned
    show(planned)
    if _answer(asks, environment) != environment:
        raise UsageError(f"nothing was changed: the answer was not {environment}")
    # Without a deletion in the shown plan, nothing is allowed to be deleted.
    confirm = environment if asks in _DELETES or _deletes(planned) else None
    return call.having(confirm=confirm), None


def _updated(call, options, place, show):
    """The same for a call that may create something new, for which nobody is asked."""
    asks = options.verb.asks
    named = call.arguments.get("target" if asks == "carry" else "environment")
    if options.yes and named:
        return call.having(confirm=named), None
    if not (options.yes or _has_terminal()):
        # The core refuses an update, and shows it.
        return call, None
    planned = place.report(call.having(test=True))
    environment = planned.get("environment")
    if planned.get("error") or not _asks_about(asks, planned):
        return call, None
    if not options.yes:
        show(planned)
        if _answer(asks, environment) != environment:
            raise UsageError(f"nothing was changed: the answer was not {environment}")
    return call.having(confirm=environment), None


def _asks_about(asks, planned):
    return (planned.get("pillar_entry") or {}).get("change") in _CHANGES[asks]


def _has_terminal():
    return sys.stdin.isatty() and sys.stderr.isatty()


def _lacks(verb, given):
    """Whether the call lacks a word that the verb needs. An order names the components too."""
    return any(not given.get(need) for need in verb.needs) and not (
        given.get("environment") and given.get("order")
    )


def _answer(asks, environment):
    return answer.line(f"To {asks}, type the name of the environment ({environment}): ").strip()


def _describes(report):
    """Whether it would change the pillar, or remove data."""
    return bool(report.get("pillar_entry") or report.get("left_data"))


def _changes(report):
    return any(
        one.get("status") in ("planned", "pending_inputs", "blocked") for one in _each(report)
    )


def _deletes(report):
    return any(
        (one.get("changes") or {}).get(key) for one in _each(report) for key in ("remove", "forget")
    )


def _each(report):
    return (report.get("components") or {}).values()
