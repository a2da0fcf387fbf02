"""
Runner ``infrastructure``: environments of the pillar, deployed by Terraform in the order of their dependencies.

The environment is the first argument of every function. Where a call does not name one, the pillar's ``environment``
counts, then ``infrastructure:settings:default_environment``, then the only environment. Of several environments a call
has to name one. ``env`` and ``workspace`` are accepted for ``environment``.

Every function returns a report. The exit code is 0 only if all went well.
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
    variables=None,
    secrets=None,
    refresh=True,
    *args,
    **kwargs,
):
    """
    Deploy an environment in the order of its dependencies.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.orchestrate staging
        salt-run infrastructure.orchestrate staging components=networking,dns test=True
    """


@bridge.runner(operation="orchestrate", like=orchestrate)
def orchestrate_infrastructure(*args, **kwargs):
    """
    Deploy an environment. It is another name of ``infrastructure.orchestrate``.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.orchestrate_infrastructure staging
    """


@bridge.runner
def plan(
    environment=None,
    components=None,
    include_dependencies=False,
    parallelism=None,
    upgrade=False,
    minion=None,
    variables=None,
    secrets=None,
    pillarenv=None,
    saltenv=None,
    pillar_root=None,
    file_root=None,
    affected=None,
    refresh=True,
    format=None,
    *args,
    **kwargs,
):
    """
    Plan an environment, show the plans, and save them for ``apply``.

    The report has their ``plan_id``. A plan that policy blocks is saved too:
    ``approve`` can approve it. The plan of a branch is shown, and never
    applied.

    affected
        Only components that have changed since a commit of git, such as
        ``main``, or since the run with this id, and all that depend on them.
    format
        ``markdown`` for a merge request, and nothing else. By default text.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.plan staging
        salt-run infrastructure.plan staging pillarenv=more saltenv=more
    """


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
    Apply exactly the plans that ``plan`` saved.

    A plan whose basis has changed since is refused. A plan that policy blocked
    needs an approval, which is valid for one apply.

    environment
        Not needed: the plan names it. A different one is refused. The id alone
        may be in its place.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.apply 01JD3K7M000000000000000000
    """


@bridge.runner
def approve(environment=None, plan_id=None, components=None, minion=None, *args, **kwargs):
    """
    Approve a plan that policy blocked, so that ``apply`` can apply it once.

    The approval is for exactly the changes that were shown. Who approved, and
    when, is recorded beside the plan, in the journal and in the audit log.

    environment
        Not needed: the plan names it. A different one is refused. The id alone
        may be in its place.
    components
        Only these components: a list, or names with commas between them.
        By default all that are blocked.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.approve 01JD3K7M000000000000000000 components=dns
    """


@bridge.runner
def destroy(
    environment=None,
    components=None,
    confirm=None,
    test=None,
    parallelism=None,
    on_failure=None,
    minion=None,
    preserve_data=False,
    variables=None,
    secrets=None,
    *args,
    **kwargs,
):
    """
    Destroy components in reverse order, never one that others depend on.

    What holds data is named first, and nothing is destroyed until the plans
    are approved, or policy says ``data: allow``.

    environment
        Name of the environment. It has to be in the call.
    confirm
        The same name once more. Policy's ``protect`` still holds.

    variables
        Mapping of variables of the only component. Overrides the pillar's and
        those of the last apply.
    secrets
        Mapping of variables of the only component to references, such as
        ``vault:mount/path#key``. Overrides the pillar's and those of the last
        apply.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.destroy staging confirm=staging
        salt-run infrastructure.destroy staging confirm=staging preserve_data=True
    """


@bridge.runner
def create(
    environment=None,
    service=None,
    image=None,
    command=None,
    command_args=None,
    job=None,
    port=None,
    count=None,
    env_vars=None,
    health_path=None,
    confirm=None,
    test=None,
    minion=None,
    *args,
    **kwargs,
):
    """
    Create a service: write its entry into the pillar, and deploy it.

    A second call with the same values changes nothing. Other values are an
    update, which needs ``confirm``. Nothing is written that Salt cannot
    compile, or that Nomad does not accept.

    service
        Name of the service, which the pillar does not have yet.
    image
        Image that the driver ``docker`` runs.
    command
        Program that the driver ``raw_exec`` runs, in place of an image.
    command_args
        Arguments of the program: a list.
    job
        Text of a job file in Nomad's language, in place of all the others.
    port
        Port on which the service listens. By default it has none.
    count
        Number of instances. By default that of the environment.
    env_vars
        Mapping of environment variables of the task. None of them may be
        secret, because Salt stores the arguments of a call.
    health_path
        Path that is checked by HTTP.
    confirm
        The environment's name once more. It allows to update the service.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.create staging web image=nginx:1.29.3 port=80
        salt-run infrastructure.create staging web image=nginx:1.29.4 port=80 confirm=staging
    """


