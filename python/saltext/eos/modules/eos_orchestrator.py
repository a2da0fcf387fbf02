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
    Show what a service becomes: ``files``, its module, and ``job``, as Nomad is given it. Nothing is run.

    ``job`` is null where the template is the pillar's own, or where a value is another component's output.

    service
        One of infrastructure:services.
    environment
        One of infrastructure:environments.
    service_config
        A mapping of a service's keys; these win over the pillar's.

    CLI Example:

    .. code-block:: bash

        salt-call eos_orchestrator.generate_nomad_job jenkins staging
    """
    return bridge.on_minion("module.generate_nomad_job", locals(), globals())


@bridge.module
def nomad_validate_job(service=None, environment=None, service_config=None, *args, **kwargs):
    """
    Ask Nomad whether it takes a service's job and has a node for it: ``valid``, and ``notes``. Nothing is registered.

    service
        One of infrastructure:services.
    environment
        One of infrastructure:environments.
    service_config
        A mapping of a service's keys; these win over the pillar's.

    CLI Example:

    .. code-block:: bash

        salt-call eos_orchestrator.nomad_validate_job jenkins staging
    """
    return bridge.on_minion("module.nomad_validate_job", locals(), globals())


@bridge.module
def deploy_service(service=None, environment=None, service_config=None, *args, **kwargs):
    """
    Bring up a service as eos_terraform.deploy_nomad_service does, and tell in ``healthy`` whether it is well.

    service
        One of infrastructure:services.
    environment
        One of infrastructure:environments.
    service_config
        A mapping of a service's keys; these win over the pillar's.

    CLI Example:

    .. code-block:: bash

        salt-call eos_orchestrator.deploy_service jenkins staging
    """
    return bridge.on_minion("module.deploy_service", locals(), globals())


@bridge.module
def diagnose(service=None, environment=None, *args, **kwargs):
    """
    Tell what Nomad says of a service now: ``jobs``, each with its deployment and allocations, and ``lines`` for people.

    service
        One of infrastructure:services.
    environment
        One of infrastructure:environments.

    CLI Example:

    .. code-block:: bash

        salt-call eos_orchestrator.diagnose jenkins staging
    """
    return bridge.on_minion("module.diagnose", locals(), globals())


@bridge.module
def get_deployment_order(environment=None, *args, **kwargs):
    """
    Tell in ``order`` what comes after what: components and services, as orchestrate would start them.

    environment
        One of infrastructure:environments.

    CLI Example:

    .. code-block:: bash

        salt-call eos_orchestrator.get_deployment_order staging
    """
    return bridge.on_minion("module.get_deployment_order", locals(), globals())


@bridge.module
def status(environment=None, components=None, *args, **kwargs):
    """
    Tell what the records say of each component and service. Nothing is asked of Terraform or Nomad.

    environment
        One of infrastructure:environments.
    components
        Only these, as a list or with commas between.

    CLI Example:

    .. code-block:: bash

        salt-call eos_orchestrator.status staging
    """
    return bridge.on_minion("status", locals(), globals())
