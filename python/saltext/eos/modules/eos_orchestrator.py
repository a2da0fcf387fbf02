"""
Execution module ``eos_orchestrator``: services on Nomad, by their names in infrastructure:services.
"""

from saltext.eos import bridge

__virtualname__ = "eos_orchestrator"


def __virtual__():
    return __virtualname__


@bridge.module
def generate_nomad_job(service=None, environment=None, service_config=None, *args, **kwargs):
    """
    Show the Terraform module and the Nomad job of a service.

    The module is in ``files`` and the job in ``job``. The job is null where the
    pillar has its own template, or where a value is the output of another
    component. Nothing is run.

    CLI Example:

    .. code-block:: bash

        salt-call eos_orchestrator.generate_nomad_job jenkins staging
    """


@bridge.module
def nomad_validate_job(service=None, environment=None, service_config=None, *args, **kwargs):
    """
    Ask Nomad whether it accepts a service's job and has a node for it.

    The answer is in ``valid`` and ``notes``. Nothing is registered.

    CLI Example:

    .. code-block:: bash

        salt-call eos_orchestrator.nomad_validate_job jenkins staging
    """


@bridge.module(changes=True)
def deploy_service(service=None, environment=None, service_config=None, *args, **kwargs):
    """
    Deploy a service, and report in ``healthy`` whether it is healthy.

    It is deployed as by ``eos_terraform.deploy_nomad_service``.

    CLI Example:

    .. code-block:: bash

        salt-call eos_orchestrator.deploy_service jenkins staging
    """


@bridge.module
def diagnose(service=None, environment=None, *args, **kwargs):
    """
    Show what Nomad reports of a service now.

    ``jobs`` has each job with its deployment and allocations. ``lines`` has
    the same as text.

    CLI Example:

    .. code-block:: bash

        salt-call eos_orchestrator.diagnose jenkins staging
    """


@bridge.module
def get_deployment_order(environment=None, *args, **kwargs):
    """
    Show the order in which ``orchestrate`` starts components and services.

    CLI Example:

    .. code-block:: bash

        salt-call eos_orchestrator.get_deployment_order staging
    """


@bridge.module(operation="status")
def status(environment=None, components=None, *args, **kwargs):
    """
    Show how the last runs of each component and service ended.

    Only records are read. Neither Terraform nor Nomad is asked.

    CLI Example:

    .. code-block:: bash

        salt-call eos_orchestrator.status staging
    """
