"""
Runner ``infrastructure``: a pillar's environments, brought up in dependency order by Terraform.

The environment comes first in every function. Where a call names none, the pillar's ``environment`` counts, then
``infrastructure:settings:default_environment``, then the only environment. A call that names none of several is refused.

Every function returns a report, and the exit code is 0 only if all is well.
"""

from saltext.eos import bridge

__virtualname__ = "infrastructure"


def __virtual__():
    return __virtualname__


@bridge.runner
def orchestrate(
    environment=None,
    components=None,
    include_dependencies=False,
    test=None,
    parallelism=None,
    on_failure=None,
    migrate_backend=False,
    upgrade=False,
    retry=False,
    minion=None,
    *args,
    **kwargs,
):
    """
    Bring an environment up, in dependency order.

    environment
        One of infrastructure:environments. ``env`` is accepted too.
    components
        Only these, as a list or with commas between; the others' last outputs are read.
    include_dependencies
        Take in what they depend on.
    test
        Say what would change, and change nothing. By default the option ``test``.
    parallelism
        So many components at once, in place of infrastructure:settings:parallelism.
    on_failure
        ``stop`` (start nothing more) or ``continue`` (skip dependents only).
    migrate_backend
        Move the state where a component's backend has changed.
    upgrade
        Take the newest providers and modules that each module allows (``terraform init -upgrade``).
    retry
        Register a version again that Nomad has given up. Refused from a schedule.
    minion
        Whose pillar counts. By default the option ``eos: {minion: ...}``, then the master's own.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.orchestrate staging
        salt-run infrastructure.orchestrate staging components=networking,dns test=True
    """
    return bridge.on_master("orchestrate", locals(), globals())


@bridge.runner
def plan(
    environment=None,
    components=None,
    include_dependencies=False,
    parallelism=None,
    upgrade=False,
    minion=None,
    *args,
    **kwargs,
):
    """
    Plan, show the plans, and keep them under a ``plan_id`` for ``apply``; blocked ones for ``approve`` too.

    environment
        One of infrastructure:environments. ``env`` is accepted too.
    components
        Only these, as a list or with commas between; the others' last outputs are read.
    include_dependencies
        Take in what they depend on.
    parallelism
        So many components at once, in place of infrastructure:settings:parallelism.
    upgrade
        Take the newest providers and modules that each module allows (``terraform init -upgrade``).
    minion
        Whose pillar counts. By default the option ``eos: {minion: ...}``, then the master's own.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.plan staging
    """
    return bridge.on_master("plan", locals(), globals())


@bridge.runner
def apply(
    environment=None,
    plan_id=None,
    test=None,
    parallelism=None,
    on_failure=None,
    minion=None,
    *args,
    **kwargs,
):
    """
    Apply exactly the plans that ``plan`` kept, or say what has moved since.

    What policy stopped is applied only under an approval, and once.

    environment
        Not needed: the plan names it. Another one is refused. The id alone may stand in its place.
    plan_id
        As ``plan`` gave it.
    parallelism
        So many components at once, in place of infrastructure:settings:parallelism.
    on_failure
        ``stop`` (start nothing more) or ``continue`` (skip dependents only).
    minion
        Whose pillar counts. By default the option ``eos: {minion: ...}``, then the master's own.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.apply 01JD3K7M000000000000000000
    """
    return bridge.on_master("apply", locals(), globals())


@bridge.runner
def approve(environment=None, plan_id=None, components=None, minion=None, *args, **kwargs):
    """
    Approve what policy stopped of a plan, exactly as it was shown; ``apply`` may then apply it once.

    Who approved, and when, is written down beside the plan, in the journal and in the audit log.

    environment
        Not needed: the plan names it. Another one is refused. The id alone may stand in its place.
    plan_id
        As ``plan``, or the run that was blocked, gave it.
    components
        Only these, as a list or with commas between. By default all that were blocked.
    minion
        Whose pillar counts. By default the option ``eos: {minion: ...}``, then the master's own.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.approve 01JD3K7M000000000000000000 components=dns
    """
    return bridge.on_master("approve", locals(), globals())


