"""How a user of the master may have logged in, and the groups that are certain whatever way it was.

Salt gives a runner only the name of its user, and not the ``external_auth`` that confirmed it. Two of them may know the
same name for two people.
"""

import threading

import salt.loader
import salt.utils.stringutils
import salt.utils.user

# The way of a key of publisher_acl, which only the system's user of that name can read.
_KEY = "a key of publisher_acl"
# Ways on which a name is that of a user of the system.
_OF_THE_SYSTEM = {"pam", _KEY}
# In seconds. A directory that hangs would hold the call, and Salt's function for LDAP has no limit.
_LIMIT = 10


def groups(opts, name):
    """Whose answer it is, and the groups of a user whom Salt authenticated."""
    functions = salt.loader.auth(opts)
    ways = _ways(opts, functions, name)
    if not ways:
        raise LookupError("no external_auth of the master gives rights to this name")
    if ways == {_KEY}:
        return "the system", set(salt.utils.user.get_group_list(name))
    if ways <= _OF_THE_SYSTEM:
        return "the eauth pam", _given(functions, "pam", name)
    if len(ways) > 1:
        many = ", ".join(sorted(ways))
        raise LookupError(
            f"this name may have come from each of {many}, and Salt does not say from which"
        )
    (way,) = ways
    if f"{way}.groups" not in functions:
        raise LookupError(f"the eauth {way} knows no groups")
    return f"the eauth {way}", _given(functions, way, name)


def _ways(opts, functions, name):
    """The eauths that may have given rights to this name."""
    acl = opts.get("publisher_acl") or {}
    ways = {_KEY} if any(_is_of(name, one) for one in acl) else set()
    for way, rights in (opts.get("external_auth") or {}).items():
        has_own_rules = f"{opts.get('eauth_acl_module') or way}.acl" in functions
        names = {one for one in rights or {} if not one.endswith("%")}
        if (
            has_own_rules
            or any(_is_of(name, one) for one in names)
            or _may_have_group(functions, way, name, rights.keys() - names)
        ):
            ways.add(way)
    return ways


def _is_of(name, entry):
    """Whether Salt takes the name for one of the entry. Versions of Salt differ in which of both is the pattern."""
    match = salt.utils.stringutils.expr_match
    return match(name, entry) or match(entry, name)


def _may_have_group(functions, way, name, entries):
    """Whether the user may have had one of these groups at the login. Later, a directory may say something else."""
    if not entries or f"{way}.groups" not in functions:
        return False
    given = _given(functions, way, name) if way == "pam" else None
    return given is None or any(entry.rstrip("%") in given for entry in entries)


def _given(functions, way, name):
    """The groups that this eauth gives to the name."""
    given, failed = [], []

    def ask():
        try:
            given.append(set(functions[f"{way}.groups"](name) or ()))
        except Exception as error:  # noqa: BLE001 every directory has errors of its own
            failed.append(error)

    # A thread that hangs ends with this process.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_LIMIT)
    if failed:
        raise failed[0]
    if not given:
        raise LookupError(f"the eauth {way} did not answer within {_LIMIT}s")
    return given[0]
