"""Arguments that the master fixes for all its callers: ``eos: {minion: web1, fixed: [minion, variables]}``."""

import salt.config

from saltext.eos import branch, master_option

_ARGUMENTS = ("minion", "variables", "secrets")
_ENVIRONMENTS = ("pillarenv", "saltenv")


def refused(opts, arguments):
    """The arguments of the call that the master does not take, each with the reason. Without a name: the option is wrong."""
    option, fixed = _option(opts)
    if not isinstance(fixed, list) or not set(map(str, fixed)) <= set(_ARGUMENTS):
        return [("", f"the master's option eos:fixed must be a list of: {', '.join(_ARGUMENTS)}")]
    found = []
    if "minion" in fixed:
        minion = option.get("minion")
        if not minion:
            wrong = "the master's option eos:fixed has minion, so eos:minion must name it"
            found.append(("", wrong))
        elif arguments.get("minion") not in (None, minion):
            fact = f"the master's option eos:fixed says {minion!r}: leave it out"
            found.append(("minion", fact))
    # They would choose another pillar of the same minion.
    with_it = branch.ARGUMENTS if "minion" in fixed else ()
    for name in (*with_it, *fixed):
        if name != "minion" and arguments.get(name) not in (None, {}, ""):
            found.append((name, "the master's option eos:fixed does not allow it: leave it out"))
    return found


def options(opts, automation):
    """Salt's options, with which the pillar is compiled.

    An orchestration calls with the ``pillarenv`` and the ``saltenv`` of its own arguments. If the master fixes the
    minion, those of its configuration are taken.
    """
    if not automation or not fixes_the_minion(opts):
        return opts
    own = salt.config.master_config(opts["conf_file"])
    return {**opts, **{key: own.get(key) for key in (*_ENVIRONMENTS, "id")}}


def fixes_the_minion(opts):
    """Whether the master fixes whose pillar counts."""
    _, fixed = _option(opts)
    return isinstance(fixed, list) and "minion" in fixed


def _option(opts):
    option = master_option.of(opts)
    return option, option.get("fixed", [])
