"""
State ``terraform_resource``: which resources are in a component's Terraform state.

Each change is made by a plan that does nothing else. Under ``test=True`` the result is None, and the changes are those
of Terraform's plan.

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


@bridge.state("module.import_resource", name_is="resource_address")
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
    Import a resource into the state, unless it is already there.

    resource_id
        Id of the resource, as its provider knows it. If the state has another
        id at that address, the state fails.
    resource_address
        Address of the resource, as the module declares it. By default the
        state's name.
    """


@bridge.state("module.remove_resource", name_is="resource_address")
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
    Remove a resource, or a module, from the state.

    By default the resource itself continues to exist.

    resource_address
        Address in the state. The module no longer declares it. By default the
        state's name.
    """
