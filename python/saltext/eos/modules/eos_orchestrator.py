"""
Execution module ``eos_orchestrator``: services on Nomad, by their names in infrastructure:services.
"""

from saltext.eos import skin

__virtualname__ = "eos_orchestrator"


def __virtual__():
    return __virtualname__


@skin.module
def generate_nomad_job(
    service=None, environment="production", service_config=None, *args, **kwargs
):
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
    return skin.on_minion("module.generate_nomad_job", locals(), globals())
