"""
State ``eos_terraform``: components and whole environments as states.

Under ``test=True`` the result is None and the changes are those of Terraform's own plan.

.. code-block:: yaml

    networking:
      eos_terraform.apply:
        - environment: staging

    staging is up:
      eos_terraform.orchestrate:
        - environment: staging
"""

from saltext.eos import bridge

__virtualname__ = "eos_terraform"


def __virtual__():
    return __virtualname__


@bridge.state
def apply(
    name=None,
    component=None,
    environment=None,
    variables=None,
    test=None,
    secrets=None,
    *args,
    **kwargs,
):
    """
    Keep one component as the pillar has it.

    name
        The component, unless ``component`` names it.
    environment
        One of infrastructure:environments. ``workspace`` and ``env`` are accepted too.
    variables
        A mapping; these win over the pillar's.
    secrets
        A mapping of variables to references, such as ``vault:mount/path#key``; these win over the pillar's.
    """
    component = component or name
    return bridge.as_state("state.apply", locals(), globals(), component=str(component))


@bridge.state
def orchestrate(
    name=None,
    environment=None,
    components=None,
    include_dependencies=False,
    test=None,
    parallelism=None,
    on_failure=None,
    migrate_backend=False,
    *args,
    **kwargs,
):
    """
    Keep an environment as the pillar has it: a row for every component.

    The parameters are those of the runner ``infrastructure.orchestrate``, without ``retry``.
    """
    return bridge.as_state("state.orchestrate", locals(), globals())


@bridge.state
def destroy(
    name=None,
    environment=None,
    components=None,
    confirm=None,
    test=None,
    parallelism=None,
    on_failure=None,
    *args,
    **kwargs,
):
    """
    Have nothing left of an environment, or of some of its components.

    The parameters are those of the runner ``infrastructure.destroy``, ``confirm`` among them.
    """
    return bridge.as_state("destroy", locals(), globals())


def mod_watch(name=None, sfun=None, **kwargs):
    """
    Once more, after something that is watched has changed: what a module reads may have, too.

    Called by Salt, for ``watch``.
    """
    again = {"apply": apply, "orchestrate": orchestrate, "destroy": destroy}
    return again[sfun](name=name, **kwargs)
