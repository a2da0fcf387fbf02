"""From a Salt function to the core, and back: arguments in, a report out, the exit code set."""

import salt.version

from saltext.eos import _core
from saltext.eos.host import Host


def gather(arguments):
    """Splits a function's locals() into what is named and how many positional arguments are too many."""
    named = dict(arguments)
    surplus = named.pop("args", ())
    unknown = {key: value for key, value in named.pop("kwargs", {}).items() if not key.startswith("__")}
    published = {key: value for key, value in arguments.get("kwargs", {}).items() if key.startswith("__pub_")}
    return {**named, **unknown}, len(surplus), published


def identity(opts, published, minion):
    """On whose behalf a call is made."""
    return {
        "jid": published.get("__pub_jid") or opts.get("jid") or "",
        "user": published.get("__pub_user") or opts.get("user") or "",
        "minion": minion,
        "test": bool(opts.get("test")),
        "salt_version": salt.version.__version__,
    }


def call(operation, named, surplus, pillar, host, context):
    """Runs an operation; the exit code is told in all the ways that Salt's callers look at."""
    report = _core.run(operation, named, surplus, pillar.get("infrastructure"), host)
    context["retcode"] = report["retcode"]
    return report


def on_minion(operation, arguments, opts, functions, pillar, grains, context):
    """An execution module's or a state's call, on the minion's own pillar."""
    named, surplus, published = gather(arguments)
    who = identity(opts, published, opts.get("id", ""))
    host = Host(opts, functions, who, pillar, grains, is_master=False)
    return call(operation, named, surplus, pillar, host, context)
