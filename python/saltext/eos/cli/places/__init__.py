"""Where a call runs.

Each place has the method ``report(call)``, and is a context manager. ``here`` says whether the core runs in this
process. ``command_line`` is how a person reaches this place again.
"""

from saltext.eos.cli.errors import UsageError


def of(options):
    """The place that the options name. Without one, the master of this host, as its own user."""
    named = [
        flag
        for flag, value in (
            ("--auth", options.auth),
            ("--api", options.api),
            ("--as-minion", options.as_minion),
        )
        if value
    ]
    if len(named) > 1:
        raise UsageError(f"{' and '.join(named)} exclude each other")
    if options.username and not options.auth:
        raise UsageError("--username belongs to --auth")
    # Only one of them is imported, because each imports other parts of Salt.
    if options.auth:
        from saltext.eos.cli.places.auth import Auth as Place
    elif options.api:
        from saltext.eos.cli.places.api import Api as Place
    elif options.as_minion:
        from saltext.eos.cli.places.minion import Minion as Place
    else:
        from saltext.eos.cli.places.local import Local as Place
    return Place(options)
