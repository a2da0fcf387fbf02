"""The pillar of this minion. A running minion keeps the one that it got when somebody last refreshed it."""

import salt.pillar

from saltext.eos import master_pillar, pillar_faults


def is_new(opts, context):
    """Whether Salt has compiled the pillar for this call: ``salt-call`` at its start, a state run before its states."""
    return opts.get("__cli") == "salt-call" or "runas" in context


def compiled(opts, grains):
    """The pillar as the master compiles it now."""
    minion = str(opts["id"])
    try:
        # A minion without a master may have a cache of its own.
        pillar = salt.pillar.get_pillar(
            {**opts, "pillar_cache": False},
            dict(grains),
            minion,
            opts.get("saltenv"),
            pillarenv=opts.get("pillarenv"),
        )
        return master_pillar.Compiled(minion, pillar=pillar_faults.compiled(pillar))
    except Exception as error:  # noqa: BLE001 an ext_pillar may raise anything
        problem = (
            f"{master_pillar.fault(minion, error)}. The minion has an older pillar, from which nothing is applied: "
            "see to the master, then call saltutil.refresh_pillar"
        )
        return master_pillar.Compiled(minion, problems=[problem])
