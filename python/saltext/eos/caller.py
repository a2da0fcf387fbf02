"""The user who makes a call, and how that is known.

Only Salt's own processes are asked: the name that the master or the minion put beside the call, and never an argument.
"""

import contextlib
import os
import pwd
import sys
from dataclasses import dataclass

import salt.payload
import salt.utils.user

from saltext.eos import login

# Salt's words for callers that it did not authenticate. Every holder of a key of publisher_acl may call itself root.
_NOBODY = ("", "UNKNOWN", "Reactor", "root")
_SUDO = "sudo_"


@dataclass(frozen=True)
class Caller:
    """A user. ``authentication`` is a word of the core: ``salt``, ``job``, ``system`` or ``unknown``.

    ``sudo`` is the person who used sudo, as sudo tells. It proves nothing.
    """

    name: str
    authentication: str = "unknown"
    sudo: str = ""

    def groups(self, opts):
        """Whose answer it is, and the user's groups. It is an error if nobody knows them for certain."""
        if self.authentication == "job":
            return "a minion", set()
        if self.authentication == "salt":
            return login.groups(opts, self.name)
        return "the system", set(salt.utils.user.get_group_list(self.name))

    def accounts(self):
        """The numbers of the system's accounts with these names. One account may have several names."""
        found = set()
        for name in filter(None, (self.name, self.sudo)):
            with contextlib.suppress(KeyError, ValueError):
                found.add(pwd.getpwnam(name).pw_uid)
        return found


def of_runner(opts, user, automation):
    """The caller of a runner. ``user``: the name that Salt's client put beside the call."""
    if automation:
        # A state, saltutil.runner or a schedule calls, with a user that is an argument.
        return Caller(user)
    if _is_of_the_master():
        # The master called the runner itself, after it had authenticated the user.
        return Caller(user) if _is_nobody(opts, user) else Caller(user, "salt")
    if user == salt.utils.user.get_specific_user():
        return _of_the_system(user)
    return Caller(user)


def of_minion(opts, function, keywords, user, *, alone):
    """The caller of a function of an execution module. ``alone``: whether the minion has no master."""
    if opts.get("__cli") == "salt-call":
        return _of_the_system(user) if alone else Caller(user)
    job = _job(opts, str(keywords.get("__pub_jid", "")))
    if str(job.get("fun", "")).rpartition(".")[2] != function or _is_nobody(opts, job.get("user")):
        return Caller(user)
    return Caller(job["user"], "job")


def has_hidden_arguments():
    """Whether Salt compared other arguments with the rights of the user than those of this call.

    It compares those in ``arg`` and ``kwarg``. If a command on the master's port has no ``arg``, Salt calls with the
    arguments beside ``kwarg``.
    """
    client = sys.modules.get("salt.client.mixins")
    frame = sys._getframe() if client else None
    while frame:
        if frame.f_code is client.SyncClientMixin.low.__code__:
            low = frame.f_locals["low"]
            return "kwarg" in low and "arg" not in low
        frame = frame.f_back
    return False


def _of_the_system(user):
    """``user``: Salt's word for the caller, such as ``sudo_alice``."""
    sudo = user.removeprefix(_SUDO) if user.startswith(_SUDO) else ""
    return Caller(salt.utils.user.get_user(), "system", sudo)


def _is_of_the_master():
    """Whether this process is one of the master's own: only these have its secrets."""
    module = sys.modules.get("salt.master")
    return bool(module and module.SMaster.secrets)


def _is_nobody(opts, user):
    """Whether the master gives this name also to calls without an authenticated user."""
    own = (*_NOBODY, str(opts.get("user")), salt.utils.user.get_user())
    return not isinstance(user, str) or user in own or user.startswith(_SUDO)


def _job(opts, jid):
    """The job of this process, as the minion noted it. Keywords can be arguments of a state, and this note cannot."""
    try:
        with open(os.path.join(opts["cachedir"], "proc", os.path.basename(jid)), "rb") as noted:
            job = salt.payload.loads(noted.read())
    except OSError:
        return {}
    return job if isinstance(job, dict) and job.get("pid") == os.getpid() else {}
