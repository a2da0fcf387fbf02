"""The pillar of a minion, compiled on the master."""

from dataclasses import dataclass, field

import salt.loader
import salt.pillar
import salt.utils.minions
import salt.utils.verify

from saltext.eos import master_option, pillar_faults


@dataclass
class Compiled:
    """A minion's grains and pillar.

    ``problems``: why no pillar was compiled. ``faults``: why Salt could not compile it.
    """

    minion: str
    grains: dict = field(default_factory=dict)
    pillar: dict = field(default_factory=dict)
    problems: list = field(default_factory=list)
    faults: list = field(default_factory=list)


def compiled(opts, minion, saltenv="base"):
    """The pillar of the given minion, else of the minion in the option ``eos: {minion: ...}``, else of the master."""
    name = str(minion or master_option.of(opts).get("minion") or opts["id"])
    if isinstance(minion, (list, dict, bool)) or not salt.utils.verify.valid_id(opts, name):
        return Compiled(name, problems=[f"{name!r} is not a minion id (minion=...)"])
    try:
        grains = _grains(opts, name)
        pillar = salt.pillar.Pillar(opts, grains, name, saltenv, pillarenv=opts.get("pillarenv"))
        return Compiled(name, grains, pillar_faults.compiled(pillar))
    except Exception as error:  # noqa: BLE001 an ext_pillar may raise anything
        return Compiled(name, faults=[fault(name, error)])


def fault(name, *errors):
    """Salt's errors as one sentence in one line."""
    reported = (" ".join(str(error).split()) or type(error).__name__ for error in errors)
    return f"Salt could not compile the pillar of {name}: {'; '.join(reported)}"


def _grains(opts, name):
    """The grains that the minion last sent to the master. The master has its own."""
    if name == opts["id"]:
        return opts.get("grains") or salt.loader.grains(opts)
    _, grains, _ = salt.utils.minions.get_minion_data(name, opts)
    return grains or {"id": name, "fqdn": name}
