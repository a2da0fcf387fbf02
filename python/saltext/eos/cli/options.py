"""The options of all verbs. Each option gives one argument of a function of the runner."""

from collections import namedtuple

# Not a dataclass: the import of `dataclasses` alone takes a third of the time of the help.
_Fields = namedtuple(
    "_Fields",
    ("argument", "flag", "value", "help", "choices", "number", "many", "is_folder", "is_on"),
    defaults=("", "", (), False, False, False, True),
)


class Option(_Fields):
    """An option of the command line.

    ``argument``: the parameter of the runner's function.
    ``value``: the word for its value in the help. An option without it is a flag.
    ``help``: its description. Without it, the description that all functions share.
    ``many``: whether it can be given several times.
    ``is_folder``: its value is a folder of this host, which may be relative.
    ``is_on``: the value that a flag gives.
    """

    __slots__ = ()


_ALL = (
    Option(
        "affected",
        "--affected",
        "GITREF|RUN",
        help="Only what has changed since that commit or run, and all that depends on it.",
    ),
    Option("command", "--command", "PROGRAM", help="Program to run, in place of an image."),
    Option(
        "command_args",
        "--arg",
        "ARG",
        help="An argument of the program. Write --arg=ARG if it begins with -.",
        many=True,
    ),
    Option("cached", "--cached", help="Show those that the last scheduled check read."),
    Option("confirm", "--confirm", "ENV", help="The environment's name once more."),
    Option("component", "--component", "NAMES", help="Only runs of these, with commas."),
    Option("count", "--count", "N", help="Number of instances.", number=True),
    Option(
        "env_vars",
        "--env",
        "NAME=VALUE",
        help="An environment variable of the task, which is not secret.",
        many=True,
    ),
    Option(
        "file_root",
        "--files",
        "DIR",
        help="Folder of a checkout in place of the configuration's file_roots.",
        is_folder=True,
    ),
    Option("format", "--format", "FORMAT", help="Print it so, and nothing else."),
    Option("health_path", "--health-path", "PATH", help="Path that is checked by HTTP."),
    Option(
        "html", "--html", "FILE", help="Write a page for a browser into this file, or - for stdout."
    ),
    Option("image", "--image", "IMAGE", help="Image that Docker runs."),
    Option("include_dependencies", "--include-dependencies"),
    Option(
        "keep_previous",
        "--keep-previous",
        help="Keep the old values in Vault until the next rotation.",
    ),
    Option(
        "job",
        "--job",
        "FILE",
        help="File with a job in Nomad's language, which is not secret. It says all the rest.",
    ),
    Option("layers", "--layers", help="Also ask Salt, Terraform, Nomad, Consul and Vault."),
    Option("limit", "--limit", "N", help="Maximum number of runs. By default 20.", number=True),
    Option("migrate_backend", "--migrate-backend"),
    Option("minion", "--minion", "ID"),
    Option(
        "namespace",
        "--namespace",
        "NAME",
        help="Namespace of the jobs. By default that of the service or the settings.",
    ),
    Option("on_failure", "--on-failure", "HOW", choices=("stop", "continue", "rollback")),
    Option("operation", "--operation", "NAME", help="Only runs of this function, such as destroy."),
    Option(
        "order",
        "--order",
        "NAMES",
        help="Order of the components, with commas, dependents first. By default the pillar's.",
    ),
    Option("parallelism", "--parallelism", "N", number=True),
    Option(
        "pillar_root",
        "--pillar",
        "DIR",
        help="""
            Folder of a checkout with a top.sls, in place of the pillar in force. Its templates and
            modules run programs as you.
        """,
        is_folder=True,
    ),
    Option("pillarenv", "--pillarenv", "NAME"),
    Option("plan_id", "--plan", "PLAN", help="Apply this saved plan, as its id alone does."),
    Option("port", "--port", "N", help="Port on which the service listens.", number=True),
    Option("preserve_data", "--preserve-data"),
    Option(
        "purge_data",
        "--purge-data",
        "NAME",
        help="The service's name once more: remove its data and its generated secrets too.",
    ),
    Option(
        "refresh",
        "--no-refresh",
        help="Pass over what is as the last call with this option left it. It sees no drift.",
        is_on=False,
    ),
    Option("retry", "--retry"),
    Option("saltenv", "--saltenv", "NAME"),
    Option(
        "secrets",
        "--secret",
        "NAME[=FROM]",
        help="""
            A variable of the only component. FROM is a reference (env:NAME, file:/path,
            vault:path#key, sdb://...), or - for standard input. Without FROM, eos asks for the value.
        """,
        many=True,
    ),
    Option(
        "since", "--since", "WHEN", help="Only runs that began after: 2d, 12h, or a date (UTC)."
    ),
    Option(
        "snapshot_id",
        "--snapshot",
        "ID",
        help="Snapshot to roll back to, for one component. By default what was known good before.",
    ),
    Option(
        "status",
        "--status",
        "STATES",
        help="Only runs that are so, with commas: complete, failed, running, died, unreadable.",
    ),
    Option("test", "--test", help="Show what would change, and change nothing."),
    Option("upgrade", "--upgrade"),
    Option("user", "--user", "NAME", help="Only runs of this user."),
    Option(
        "variables",
        "--var",
        "NAME=VALUE",
        help="""
            A variable of the only component, which is not secret. VALUE is YAML. Overrides the
            pillar's.
        """,
        many=True,
    ),
)
# Instead of "secrets", where the references are already in a saved plan or in a run.
SECRET_AGAIN = Option(
    "secrets",
    "--secret",
    "NAME[=-]",
    help="""
        A value that eos asked for, or read from standard input (-), once more. All other
        secrets are read again.
    """,
    many=True,
)
OPTIONS = {option.argument: option for option in _ALL}
