"""
State ``eos_terraform``: components and whole environments as states.

Under ``test=True`` the result is None, and the changes are those of Terraform's plan.

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


@bridge.state("state.apply", name_is="component")
def apply(
    name=None,
    component=None,
    environment=None,
    variables=None,
    test=None,
    secrets=None,
    refresh=True,
    *args,
    **kwargs,
):
    """
    Apply one component, so that it is as the pillar describes it.

    component
        Name of the component in infrastructure:components. By default the
        state's name.
    """


@bridge.state("state.orchestrate")
def orchestrate(
    name=None,
    environment=None,
    components=None,
    include_dependencies=False,
    test=None,
    parallelism=None,
    on_failure=None,
    migrate_backend=False,
    refresh=True,
    *args,
    **kwargs,
):
    """
    Deploy an environment as the pillar describes it.

    Each component has a row of its own in Salt's summary. Another try of a
    failed version (``retry``) is for a person, not for a state.
    """


@bridge.state("destroy")
def destroy(
    name=None,
    environment=None,
    components=None,
    confirm=None,
    test=None,
    parallelism=None,
    on_failure=None,
    preserve_data=False,
    *args,
    **kwargs,
):
    """
    Destroy an environment, or some of its components.

    environment
        Name of the environment. It has to be in the state.
    confirm
        The same name once more. Policy's ``protect`` still holds.
    """


def mod_watch(name=None, sfun=None, **kwargs):
    """
    Run the state again after a change of what it watches.

    Salt calls this for ``watch``: the state may read what has changed.
    """
    again = {"apply": apply, "orchestrate": orchestrate, "destroy": destroy}
    return again[sfun](name=name, **kwargs)
