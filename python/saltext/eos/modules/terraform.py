"""
Execution module ``terraform``: functions for a minion's schedule.
"""

from saltext.eos import bridge

__virtualname__ = "terraform"


def __virtual__():
    return __virtualname__


@bridge.module(operation="sync_states")
def sync_states(environment=None, components=None, *args, **kwargs):
    """
    Refresh the cached outputs, and fire an event where drift is due.

    The event is ``eos/ENVIRONMENT/COMPONENT/drift``. Nothing else is written.
    A component that another run has locked is skipped. This function is for
    ``schedule.present``.

    CLI Example:

    .. code-block:: bash

        salt-call terraform.sync_states staging
    """
