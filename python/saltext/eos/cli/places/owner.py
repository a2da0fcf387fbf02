"""The user that a master or a minion belongs to."""

import os

from saltext.eos.cli.errors import UsageError


def become(owner, what, otherwise=""):
    """Run as the own user of the master or the minion. Root becomes this user, as in Salt's own commands.

    ``otherwise``: what another user can do in place of that.
    """
    import salt.utils.user
    import salt.utils.verify

    user = salt.utils.user.get_user()
    if user == owner:
        return
    if os.geteuid() != 0:
        raise UsageError(
            f"this {what} belongs to the user {owner}, and you are {user}. Run eos as {owner}{otherwise}"
        )
    if not salt.utils.verify.check_user(owner):
        raise UsageError(f"root could not become the {what}'s user {owner}")
