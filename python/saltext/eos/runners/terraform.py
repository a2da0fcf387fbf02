"""
Runner ``terraform``: what the master's schedule calls.
"""

from saltext.eos import skin

__virtualname__ = "terraform"


def __virtual__():
    return __virtualname__


@skin.runner
def sync_states(environment="production", components=None, minion=None, *args, **kwargs):
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
    return skin.on_master("sync_states", locals(), globals())
