"""The files below a root that may contain a secret: Terraform's own files, and whole copies of them.

A new kind of file must be added here. Until then, it is searched for secrets.
"""

import json
import re

SNAPSHOT = "a state in a snapshot"
MAY_HOLD = {
    "a local state": r"[^/]+/[^/.][^/]*/terraform\.tfstate(\.\d+)?(\.backup)?",
    "a state that terraform could not save": r"[^/]+/[^/.][^/]*/module/(.+/)?errored\.tfstate",
    "a copy of a state during an apply": r"[^/]+/\.eos/components/[^/]+/copy-[01]\.tfstate",
    "a copy that was cut off": r"[^/]+/\.eos/components/[^/]+/\.unfinished-\w+",
    "a state after a crash": r"[^/]+/\.eos/components/[^/]+/recovered/[^/]+\.tfstate",
    "a raw stream": r"[^/]+/\.eos/(runs/[^/]+/[^/]+|components/[^/]+/look/logs)/[a-z-]+\.(stdout|stderr)",
    "a plan of a run": r"[^/]+/\.eos/runs/[^/]+/[^/]+/tfplan",
    "a kept plan": r"[^/]+/\.eos/plans/[^/]+/[^/]+\.tfplan",
    SNAPSHOT: r"[^/]+/\.eos/components/[^/]+/snapshots/objects/[0-9a-f]{64}",
}


def of(path, text):
    """The kind of a file, by its path below the root and its content. None if it must not contain a secret."""
    kind = next((kind for kind, name in MAY_HOLD.items() if re.fullmatch(name, str(path))), None)
    # Objects of other kinds have the same names, and must not contain a secret.
    return kind if kind != SNAPSHOT or is_state(text) else None


def is_state(text):
    try:
        document = json.loads(text)
    except ValueError:
        return False
    return isinstance(document, dict) and {"lineage", "serial", "resources"} <= document.keys()
