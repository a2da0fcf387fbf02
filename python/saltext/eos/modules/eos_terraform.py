"""
Execution module ``eos_terraform``: one component of the pillar's infrastructure at a time.

Sensitive values are masked in every return. ``workspace`` and ``env`` are accepted for ``environment``. Where a call
names no environment, the pillar's ``environment`` counts, then ``infrastructure:settings:default_environment``, then the
only environment. A call that names none of several is refused.
"""

from saltext.eos import bridge

__virtualname__ = "eos_terraform"


def __virtual__():
    return __virtualname__


@bridge.module
def init_workspace(
    component=None,
    environment=None,
    backend_config=None,
    upgrade=False,
    *args,
    **kwargs,
):
    """
    Lay out a component's workdir and run terraform init in it.

    component
        One of infrastructure:components.
    environment
        One of infrastructure:environments.
    backend_config
        A mapping; these win over the pillar's ``backend``.
    upgrade
        Take the newest providers and modules that the module allows (``terraform init -upgrade``).

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.init_workspace networking staging
    """
    return bridge.on_minion("module.init_workspace", locals(), globals())


@bridge.module
def plan(
    component=None,
    environment=None,
    variables=None,
    destroy=False,
    secrets=None,
    upgrade=False,
    *args,
    **kwargs,
):
    """
    Plan a component and keep the plan.

    component
        One of infrastructure:components.
    environment
        One of infrastructure:environments.
    variables
        A mapping; these win over the pillar's.
    destroy
        Plan to destroy it.
    secrets
        A mapping of variables to references, such as ``vault:mount/path#key``; these win over the pillar's.
    upgrade
        Take the newest providers and modules that the module allows (``terraform init -upgrade``).

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.plan networking staging
    """
    return bridge.on_minion("module.plan", locals(), globals())


@bridge.module
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
    Apply a plan of ``plan``'s, or the one made now if ``auto_approve`` says so.

    component
        One of infrastructure:components.
    environment
        One of infrastructure:environments. A plan names its own.
    plan_file
        As ``plan`` gave it, or its plan_id.
    auto_approve
        Apply the plan that was made in the same call. Without it and without a plan: plan only.
    variables
        A mapping; these win over the pillar's.
    secrets
        A mapping of variables to references, such as ``vault:mount/path#key``; these win over the pillar's.
    retry
        Register a version again that Nomad has given up. Refused from a schedule.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.apply networking staging auto_approve=True
    """
    return bridge.on_minion("module.apply", locals(), globals())


@bridge.module
def deploy_nomad_service(
    service_name=None,
    environment=None,
    service_config=None,
    auto_approve=False,
    *args,
    **kwargs,
):
    """
    Bring up a service on Nomad, and wait until it is well. In a test: show what would be done.

    service_name
        One of infrastructure:services.
    environment
        One of infrastructure:environments.
    service_config
        A mapping of a service's keys; these win over the pillar's.
    auto_approve
        Changes nothing: a deployment is what is asked for, and what policy stops needs an approval.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.deploy_nomad_service jenkins staging
    """
    return bridge.on_minion("module.deploy_nomad_service", locals(), globals())


@bridge.module
def approve(plan_id=None, components=None, environment=None, *args, **kwargs):
    """
    Approve what policy stopped of a plan that this minion made, exactly as it was shown.

    plan_id
        As ``plan``, or the run or the state that was blocked, gave it.
    components
        Only these, as a list or with commas between. By default all that were blocked.
    environment
        Refuse if the plan is for another one.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.approve 01JD3K7M000000000000000000
        salt-call eos_terraform.apply networking staging plan_file=01JD3K7M000000000000000000
    """
    return bridge.on_minion("module.approve", locals(), globals())


@bridge.module
def destroy(
    component=None,
    environment=None,
    auto_approve=False,
    variables=None,
    secrets=None,
    *args,
    **kwargs,
):
    """
    Destroy a component's resources.

    component
        One of infrastructure:components.
    environment
        One of infrastructure:environments. It has no default.
    auto_approve
        Without it: only say what would go.
    variables
        A mapping; these win over the pillar's, and over the values of the last apply.
    secrets
        A mapping of variables to references, such as ``vault:mount/path#key``; these win too.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.destroy networking staging auto_approve=True
    """
    return bridge.on_minion("module.destroy", locals(), globals())


@bridge.module
def rollback_to_snapshot(
    component=None,
    environment=None,
    snapshot_id=None,
    confirm=None,
    test=None,
    *args,
    **kwargs,
):
    """
    Take a component back to what it was applied with when this snapshot was taken, against its state as it is now.

    component
        One of infrastructure:components.
    environment
        One of infrastructure:environments. It has no default.
    snapshot_id
        As ``apply`` returned it, or ``infrastructure.snapshots`` shows it.
    confirm
        The environment's name: what was there then may be deleted or replaced.
    test
        Say what would change, and change nothing. By default the option ``test``.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.rollback_to_snapshot networking staging 01JD3KV6T0W8Q5YB4E2N9RZXCM test=True
    """
    return bridge.on_minion("module.rollback_to_snapshot", locals(), globals())


@bridge.module
def inject_credentials(provider=None, component=None, environment=None, *args, **kwargs):
    """
    Say which variables a provider's credentials set for terraform: their names, never their values.

    provider
        Such as hcloud or aws.
    component
        One of infrastructure:components; without it, what all of them are given.
    environment
        One of infrastructure:environments.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.inject_credentials hcloud networking staging
    """
    return bridge.on_minion("module.inject_credentials", locals(), globals())


@bridge.module
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
    Have a component as it is wanted. Where nothing changed since the last call, no terraform is started.

    component
        One of infrastructure:components.
    desired_state
        A mapping of the component's variables; these win over the pillar's.
    environment
        One of infrastructure:environments.
    refresh
        Ask the world in any case.
    test
        Say what would change, and change nothing. By default the option ``test``.
    secrets
        A mapping of variables to references, such as ``vault:mount/path#key``; these win over the pillar's.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.ensure_infrastructure networking '{cidr: 10.1.0.0/16}' staging
    """
    return bridge.on_minion("module.ensure_infrastructure", locals(), globals())


