"""
State ``terraform_resource``: what is in a component's Terraform state, and what is not.

Each change is planned first and does nothing else. Under ``test=True`` the result is None and the changes are those of
Terraform's own plan.

.. code-block:: yaml

    aws_vpc.main:
      terraform_resource.present:
        - component: networking
        - resource_id: vpc-0a1b2c3d
        - environment: staging

    aws_vpc.old:
      terraform_resource.absent:
        - component: networking
        - environment: staging
"""

from saltext.eos import bridge

__virtualname__ = "terraform_resource"


def __virtual__():
    return __virtualname__


@bridge.state
def present(
    name=None,
    component=None,
    resource_id=None,
    environment=None,
    resource_address=None,
    test=None,
    *args,
    **kwargs,
):
    """
    Have a resource in the state, by import where it is not there yet.

    name
        The address under which the module declares it, unless ``resource_address`` names it.
    component
        One of infrastructure:components.
    resource_id
        Under which the provider knows it. Another one at that address is a failure.
    environment
        One of infrastructure:environments. ``workspace`` and ``env`` are accepted too.
    """
    resource_address = resource_address or name
    return bridge.as_state("module.import_resource", locals(), globals(), component=str(component))


@bridge.state
def absent(
    name=None,
    component=None,
    environment=None,
    destroy=False,
    resource_address=None,
    test=None,
    *args,
    **kwargs,
):
    """
    Have a resource, or a module, no more in the state. By default it is left alone in the world.

    name
        The address in the state, unless ``resource_address`` names it. The module declares it no more.
    component
        One of infrastructure:components.
    environment
        One of infrastructure:environments. ``workspace`` and ``env`` are accepted too.
    destroy
        Destroy it in the world, too. Policy's ``protect`` holds.
    """
    resource_address = resource_address or name
    return bridge.as_state("module.remove_resource", locals(), globals(), component=str(component))
