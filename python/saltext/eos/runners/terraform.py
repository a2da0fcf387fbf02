"""
Runner ``terraform``: functions for the master's schedule, and the rollback of several components.
"""

from saltext.eos import bridge
from saltext.eos.runners import infrastructure

__virtualname__ = "terraform"


def __virtual__():
    return __virtualname__


@bridge.runner
def sync_states(environment=None, components=None, minion=None, *args, **kwargs):
    """
    Refresh the cached outputs, and fire an event where drift is due.

    The event is ``eos/ENVIRONMENT/COMPONENT/drift``. Nothing else is written.
    A component that another run has locked is skipped. This function is for
    the master's option ``schedule``.

    CLI Example:

    .. code-block:: bash

        salt-run terraform.sync_states staging
    """


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
    Roll back several components, one after the other.

    Each returns to what was known good before. A second call changes nothing.
    A component that never had another configuration is taken down.

    environment
        Name of the environment. It has to be in the call.
    components
        Components to roll back, in this order: dependents first.
    confirm
        The environment's name once more. It allows to delete or replace what
        existed then, and to take a component down.

    CLI Example:

    .. code-block:: bash

        salt-run terraform.staged_rollback staging backups,boundary test=True
    """


@bridge.runner(operation="orchestrate", like=infrastructure.orchestrate)
def orchestrate_infrastructure(*args, **kwargs):
    """
    Deploy an environment. It is another name of ``infrastructure.orchestrate``.

    CLI Example:

    .. code-block:: bash

        salt-run terraform.orchestrate_infrastructure staging
    """
