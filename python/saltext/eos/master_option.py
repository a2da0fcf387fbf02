"""The master's option ``eos``, such as ``eos: {minion: web1, pillar_write: direct}``."""

# Each key with what reads it.
KEYS = ("fixed", "minion", "pillar_write", "root")
PILLAR_WRITES = ("direct", "print")


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
    write = of(opts).get("pillar_write", PILLAR_WRITES[0])
    if write not in PILLAR_WRITES:
        yield f"the master's option eos:pillar_write must be one of: {', '.join(PILLAR_WRITES)}"
