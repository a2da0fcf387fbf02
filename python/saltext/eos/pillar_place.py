"""Where the pillar of a call is written, and Salt's options for another content of it."""

import os

from saltext.eos import branch, master_option

_REPOSITORY = ".git"


def of(opts):
    """The folder with the pillar's top.sls, and whether Eos writes there: in the form of the core's ``PillarPlace``."""
    root = _checkout(opts) or _root(opts)
    write, because = _write(opts, root)
    return {"root": root, "write": write, "because": because}


def options(opts, folder):
    """Salt's options with the pillar that Eos writes. ``folder``: one before all others of the same environment."""
    checkout = _checkout(opts)
    if checkout:
        opts = branch.Branch(pillar_root=checkout).options(opts)
    if not folder:
        return opts
    roots, environment = _roots(opts), _environment(opts)
    return {
        **opts,
        "pillar_roots": {**roots, environment: [folder, *roots.get(environment, ())]},
    }


def _write(opts, root):
    chosen = master_option.of(opts).get("pillar_write")
    if chosen:
        return chosen, f"the master's option eos:pillar_write is {chosen}"
    if opts.get("ext_pillar"):
        return "print", "the master has an ext_pillar"
    repository = root and _repository(root)
    if repository:
        return "print", f"the pillar is in the git repository {repository}"
    return "direct", "the pillar is a folder of the master"


def _checkout(opts):
    return master_option.of(opts).get("pillar_checkout")


def _root(opts):
    folders = _roots(opts).get(_environment(opts), ())
    return next(
        (one for one in folders if os.path.isfile(os.path.join(one, "top.sls"))),
        None,
    )


def _repository(folder):
    """The work tree that has the folder. Only names are read, because git refuses the folder of another user."""
    above = os.path.realpath(folder)
    while True:
        if os.path.exists(os.path.join(above, _REPOSITORY)):
            return above
        if above == os.path.dirname(above):
            return None
        above = os.path.dirname(above)


def _roots(opts):
    roots = opts.get("pillar_roots")
    return roots if isinstance(roots, dict) else {}


def _environment(opts):
    return opts.get("pillarenv") or "base"