@bridge.runner
def carry(
    environment=None,
    target=None,
    component=None,
    confirm=None,
    test=None,
    minion=None,
    *args,
    **kwargs,
):
    """
    Carry a component to another environment: write what one environment has
    into the pillar of the other one, and deploy it there.

    A second call changes nothing. What the other environment sets itself, and
    what depends on the environment, stays as it is.

    environment
        Name of the environment that has the wanted values. It has to be in the
        call.
    target
        Name of the environment that gets them.
    component
        Name of the component or service.
    confirm
        The name of the other environment once more.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.carry staging production web test=True
        salt-run infrastructure.carry staging production web confirm=production
    """


@bridge.runner
def diff(
    environment=None,
    target=None,
    components=None,
    format=None,
    minion=None,
    *args,
    **kwargs,
):
    """
    Show what differs between two environments of the pillar.

    References are compared as references. Values that may be secret are not
    shown.

    environment
        Name of the first environment. It has to be in the call.
    target
        Name of the second environment.
    format
        ``markdown`` for a page, and nothing else.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.diff staging production
        salt-run infrastructure.diff staging production components=web format=markdown
    """


@bridge.runner
def delete(
    environment=None,
    service=None,
    confirm=None,
    test=None,
    minion=None,
    purge_data=None,
    *args,
    **kwargs,
):
    """
    Delete a service that ``create`` made: destroy it, and remove its entry.

    Its data and its generated secrets stay, and the report names them.

    environment
        Name of the environment. It has to be in the call.
    service
        Name of the service.
    confirm
        The environment's name once more.
    purge_data
        The service's name once more. Its data and its generated secrets are
        removed too, also those of a service that was deleted before.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.delete staging web confirm=staging
        salt-run infrastructure.delete staging web confirm=staging purge_data=web
    """


@bridge.runner
def graph(environment=None, components=None, format=None, minion=None, *args, **kwargs):
    """
    Show the dependencies of the components, and the order that follows.

    format
        ``mermaid`` or ``dot`` for a drawing, and nothing else.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.graph staging format=mermaid
    """


@bridge.runner
def validate(
    environment=None,
    minion=None,
    pillarenv=None,
    saltenv=None,
    pillar_root=None,
    file_root=None,
    *args,
    **kwargs,
):
    """
    Check the pillar against the modules, and show all problems at once.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.validate staging
    """


@bridge.runner
def status(environment=None, components=None, minion=None, layers=False, *args, **kwargs):
    """
    Show how the last runs ended, what is locked, and what is running.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.status staging
        salt-run infrastructure.status staging layers=True
    """


@bridge.runner
def health(environment=None, components=None, minion=None, layers=False, *args, **kwargs):
    """
    Measure each health gate once, now. The exit code is 0 if all pass.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.health staging
        salt-run infrastructure.health staging layers=True
    """


@bridge.runner
def doctor(environment=None, minion=None, *args, **kwargs):
    """
    Examine all that a run needs. Each line is ok, or says what to do.

    It asks Salt, this host, Terraform and its backends, and Nomad, Consul and
    Vault with the rights of their tokens. It changes nothing. The exit code is
    1 if something is wrong, and 0 if there are only warnings.

    environment
        Name of the environment. By default all of the pillar.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.doctor
        salt-run infrastructure.doctor staging
    """


@bridge.runner
def drift(environment=None, components=None, minion=None, *args, **kwargs):
    """
    Show what was changed outside of Terraform since the last apply.

    Nothing is written, and no other run has to wait.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.drift staging
        salt-run infrastructure.drift staging components=networking,dns
    """


