"""Brings environments up by Terraform, as the pillar's ``infrastructure`` describes them.

The pillar is compiled for the minion that ``minion=`` names, or the master option ``eos: {minion: ...}``, or
else for the master itself, ``<host>_master``. Every function returns a report; the exit code is 0 only if all
is well.
"""

from saltext.eos import skin
from saltext.eos.host import Host

__virtualname__ = "infrastructure"


def __virtual__():
    return __virtualname__


def orchestrate(
    environment="production",
    components=None,
    include_dependencies=False,
    test=None,
    parallelism=None,
    on_failure=None,
    migrate_backend=False,
    minion=None,
    *args,
    **kwargs,
):
    """
    Brings an environment up, in the order of its dependencies. ``test=True`` shows what would change.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.orchestrate environment=staging test=True
        salt-run infrastructure.orchestrate environment=staging components=networking,dns
    """
    return _run("orchestrate", locals())


def plan(
    environment="production",
    components=None,
    include_dependencies=False,
    parallelism=None,
    on_failure=None,
    minion=None,
    *args,
    **kwargs,
):
    """
    Plans an environment and keeps the plans under a ``plan_id``, for ``apply``.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.plan environment=staging
    """
    return _run("plan", locals())


def apply(
    plan_id=None,
    environment="production",
    test=None,
    parallelism=None,
    on_failure=None,
    minion=None,
    *args,
    **kwargs,
):
    """
    Applies exactly the plans that are kept under a ``plan_id``, or refuses and says what moved.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.apply plan_id=01JD3KV6T0W8Q5YB4E2N9RZXCM environment=staging
    """
    return _run("apply", locals())


def destroy(
    environment="production",
    components=None,
    confirm=None,
    test=None,
    parallelism=None,
    on_failure=None,
    minion=None,
    *args,
    **kwargs,
):
    """
    Destroys an environment or some of its components, in reverse order. ``confirm`` repeats its name.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.destroy environment=staging confirm=staging
    """
    return _run("destroy", locals())


def graph(environment="production", components=None, format=None, minion=None, *args, **kwargs):
    """
    The order in which components run, and why. ``format`` draws it: ``mermaid`` or ``dot``.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.graph environment=staging format=mermaid
    """
    return _run("graph", locals())


def validate(environment="production", minion=None, *args, **kwargs):
    """
    Reads the pillar and every module, says all that is wrong, and runs nothing.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.validate environment=staging
    """
    return _run("validate", locals())


def status(environment="production", components=None, minion=None, *args, **kwargs):
    """
    What the last runs left, and who holds a lock now. Starts no terraform.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.status environment=staging
    """
    return _run("status", locals())


def outputs(environment="production", components=None, minion=None, *args, **kwargs):
    """
    The outputs of an environment's components; sensitive ones are named and not shown.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.outputs environment=staging --out=json
    """
    return _run("outputs", locals())


def cancel(run_id=None, minion=None, *args, **kwargs):
    """
    Asks a run on this host to stop. Terraform finishes what is in flight and saves its state.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.cancel run_id=01JD3KV6T0W8Q5YB4E2N9RZXCM
    """
    return _run("cancel", locals())


def _run(operation, arguments):
    named, surplus, published = skin.gather(arguments)
    minion = _minion(named.get("minion"))
    pillar, grains = _pillar(minion)
    who = skin.identity(__opts__, published, minion)
    host = Host(__opts__, __salt__, who, pillar, grains, is_master=True)
    report = skin.call(operation, named, surplus, pillar, host, __context__)
    return {**report, "outputter": "eos"}


def _minion(named):
    return str(named or (__opts__.get("eos") or {}).get("minion") or __opts__["id"])


def _pillar(minion):
    """The pillar as Salt compiles it for this minion, and the grains it was compiled with."""
    import salt.pillar
    import salt.utils.minions

    _, grains, _ = salt.utils.minions.get_minion_data(minion, __opts__)
    grains = grains or {"id": minion, "fqdn": minion}
    return salt.pillar.Pillar(__opts__, grains, minion, "base").compile_pillar(), grains
