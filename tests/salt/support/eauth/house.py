"""An eauth that knows groups, for tests: each user has the password of all users."""

GROUPS = {"grace": ["approvers"]}


def auth(username, password):
    return bool(username) and password == __opts__["sharedsecret"]


def groups(username, **_kwargs):
    if username == "lost":
        raise OSError("the directory is down")
    return GROUPS.get(username, [])