@bridge.runner
def remediate(
    environment=None, component=None, drift_id=None, test=None, minion=None, *args, **kwargs
):
    """
    Correct the drift that was shown: apply the last configuration again.

    If anything has changed since the drift was shown, nothing is applied.

    drift_id
        Id of the drift, from ``drift`` or from the event that reported it.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.remediate staging networking 5d41402abc4b2a76b9719d911017c592
    """


@bridge.runner
def accept_drift(
    environment=None, component=None, drift_id=None, test=None, minion=None, *args, **kwargs
):
    """
    Take the drift that was shown into the state. No resource is changed.

    If anything has changed since the drift was shown, nothing is accepted.
    A value that the configuration sets is planned back by the next run: change
    the pillar or the module, too.

    drift_id
        Id of the drift, from ``drift`` or from the event that reported it.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.accept_drift staging web drift_id=5d41402abc4b2a76b9719d911017c592
    """


@bridge.runner
def rotate(
    environment=None,
    keys=None,
    keep_previous=False,
    test=None,
    parallelism=None,
    minion=None,
    *args,
    **kwargs,
):
    """
    Give generated secrets of services new values.

    Both values are in Vault until everything that reads the secret is healthy
    with the new one. If a deployment fails, the old value returns.

    keys
        Secrets, each as SERVICE/NAME: a list, or texts with commas between
        them. NAME is the name in the service's ``secrets``.
    keep_previous
        Keep the old values in Vault until the next rotation.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.rotate staging grafana/GF_SECURITY_ADMIN_PASSWORD test=True
        salt-run infrastructure.rotate staging grafana/GF_SECURITY_ADMIN_PASSWORD
    """


@bridge.runner
def outputs(environment=None, components=None, cached=False, minion=None, *args, **kwargs):
    """
    Show the last outputs. Sensitive values are masked.

    cached
        Show those that the last ``terraform.sync_states`` read. Neither
        Terraform nor a backend is asked.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.outputs staging components=networking
    """


@bridge.runner
def cancel(environment=None, run_id=None, minion=None, *args, **kwargs):
    """
    Ask a run to stop. Terraform finishes what it has begun.

    environment
        Not needed: the run names it. A different one is refused. The id alone
        may be in its place.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.cancel 01JD3K7M000000000000000000
    """


@bridge.runner
def resume(
    environment=None, run_id=None, parallelism=None, on_failure=None, minion=None, *args, **kwargs
):
    """
    Continue a run that crashed, was stopped, or failed.

    Components that completed are not run again, unless what they were made
    from has changed.

    environment
        Environment whose run is continued. A run_id alone may be in its place.
    run_id
        Id of the run, from a report, an event, the log or ``history``. By
        default the environment's newest run that has work left.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.resume staging
        salt-run infrastructure.resume 01JD3KV6T0W8Q5YB4E2N9RZXCM
    """


@bridge.runner
def history(
    environment=None,
    limit=None,
    minion=None,
    component=None,
    status=None,
    since=None,
    user=None,
    operation=None,
    *args,
    **kwargs,
):
    """
    Show the runs of an environment, the newest first.

    Each has who started it, when, how long it took, what it changed, and how
    it ended. Every filter that is given must hold.

    limit
        Maximum number of runs. By default 20.
    component
        Only runs of these components: a list, or names with commas between
        them. A pattern such as ``tenant_*`` means all that match.
    status
        Only runs that ended so: ``complete``, ``failed``, ``running``,
        ``died`` or ``unreadable``, or several with commas between them.
    since
        Only runs that began after that: ``2d``, ``12h``, or a date such as
        ``2026-01-31``, in UTC.
    user
        Only runs of this user.
    operation
        Only runs of this function, such as ``destroy``. ``apply`` means each
        deployment.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.history staging
        salt-run infrastructure.history staging status=failed since=2d
    """


@bridge.runner
def snapshots(environment=None, components=None, minion=None, *args, **kwargs):
    """
    Show the snapshots that were taken before each apply, the newest first.

    Each has the serial of the state, and the configuration that had been
    applied.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.snapshots staging components=networking
    """


