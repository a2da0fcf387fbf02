"""The files below a root that may hold a secret: Terraform's own, and whole copies of them.

A new kind of file is not on this list unless somebody puts it here, and is searched for secrets until then.
"""

import re

MAY_HOLD = {
    "a local state": r"[^/]+/[^/.][^/]*/terraform\.tfstate(\.\d+)?(\.backup)?",
    "a state that terraform could not save": r"[^/]+/[^/.][^/]*/module/(.+/)?errored\.tfstate",
    "a copy of a state during an apply": r"[^/]+/\.eos/components/[^/]+/copy-[01]\.tfstate",
    "a state after a crash": r"[^/]+/\.eos/components/[^/]+/recovered/[^/]+\.tfstate",
    "a raw stream": r"[^/]+/\.eos/runs/[^/]+/[^/]+/[a-z-]+\.(stdout|stderr)",
    "a plan of a run": r"[^/]+/\.eos/runs/[^/]+/[^/]+/tfplan",
    "a kept plan": r"[^/]+/\.eos/plans/[^/]+/[^/]+\.tfplan",
}


def of(path):
    """The kind of a file by its path below the root; None: it may hold no secret."""
    return next((kind for kind, name in MAY_HOLD.items() if re.fullmatch(name, str(path))), None)
