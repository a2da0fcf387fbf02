"""
Execution module ``eos_terraform``: one component of the pillar's infrastructure at a time.

Sensitive values are masked in every return. ``workspace`` and ``env`` are accepted for ``environment``. Where a call
does not name an environment, the pillar's ``environment`` counts, then ``infrastructure:settings:default_environment``,
then the only environment. Of several environments a call has to name one.
"""

from saltext.eos import bridge

__virtualname__ = "eos_terraform"


def __virtual__():
    return __virtualname__


# Plan, apply, destroy


@bridge.module(changes=True)
def init_workspace(
    component=None, environment=None, backend_config=None, upgrade=False, *args, **kwargs
):
    """
    Write the files of a component, and run ``terraform init``.

    backend_config
        Mapping of keys of ``backend``. Overrides the pillar's.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.init_workspace networking staging
    """


@bridge.module(changes=True)
def plan(
    component=None,
    environment=None,
    variables=None,
    destroy=False,
    secrets=None,
    upgrade=False,
    preserve_data=False,
    *args,
    **kwargs,
):
    """
    Plan a component, and save the plan.

    destroy
        Plan to destroy the component.
    preserve_data
        With ``destroy``: keep the resources that hold data.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.plan networking staging
    """


@bridge.module(changes=True)
def apply(
    component=None,
    environment=None,
    plan_file=None,
    auto_approve=False,
    variables=None,
    secrets=None,
    retry=False,
    *args,
    **kwargs,
):
    """
    Apply a plan that ``plan`` saved, or plan and apply in one call.

    environment
        Name of the environment. Not needed with a plan, which names it.
    plan_file
        Plan to apply, as ``plan`` returned it: its plan_file or its plan_id.
    auto_approve
        Plan and apply in this call. Without it and without ``plan_file``, the
        component is only planned.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.apply networking staging auto_approve=True
    """


@bridge.module(changes=True)
def approve(plan_id=None, components=None, environment=None, *args, **kwargs):
    """
    Approve a plan of this minion that policy blocked, exactly as shown.

    components
        Only these components: a list, or names with commas between them.
        By default all that are blocked.
    environment
        Not needed: the plan names it. A different one is refused.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.approve 01JD3K7M000000000000000000
        salt-call eos_terraform.apply networking staging plan_file=01JD3K7M000000000000000000
    """


@bridge.module(changes=True)
def destroy(
    component=None,
    environment=None,
    auto_approve=False,
    variables=None,
    secrets=None,
    preserve_data=False,
    *args,
    **kwargs,
):
    """
    Destroy the resources of a component.

    What holds data is named first, and nothing is destroyed until the plan is
    approved, or policy says ``data: allow``.

    environment
        Name of the environment. It has to be in the call.
    auto_approve
        Without it, only show what would be destroyed.
    variables
        Mapping of variables. Overrides the pillar's and those of the last
        apply.
    secrets
        Mapping of variables to references, such as ``vault:mount/path#key``.
        Overrides the pillar's and those of the last apply.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.destroy networking staging auto_approve=True
    """


@bridge.module(changes=True)
def rollback_to_snapshot(
    component=None, environment=None, snapshot_id=None, confirm=None, test=None, *args, **kwargs
):
    """
    Apply the configuration again that a component had at a snapshot.

    It is planned against the state as it is now: no old state is restored.

    environment
        Name of the environment. It has to be in the call.
    snapshot_id
        Id of the snapshot, from ``apply`` or ``infrastructure.snapshots``.
    confirm
        The environment's name once more. It allows to delete or replace what
        existed then.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.rollback_to_snapshot networking staging 01JD3KV6T0W8Q5YB4E2N9RZXCM test=True
    """


@bridge.module(changes=True)
def ensure_infrastructure(
    component=None,
    desired_state=None,
    environment=None,
    refresh=False,
    test=None,
    secrets=None,
    *args,
    **kwargs,
):
    """
    Apply a component if something has changed since the last call.

    Where nothing has changed, Terraform is not started.

    desired_state
        Mapping of the component's variables. Overrides the pillar's.
    refresh
        Plan in any case, also to find changes outside of Terraform.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.ensure_infrastructure networking '{cidr: 10.1.0.0/16}' staging
    """


@bridge.module(changes=True)
def deploy_nomad_service(
    service_name=None, environment=None, service_config=None, auto_approve=False, *args, **kwargs
):
    """
    Deploy a service on Nomad, and wait until it is healthy.

    In a test, show what would be done.

    service_name
        Name of the service in infrastructure:services.
    auto_approve
        Has no effect: the call itself asks for a deployment. What policy blocks
        needs an approval.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.deploy_nomad_service jenkins staging
    """