@bridge.module
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
    Take what exists into a component's state, by a plan that does nothing else.

    component
        One of infrastructure:components.
    environment
        One of infrastructure:environments.
    resource_address
        Under which the module declares it.
    resource_id
        Under which the provider knows it.
    test
        Say what would change, and change nothing. By default the option ``test``.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.import_resource networking staging aws_vpc.main vpc-0a1b2c3d
    """
    return bridge.on_minion("module.import_resource", locals(), globals())


@bridge.module
def move_resource(
    component=None,
    from_address=None,
    to_address=None,
    environment=None,
    test=None,
    *args,
    **kwargs,
):
    """
    Keep a resource, or a module, under another address, by a plan that does nothing else.

    component
        One of infrastructure:components.
    from_address
        Its address in the state; the module declares it no more.
    to_address
        Under which the module declares it now.
    environment
        One of infrastructure:environments.
    test
        Say what would change, and change nothing. By default the option ``test``.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.move_resource networking aws_vpc.main module.net.aws_vpc.main staging
    """
    return bridge.on_minion("module.move_resource", locals(), globals())


@bridge.module
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
    Let go of a resource, or a module, that the component's module declares no more.

    component
        One of infrastructure:components.
    resource_address
        Its address in the state, without an index.
    environment
        One of infrastructure:environments.
    destroy
        Destroy it in the world, too. Policy's ``protect`` holds.
    test
        Say what would change, and change nothing. By default the option ``test``.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.remove_resource networking aws_vpc.old staging
    """
    return bridge.on_minion("module.remove_resource", locals(), globals())


@bridge.module
def get_outputs(component=None, environment=None, *args, **kwargs):
    """
    All outputs of a component.

    component
        One of infrastructure:components.
    environment
        One of infrastructure:environments.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.get_outputs networking staging
    """
    return bridge.on_minion("module.get_outputs", locals(), globals())


@bridge.module
def get_terraform_output(
    component=None,
    output_name=None,
    environment=None,
    *args,
    **kwargs,
):
    """
    One output of a component.

    component
        One of infrastructure:components.
    output_name
        The output's name in the module.
    environment
        One of infrastructure:environments.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.get_terraform_output networking vpc_id staging
    """
    return bridge.on_minion("module.get_terraform_output", locals(), globals())


@bridge.module
def get_resources(component=None, environment=None, *args, **kwargs):
    """
    The addresses of the resources in a component's state.

    component
        One of infrastructure:components.
    environment
        One of infrastructure:environments.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.get_resources networking staging
    """
    return bridge.on_minion("module.get_resources", locals(), globals())


@bridge.module
def get_state(component=None, environment=None, resource=None, *args, **kwargs):
    """
    A component's state, or one resource of it.

    component
        One of infrastructure:components.
    environment
        One of infrastructure:environments.
    resource
        A resource's address.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.get_state networking staging
    """
    return bridge.on_minion("module.get_state", locals(), globals())


@bridge.question
def component_is_healthy(component=None, environment=None, *args, **kwargs):
    """
    Whether a component is healthy now: True or False, measured by its health gates, never remembered.

    Without gates: its state is there, and its last run did not fail. What is wrong goes to the log.

    component
        One of infrastructure:components.
    environment
        One of infrastructure:environments.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.component_is_healthy boundary staging
    """
    return bridge.on_minion("module.component_is_healthy", locals(), globals())


@bridge.module
def detect_drift(component=None, environment=None, *args, **kwargs):
    """
    Whether a component was changed outside of Terraform since it was applied: ``drift_detected`` and ``changes``.

    Nothing is written. While another run holds the component, ``status`` is skipped and ``drift_detected`` None.

    component
        One of infrastructure:components.
    environment
        One of infrastructure:environments.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.detect_drift networking staging
    """
    return bridge.on_minion("module.detect_drift", locals(), globals())


@bridge.module
def validate_pillar(environment=None, *args, **kwargs):
    """
    Check the pillar against the modules, and tell every problem at once.

    environment
        One of infrastructure:environments.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.validate_pillar staging
    """
    return bridge.on_minion("module.validate_pillar", locals(), globals())


@bridge.module
def which_environment(environment=None, *args, **kwargs):
    """
    Tell in ``environment`` which environment a call is about, such as one that names none.

    environment
        One of infrastructure:environments.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.which_environment
    """
    return bridge.on_minion("module.which_environment", locals(), globals())
