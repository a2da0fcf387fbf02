"""
Execution module ``terraform``: what a minion's schedule calls.
"""

from saltext.eos import bridge

__virtualname__ = "terraform"


def __virtual__():
    return __virtualname__


@bridge.module
def sync_states(environment=None, components=None, *args, **kwargs):
    """
    Refresh the cached outputs of an environment, and fire ``eos/ENVIRONMENT/COMPONENT/drift`` where drift is due.

    Nothing but that is written, and a component that a run holds is skipped. For ``schedule.present``.

    environment
        One of infrastructure:environments.
    components
        Only these, as a list or with commas between.

    CLI Example:

    .. code-block:: bash

        salt-call terraform.sync_states staging
    """
    return bridge.on_minion("sync_states", locals(), globals())