@bridge.runner
def destroy(
    environment=None,
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
    Destroy components in reverse order, never what others still depend on.

    environment
        One of infrastructure:environments. It has no default. ``env`` is accepted too.
    components
        Only these, as a list or with commas between.
    confirm
        The environment's name, again. It does not overrule ``protect``.
    test
        Say what would change, and change nothing. By default the option ``test``.
    parallelism
        So many components at once, in place of infrastructure:settings:parallelism.
    on_failure
        ``stop`` (start nothing more) or ``continue`` (skip dependents only).
    minion
        Whose pillar counts. By default the option ``eos: {minion: ...}``, then the master's own.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.destroy staging confirm=staging
    """
    return bridge.on_master("destroy", locals(), globals())


@bridge.runner
def graph(environment=None, components=None, format=None, minion=None, *args, **kwargs):
    """
    Show what depends on what, and the order that follows.

    environment
        One of infrastructure:environments. ``env`` is accepted too.
    components
        Only these, as a list or with commas between.
    format
        ``mermaid`` or ``dot`` for a drawing.
    minion
        Whose pillar counts. By default the option ``eos: {minion: ...}``, then the master's own.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.graph staging format=mermaid
    """
    return bridge.on_master("graph", locals(), globals())


@bridge.runner
def validate(environment=None, minion=None, *args, **kwargs):
    """
    Check the pillar against the modules, and tell every problem at once.

    environment
        One of infrastructure:environments. ``env`` is accepted too.
    minion
        Whose pillar counts. By default the option ``eos: {minion: ...}``, then the master's own.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.validate staging
    """
    return bridge.on_master("validate", locals(), globals())


@bridge.runner
def status(environment=None, components=None, minion=None, *args, **kwargs):
    """
    Show what the last runs left behind.

    environment
        One of infrastructure:environments. ``env`` is accepted too.
    components
        Only these, as a list or with commas between.
    minion
        Whose pillar counts. By default the option ``eos: {minion: ...}``, then the master's own.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.status staging
    """
    return bridge.on_master("status", locals(), globals())


@bridge.runner
def health(environment=None, components=None, minion=None, *args, **kwargs):
    """
    Measure each health gate once, now; the exit code is 0 only if all pass.

    environment
        One of infrastructure:environments. ``env`` is accepted too.
    components
        Only these, as a list or with commas between.
    minion
        Whose pillar counts. By default the option ``eos: {minion: ...}``, then the master's own.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.health staging
    """
    return bridge.on_master("health", locals(), globals())


@bridge.runner
def drift(environment=None, components=None, minion=None, *args, **kwargs):
    """
    Show what was changed outside of Terraform since it was applied. Nothing is written, and nobody is kept waiting.

    environment
        One of infrastructure:environments. ``env`` is accepted too.
    components
        Only these, as a list or with commas between.
    minion
        Whose pillar counts. By default the option ``eos: {minion: ...}``, then the master's own.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.drift staging
        salt-run infrastructure.drift staging components=networking,dns
    """
    return bridge.on_master("drift", locals(), globals())


@bridge.runner
def remediate(
    environment=None,
    component=None,
    drift_id=None,
    test=None,
    minion=None,
    *args,
    **kwargs,
):
    """
    Put right the drift that was seen: as it was last applied. If the world has moved again, nothing is applied.

    environment
        One of infrastructure:environments. ``env`` is accepted too.
    component
        One of infrastructure:components.
    drift_id
        As ``drift`` or the event of ``terraform.sync_states`` has it.
    test
        Say what would change, and change nothing. By default the option ``test``.
    minion
        Whose pillar counts. By default the option ``eos: {minion: ...}``, then the master's own.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.remediate staging networking 5d41402abc4b2a76b9719d911017c592
    """
    return bridge.on_master("remediate", locals(), globals())


@bridge.runner
def outputs(
    environment=None,
    components=None,
    cached=False,
    minion=None,
    *args,
    **kwargs,
):
    """
    Show the last outputs; sensitive ones are masked.

    cached
        As the last ``terraform.sync_states`` found them: without terraform, and without its backends.

    environment
        One of infrastructure:environments. ``env`` is accepted too.
    components
        Only these, as a list or with commas between.
    minion
        Whose pillar counts. By default the option ``eos: {minion: ...}``, then the master's own.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.outputs staging components=networking
    """
    return bridge.on_master("outputs", locals(), globals())


@bridge.runner
def cancel(environment=None, run_id=None, minion=None, *args, **kwargs):
    """
    Ask a run to stop once terraform has finished what is in flight.

    environment
        Not needed: the run names it. Another one is refused. The id alone may stand in its place.
    run_id
        As the run's report, its log lines and its events have it.
    minion
        Whose pillar counts. By default the option ``eos: {minion: ...}``, then the master's own.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.cancel 01JD3K7M000000000000000000
    """
    return bridge.on_master("cancel", locals(), globals())


@bridge.runner
def resume(
    environment=None,
    run_id=None,
    parallelism=None,
    on_failure=None,
    minion=None,
    *args,
    **kwargs,
):
    """
    Do what is left of a run that died, was stopped or failed.

    Nothing that it did is run again, unless what it was made from has changed.

    environment
        Whose last run, where no run_id is given. ``env`` is accepted too. A run_id alone may stand in its place.
    run_id
        As a report or ``history`` shows it. By default the environment's last run that changed things.
    parallelism
        So many components at once, in place of infrastructure:settings:parallelism.
    on_failure
        ``stop`` (start nothing more) or ``continue`` (skip dependents only).
    minion
        Whose pillar counts. By default the option ``eos: {minion: ...}``, then the master's own.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.resume staging
        salt-run infrastructure.resume 01JD3KV6T0W8Q5YB4E2N9RZXCM
    """
    return bridge.on_master("resume", locals(), globals())


@bridge.runner
def history(environment=None, limit=None, minion=None, *args, **kwargs):
    """
    Show the runs of an environment, the newest first: who, when, what, and how they ended.

    environment
        One of infrastructure:environments. ``env`` is accepted too.
    limit
        So many runs; by default 20.
    minion
        Whose pillar counts. By default the option ``eos: {minion: ...}``, then the master's own.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.history staging
    """
    return bridge.on_master("history", locals(), globals())


@bridge.runner
def snapshots(environment=None, components=None, minion=None, *args, **kwargs):
    """
    Show what was taken before each apply, the newest first: the state's serial, and what it had been applied with.

    environment
        One of infrastructure:environments. ``env`` is accepted too.
    components
        Just these: a list, or a text with commas between.
    minion
        Whose pillar counts. By default the option ``eos: {minion: ...}``, then the master's own.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.snapshots staging components=networking
    """
    return bridge.on_master("snapshots", locals(), globals())


@bridge.runner
def show_run(environment=None, run_id=None, minion=None, *args, **kwargs):
    """
    Show one run step by step, and the report that it ended with.

    environment
        Not needed: the run names it. Another one is refused. The id alone may stand in its place.
    run_id
        As a report or ``history`` shows it.
    minion
        Whose pillar counts. By default the option ``eos: {minion: ...}``, then the master's own.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.show_run 01JD3KV6T0W8Q5YB4E2N9RZXCM
    """
    return bridge.on_master("show_run", locals(), globals())


@bridge.runner
def rollback(
    environment=None,
    components=None,
    snapshot_id=None,
    order=None,
    preserve_data=False,
    confirm=None,
    test=None,
    minion=None,
    *args,
    **kwargs,
):
    """
    Take components back to what they were applied with before, against their state as it is now.

    environment
        One of infrastructure:environments. It has no default. ``env`` is accepted too.
    components
        What is to go back.
    snapshot_id
        Where one component is to go back to. By default what was applied before.
    order
        In which order they are taken down, dependents first. By default as the pillar says.
    preserve_data
        Leave alone what holds data, and name it.
    confirm
        The environment's name: what was there then may be deleted or replaced.
    test
        Say what would change, and change nothing. By default the option ``test``.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.rollback staging components=dns snapshot_id=01JD3KV6T0W8Q5YB4E2N9RZXCM test=True
    """
    return bridge.on_master("rollback", locals(), globals())


@bridge.runner
def acknowledge(environment=None, components=None, minion=None, *args, **kwargs):
    """
    Let components be applied again whose way back failed, once somebody has looked.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.acknowledge staging components=dns
    """
    return bridge.on_master("acknowledge", locals(), globals())


@bridge.runner
def promote(environment=None, components=None, minion=None, *args, **kwargs):
    """
    Promote the canaries of these components' Nomad jobs, and wait until their health gates hold.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.promote staging components=web
    """
    return bridge.on_master("promote", locals(), globals())


@bridge.runner
def locks(environment=None, minion=None, *args, **kwargs):
    """
    Show who holds which component, since when, and under which id.

    environment
        One of infrastructure:environments. ``env`` is accepted too.
    minion
        Whose pillar counts. By default the option ``eos: {minion: ...}``, then the master's own.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.locks staging
    """
    return bridge.on_master("locks", locals(), globals())


@bridge.runner
def unlock(environment=None, component=None, id=None, minion=None, *args, **kwargs):
    """
    Free a lock of Consul's whose holder is gone. It is written down who did.

    environment
        One of infrastructure:environments. It has no default. ``env`` is accepted too.
    component
        Whose lock.
    id
        The id that ``locks`` shows; a lock that somebody else holds by now is left alone.
    minion
        Whose pillar counts. By default the option ``eos: {minion: ...}``, then the master's own.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.unlock staging networking id=6c8f2b1e-...
    """
    return bridge.on_master("unlock", locals(), globals())