# The state


@bridge.module(changes=True)
def import_resource(
    component=None,
    environment=None,
    resource_address=None,
    resource_id=None,
    test=None,
    *args,
    **kwargs,
):
    """
    Import an existing resource into a component's state.

    It is done by a plan that does nothing else.

    resource_address
        Address of the resource, as the module declares it.
    resource_id
        Id of the resource, as its provider knows it.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.import_resource networking staging aws_vpc.main vpc-0a1b2c3d
    """


@bridge.module(changes=True)
def move_resource(
    component=None, from_address=None, to_address=None, environment=None, test=None, *args, **kwargs
):
    """
    Move a resource, or a module, to another address in the state.

    It is done by a plan that does nothing else.

    from_address
        Address in the state. The module no longer declares it.
    to_address
        New address, as the module declares it.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.move_resource networking aws_vpc.main module.net.aws_vpc.main staging
    """


@bridge.module(changes=True)
def remove_resource(
    component=None,
    resource_address=None,
    environment=None,
    destroy=False,
    test=None,
    *args,
    **kwargs,
):
    """
    Remove a resource, or a module, from a component's state.

    By default the resource itself continues to exist.

    resource_address
        Address in the state, without an index. The module no longer declares
        it.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.remove_resource networking aws_vpc.old staging
    """


@bridge.module
def get_outputs(component=None, environment=None, *args, **kwargs):
    """
    Return all outputs of a component.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.get_outputs networking staging
    """


@bridge.module
def get_terraform_output(component=None, output_name=None, environment=None, *args, **kwargs):
    """
    Return one output of a component.

    output_name
        Name of the output in the module.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.get_terraform_output networking vpc_id staging
    """


@bridge.module
def get_resources(component=None, environment=None, *args, **kwargs):
    """
    Return the addresses of the resources in a component's state.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.get_resources networking staging
    """


@bridge.module
def get_state(component=None, environment=None, resource=None, *args, **kwargs):
    """
    Return the state of a component, or one resource of it.

    resource
        Address of the resource. By default all resources are returned.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.get_state networking staging
    """


# Questions


@bridge.question
def component_is_healthy(component=None, environment=None, *args, **kwargs):
    """
    Return whether a component is healthy now: True or False.

    Its health gates are measured for each call. A component without gates is
    healthy if it has a state and its last run did not fail. Why a component is
    not healthy is in Salt's log.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.component_is_healthy boundary staging
    """


@bridge.module
def detect_drift(component=None, environment=None, *args, **kwargs):
    """
    Return whether a component was changed outside of Terraform.

    The answer is in ``drift_detected`` and ``changes``. Nothing is written.
    While another run has locked the component, ``status`` is skipped and
    ``drift_detected`` is None.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.detect_drift networking staging
    """


@bridge.module
def inject_credentials(provider=None, component=None, environment=None, *args, **kwargs):
    """
    Return the names of the variables that a provider's credentials set.

    Their values are never shown.

    provider
        Name of the provider, such as hcloud or aws.
    component
        Name of the component in infrastructure:components. Without it, the
        variables that all components get are returned.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.inject_credentials hcloud networking staging
    """


@bridge.module
def validate_pillar(environment=None, *args, **kwargs):
    """
    Check the pillar against the modules, and show all problems at once.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.validate_pillar staging
    """


@bridge.module
def which_environment(environment=None, *args, **kwargs):
    """
    Return in ``environment`` which environment such a call is about.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.which_environment
    """


# Other names


@bridge.module(component="workspace", changes=True)
def apply_terraform(
    workspace=None, variables=None, environment=None, test=None, secrets=None, *args, **kwargs
):
    """
    Plan a component, and apply the plan in the same call.

    It does what ``apply`` does with ``auto_approve=True``.

    workspace
        Name of the component in infrastructure:components.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.apply_terraform networking environment=staging
    """


@bridge.module(operation="module.plan", changes=True, like=plan)
def terraform_plan(*args, **kwargs):
    """
    Plan a component, and save the plan. It is another name of ``plan``.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.terraform_plan networking staging
    """


@bridge.module(operation="module.validate_pillar")
def validate_pillar_data(environment=None, *args, **kwargs):
    """
    Check the pillar. It is another name of ``validate_pillar``.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.validate_pillar_data staging
    """


@bridge.module
def acquire_terraform_lock(component=None, environment=None, *args, **kwargs):
    """
    Say why no call takes a lock: each run takes the lock of each component.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.acquire_terraform_lock networking staging
    """