@bridge.runner
def show(
    environment=None,
    run_id=None,
    format=None,
    minion=None,
    html=None,
    pillarenv=None,
    saltenv=None,
    pillar_root=None,
    file_root=None,
    *args,
    **kwargs,
):
    """
    Show a past run or a kept plan: who, when, what changed, and why it failed.

    Of a kept plan it shows the approvals, and whether it can still be applied.

    environment
        Not needed: the run names it. A different one is refused. The id alone
        may be in its place.
    run_id
        Id of the run or of the plan, from a report, an event, the log or
        ``history``.
    format
        ``text``, ``markdown`` for a merge request, or ``html`` for a page that
        a browser shows. By default text.
    html
        File for the page. Only the user that runs ``salt-run`` can write one.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.show 01JD3KV6T0W8Q5YB4E2N9RZXCM
        salt-run infrastructure.show 01JD3KV6T0W8Q5YB4E2N9RZXCM format=markdown
        salt-run infrastructure.show 01JD3KV6T0W8Q5YB4E2N9RZXCM html=run.html
    """


@bridge.runner
def show_run(
    environment=None,
    run_id=None,
    minion=None,
    format=None,
    html=None,
    pillarenv=None,
    saltenv=None,
    pillar_root=None,
    file_root=None,
    *args,
    **kwargs,
):
    """
    Another name of ``show``.

    environment
        Not needed: the run names it. A different one is refused. The id alone
        may be in its place.
    format
        ``text``, ``markdown`` for a merge request, or ``html`` for a page that
        a browser shows. By default text.
    html
        File for the page. Only the user that runs ``salt-run`` can write one.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.show_run 01JD3KV6T0W8Q5YB4E2N9RZXCM
    """


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
    Apply the configuration again that was known good before.

    It is planned against the state as it is now: no old state is restored. A
    second call changes nothing.

    environment
        Name of the environment. It has to be in the call.
    components
        Components to roll back: a list, or names with commas between them.
    snapshot_id
        Snapshot to roll back to, for one component. By default the
        configuration that was known good before.
    order
        Order of the components, dependents first. By default the pillar's.
    confirm
        The environment's name once more. It allows to delete or replace what
        existed then.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.rollback staging components=dns snapshot_id=01JD3KV6T0W8Q5YB4E2N9RZXCM test=True
    """


@bridge.runner
def acknowledge(environment=None, components=None, minion=None, *args, **kwargs):
    """
    Clear the block that a failed rollback leaves on components.

    Call it after somebody has checked them. They can be applied again then.

    components
        Components to clear: a list, or names with commas between them.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.acknowledge staging components=dns
    """


@bridge.runner
def adopt_job(environment=None, jobs=None, namespace=None, test=None, minion=None, *args, **kwargs):
    """
    Take over jobs that Nomad already runs, without a change of their tasks.

    A job that the pillar does not have is described in a file for the pillar.
    A job that it has is imported, if Nomad's plan says that nothing changes.

    jobs
        Names of jobs in Nomad: a list, or names with commas between them.
    namespace
        Namespace of the jobs. By default that of the service or the settings.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.adopt_job staging web
    """


@bridge.runner
def promote(environment=None, components=None, minion=None, *args, **kwargs):
    """
    Promote the canaries of Nomad jobs, and wait for their health gates.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.promote staging components=web
    """


@bridge.runner
def locks(environment=None, minion=None, *args, **kwargs):
    """
    Show the holder, the start and the id of each component's lock.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.locks staging
    """


@bridge.runner
def unlock(environment=None, component=None, id=None, minion=None, *args, **kwargs):
    """
    Free a lock in Consul whose holder no longer exists.

    Who freed it is recorded in the audit log.

    environment
        Name of the environment. It has to be in the call.
    id
        The id that ``locks`` shows. A lock with a different id is not freed.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.unlock staging networking id=6c8f2b1e-...
    """


@bridge.runner
def why(environment=None, what=None, minion=None, variables=None, secrets=None, *args, **kwargs):
    """
    Show where values come from: the level, and the file of the pillar.

    All levels that set a value are shown, the most specific first, each with
    its file or its ext_pillar, and the one that wins. Secrets are not shown.

    what
        ``COMPONENT.VARIABLE``, or ``COMPONENT`` for all its variables. A key of
        a component, such as ``web.source``, and ``settings.parallelism`` work
        too.
    variables
        Mapping of variables of the component, as a run would give them.
    secrets
        Mapping of variables of the component to references, such as
        ``vault:mount/path#key``, as a run would give them.

    CLI Example:

    .. code-block:: bash

        salt-run infrastructure.why staging web.size
        salt-run infrastructure.why staging web
    """
