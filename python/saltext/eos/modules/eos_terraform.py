"""Terraform for one component of the minion's own pillar. Sensitive values are masked everywhere.

``salt-call`` ends with 1 where ``result`` is not true, so also where it is null: a test, or a plan.
"""

from saltext.eos import skin

__virtualname__ = "eos_terraform"


def __virtual__():
    return __virtualname__


def init_workspace(component=None, environment="production", backend_config=None, *args, **kwargs):
    """
    Puts a component's module into its workdir and initialises it.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.init_workspace networking environment=staging
    """
    return _run("init_workspace", locals())


def plan(component=None, environment="production", variables=None, destroy=False, *args, **kwargs):
    """
    Plans a component and keeps the plan: ``plan_file`` is what ``apply`` takes.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.plan networking environment=staging
    """
    return _run("plan", locals())


def apply(
    component=None,
    environment="production",
    plan_file=None,
    auto_approve=False,
    variables=None,
    test=None,
    *args,
    **kwargs,
):
    """
    Applies a kept plan, or with ``auto_approve=True`` the plan it makes. Else it only plans: ``result`` is null.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.apply networking environment=staging auto_approve=True
    """
    return _run("apply", locals())


def destroy(component=None, environment="production", auto_approve=False, test=None, *args, **kwargs):
    """
    Destroys a component. Without ``auto_approve=True`` it only shows what would go.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.destroy networking environment=staging auto_approve=True
    """
    return _run("destroy", locals())


def get_outputs(component=None, environment="production", *args, **kwargs):
    """
    A component's outputs, as ``{result, outputs}``.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.get_outputs networking environment=staging
    """
    return _run("get_outputs", locals())


def get_terraform_output(component=None, output_name=None, environment="production", *args, **kwargs):
    """
    One output, as ``{result, value}``.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.get_terraform_output networking vpc_id environment=staging
    """
    return _run("get_terraform_output", locals())


def get_resources(component=None, environment="production", *args, **kwargs):
    """
    What a component's state holds, as ``{result, resources}``.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.get_resources networking environment=staging
    """
    return _run("get_resources", locals())


def get_state(component=None, environment="production", resource=None, *args, **kwargs):
    """
    A component's resources with their values, or one of them by its address, as ``{result, state}``.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.get_state networking resource=terraform_data.vpc
    """
    return _run("get_state", locals())


def validate_pillar(environment="production", *args, **kwargs):
    """
    Reads the pillar and every module, says all that is wrong, and runs nothing.

    CLI Example:

    .. code-block:: bash

        salt-call eos_terraform.validate_pillar environment=staging
    """
    return _run("validate_pillar", locals())


def _run(function, arguments):
    return skin.on_minion(f"module.{function}", arguments, __opts__, __salt__, __pillar__, __grains__, __context__)
