"""The size of an answer that the bus of a master sends to another process. The bus cuts an event that is too large."""

import salt.payload

# What Salt adds to the report: names, the arguments of the call, the time.
_AROUND = 4096


def wrong(report, opts):
    """What is wrong if the bus would cut a page or a drawing, of which a part is of no use. None if nothing is."""
    limit = opts.get("max_event_size") or 0
    if limit < 1 or not isinstance(report.get("drawing"), str):
        return None
    size = len(salt.payload.dumps(report)) + _AROUND
    if size <= limit:
        return None
    return f"the answer has {_shown(size)}, and this master sends at most {_shown(limit)} (max_event_size)"


def _shown(size):
    return f"{size / 2**20:.1f} MiB" if size >= 2**20 else f"{size / 2**10:.0f} KiB"
