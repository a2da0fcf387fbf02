"""Docstrings of functions that Salt loads. Completed, they describe every parameter."""

import inspect
import textwrap

# Parameters that mean the same in every function. A docstring can replace the text of a parameter with its own.
PARAMETERS = {
    "component": "Name of the component in infrastructure:components.",
    "components": """
        Only these components: a list, or names with commas between them. A
        pattern such as ``tenant_*`` or ``tenant_?`` means all that match. By
        default all.
    """,
    "destroy": "Also destroy the resource. Policy's ``protect`` still holds.",
    "environment": """
        Name of the environment in infrastructure:environments. By default the
        one that the pillar names, or the only one.
    """,
    "file_root": """
        Folder of a checkout, such as a branch of a merge request. It takes the
        place of file_roots. Like ``pillar_root``, it runs as the caller.
    """,
    "include_dependencies": """
        Also run the components that these depend on. By default their last
        outputs are used.
    """,
    "layers": """
        Also ask Salt, Terraform, Nomad, Consul and Vault how they are. The exit
        code is 1 if one that the environment uses is unhealthy.
    """,
    "migrate_backend": "Move the state of a component whose backend has changed.",
    "minion": """
        Minion whose pillar is used. By default the one in the master's option
        ``eos: {minion: ...}``, otherwise the master's own.
    """,
    "name": "Name of the state.",
    "on_failure": """
        ``stop``: start nothing more. ``continue``: skip only what depends on
        the failed component. ``rollback``: start nothing more, and take back
        what the run has changed. Overrides infrastructure:settings:on_failure.
    """,
    "parallelism": """
        Maximum number of components that run at the same time. Overrides
        infrastructure:settings:parallelism.
    """,
    "pillar_root": """
        Folder of a checkout with a top.sls. It takes the place of pillar_roots
        and git_pillar. Its templates and modules run programs as the caller, so
        only the user as whom Eos runs may give it.
    """,
    "pillarenv": """
        Use the pillar of this pillarenv, such as a branch of git_pillar. A plan
        of it is never applied.
    """,
    "plan_id": "Id of the plan, from the report of ``plan`` or of a blocked run.",
    "preserve_data": "Keep the resources that hold data, and name them.",
    "refresh": """
        With False, a component that is as its last run with False left it is
        passed over: neither Terraform nor a provider is asked, so changes
        outside of Terraform are not seen.
    """,
    "retry": """
        Register a failed version again, although Nomad has stopped trying it.
        A schedule cannot ask for it.
    """,
    "run_id": "Id of the run, from a report, an event, the log or ``history``.",
    "saltenv": """
        Take the modules of salt:// sources from this saltenv, such as a branch
        of gitfs.
    """,
    "secrets": """
        Mapping of variables to references, such as ``vault:mount/path#key``.
        Overrides the pillar's.
    """,
    "service": "Name of the service in infrastructure:services.",
    "service_config": "Mapping of keys of the service. Overrides the pillar's.",
    "test": """
        Show what would change, and change nothing. By default Salt's option
        ``test``.
    """,
    "upgrade": """
        Use the newest providers and modules that the configuration allows, as
        ``terraform init -upgrade`` does.
    """,
    "variables": "Mapping of variables. Overrides the pillar's.",
}


def complete(function, like=None):
    """Make the docstring describe every parameter of the signature, in that order, before the example.

    ``like``: a completed function. Its descriptions hold where the docstring has none.
    """
    text, example, command = _parts(function)
    wanted = [
        name for name in inspect.signature(function).parameters if name not in ("args", "kwargs")
    ]
    summary, described = _split(text, wanted)
    if like:
        described = _split(_parts(like)[0], wanted)[1] | described
    for name in wanted:
        description = described.get(name) or inspect.cleandoc(PARAMETERS[name])
        summary += f"\n\n{name}\n{textwrap.indent(description, '    ')}"
    whole = f"{summary}\n\n{example}{command}".strip()
    function.__doc__ = f"\n{textwrap.indent(whole, '    ')}\n"
    return function


def _parts(function):
    """The text before the example, the line that begins the example, and the example."""
    return inspect.cleandoc(function.__doc__ or "").partition("CLI Example:")


def _split(text, names):
    """The text before the first parameter, and the text of each described parameter."""
    summary, described, lines = [], {}, None
    for line in text.splitlines():
        if line in names:
            lines = described[line] = []
        else:
            (summary if lines is None else lines).append(line)
    texts = {name: textwrap.dedent("\n".join(lines)).strip() for name, lines in described.items()}
    return "\n".join(summary).strip(), texts
