"""How the caller writes a command of Eos, for the hints in texts: a program, and options that lead to the same place."""

import os
import re

import salt.syspaths

# The names of external_auth modules of Salt.
_EAUTH = re.compile(r"[a-z][a-z0-9_]{0,30}")


def place(opts):
    """Where a call with these options runs: on the master, on a minion, or on a minion without a master."""
    if opts.get("__role") == "master":
        return "master", None
    local = opts.get("file_client") == "local" and not opts.get("use_master_when_local")
    alone = local or opts.get("master_type") == "disable"
    return "masterless" if alone else "minion", str(opts.get("id", ""))


def of_reader(opts):
    """The command line of a program of Salt that shows a report."""
    kind, minion = place(opts)
    return of_salt_run(opts) if kind == "master" else of_minion(opts, (kind, minion))


def of_salt_run(opts):
    return {"program": "salt-run", "words": ["salt-run", *configuration(opts)]}


def of_eos(*options, secrets=()):
    """``secrets``: the options that have to be given again, because only this process knows their values."""
    return {"program": "eos", "words": ["eos", *options], "secrets": list(secrets)}


def of_follower(opts, way):
    """``eos`` in another process, which says the way on which it has reached this master. None if nothing says so.

    Others read the texts of this call, so that nothing else is taken over: a folder or an address could be a trap.
    """
    if way == "api":
        return of_eos("--api", "URL")
    kind, _, name = way.partition(":") if isinstance(way, str) else ("", "", "")
    if kind == "auth" and _EAUTH.fullmatch(name):
        return of_eos(*configuration(opts), "--auth", name)
    return None


def of_minion(opts, place):
    """The functions of the execution module, by the program that called one. ``eos`` has all others."""
    kind, minion = place
    if kind == "masterless":
        module = ["salt-call", *configuration(opts), "--local", f"--id={minion}"]
    elif opts.get("__cli") == "salt-call":
        module = ["salt-call", *configuration(opts)]
    else:
        module = ["salt", minion]
    return of_eos(*configuration(opts), "--as-minion") | {"module": module}


def configuration(opts):
    """The option ``-c``, if Salt would not find this configuration by itself."""
    folder = os.path.dirname(os.path.abspath(opts["conf_file"]))
    default = os.environ.get("SALT_CONFIG_DIR") or salt.syspaths.CONFIG_DIR
    return [] if folder == os.path.abspath(default) else ["-c", folder]
