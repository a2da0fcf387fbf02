"""
Runner ``terraform``: what the master's schedule calls, and going back in stages.
"""

from saltext.eos import bridge

__virtualname__ = "terraform"


def __virtual__():
    return __virtualname__


@bridge.runner
def sync_states(environment=None, components=None, minion=None, *args, **kwargs):
    """
    Refresh the cached outputs of an environment, and fire ``eos/ENVIRONMENT/COMPONENT/drift`` where drift is due.

    Nothing but that is written, and a component that a run holds is skipped. For the option ``schedule``.

    environment
        One of infrastructure:environments. ``env`` is accepted too.
    components
        Only these, as a list or with commas between.
    minion
        Whose pillar counts. By default the option ``eos: {minion: ...}``, then the master's own.

    CLI Example:

    .. code-block:: bash

        salt-run terraform.sync_states staging
    """
    return bridge.on_master("sync_states", locals(), globals())


@bridge.runner
def staged_rollback(
    environment=None,
    components=None,
    preserve_data=True,
    confirm=None,
    test=None,
    minion=None,
    *args,
    **kwargs,
):
    """
    Take several components back to what they were applied with before, one after the other.

    environment
        One of infrastructure:environments. It has no default. ``env`` is accepted too.
    components
        Those, in the order in which they are taken down: dependents first.
    preserve_data
        Leave alone what holds data, and name it.
    confirm
        The environment's name: what was there then may be deleted or replaced.
    test
        Say what would change, and change nothing. By default the option ``test``.

    CLI Example:

    .. code-block:: bash

        salt-run terraform.staged_rollback staging backups,boundary test=True
    """
    return bridge.on_master("staged_rollback", locals(), globals())
