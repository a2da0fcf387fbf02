"""An eauth that knows groups, for tests: each user has the password of all users."""

import threading

GROUPS = {"grace": ["approvers"]}


def auth(username, password):
    return bool(username) and password == __opts__["sharedsecret"]


def groups(username, **_kwargs):
    if username == "lost":
        raise OSError("the directory is down")
    if username == "waiting":
        threading.Event().wait()
    return GROUPS.get(username, [])
