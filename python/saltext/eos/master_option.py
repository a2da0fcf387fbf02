"""The master's option ``eos``, such as ``eos: {minion: web1, pillar_write: direct}``."""

import os

KEYS = ("fixed", "minion", "pillar_checkout", "pillar_write", "root")
PILLAR_WRITES = ("direct", "branch", "print")


def of(opts):
    """The option as a mapping. ``problems`` reports another value."""
    option = opts.get("eos")
    return option if isinstance(option, dict) else {}


def problems(opts):
    """What is wrong with the keys of the option, one sentence each."""
    option = opts.get("eos")
    if option is not None and not isinstance(option, dict):
        yield f"the master's option eos must be a mapping of: {', '.join(KEYS)}"
    for key in of(opts):
        if key not in KEYS:
            yield f"the master's option eos has no key {key!r}: it takes {', '.join(KEYS)}"
    checkout = of(opts).get("pillar_checkout")
    if (of(opts).get("pillar_write") == "branch") != (checkout is not None):
        yield "the master's option eos takes pillar_write: branch and pillar_checkout: DIR together"
    elif checkout is not None and not _is_checkout(checkout):
        yield f"the master's option eos:pillar_checkout must be an absolute path with a top.sls: {checkout!r}"
    write = of(opts).get("pillar_write", PILLAR_WRITES[0])
    if write not in PILLAR_WRITES:
        yield f"the master's option eos:pillar_write must be one of: {', '.join(PILLAR_WRITES)}"


def _is_checkout(folder):
    is_path = isinstance(folder, str) and os.path.isabs(folder)
    return is_path and os.path.isfile(os.path.join(folder, "top.sls"))
