"""The table of all verbs. The parser, the help, the completion and the tests read it."""

from collections import namedtuple

_Fields = namedtuple(
    "_Fields",
    (
        "name",
        "function",
        "summary",
        "words",
        "options",
        "needs",
        "changes",
        "asks",
        "saved_plan",
        "gives_again",
        "also",
        "formats",
        "examples",
    ),
    defaults=((), (), False, "", None, False, "", (), ()),
)


class Verb(_Fields):
    """One verb.

    ``function``: the function of the runner ``infrastructure``.
    ``words``: the parameters that words on the command line give, in this order.
    ``options``: the parameters that options give. ``minion`` belongs to every verb.
    ``needs``: the words that have no default.
    ``changes``: whether it is a run. All others are questions, which start no job.
    ``asks``: what a person confirms on a terminal, such as ``destroy``.
    ``saved_plan``: the function, words and options for a saved plan.
    ``gives_again``: whether the plan or the run has the references to secrets, so that ``--secret`` gives only values.
    ``also``: another name.
    ``formats``: the values of ``--format``.
    ``examples``: arguments, and what they do.
    """

    __slots__ = ()

    @property
    def parameters(self):
        """The parameters of the function, as far as the command line gives them."""
        return {"environment", "minion", *self.words, *self.options}


_COMPONENTS = ("environment", "components")
_RUN_ID = "01JD3KV6T0W8Q5YB4E2N9RZXCM"
_DRIFT_ID = "5d41402abc4b2a76b9719d911017c592"
_INPUTS = ("variables", "secrets")
_BRANCH = ("pillarenv", "saltenv", "pillar_root", "file_root")

_ALL = (
    Verb(
        "plan",
        "plan",
        "plan an environment, and save the plans",
        _COMPONENTS,
        (
            "include_dependencies",
            "parallelism",
            "upgrade",
            *_INPUTS,
            *_BRANCH,
            "affected",
            "refresh",
            "format",
        ),
        changes=True,
        formats=("text", "markdown"),
        examples=(
            ("plan staging", "all components"),
            ("plan staging web dns", "two of them"),
            ("plan staging --detailed-exitcode", "exit code 2 if changes wait"),
            ("plan staging web --secret token=env:TOKEN", "with a secret that the pillar lacks"),
            ("plan staging --pillar pillar --files salt --affected main", "what a branch changes"),
        ),
    ),
    Verb(
        "apply",
        "orchestrate",
        "bring an environment up, or apply a saved plan",
        _COMPONENTS,
        (
            "include_dependencies",
            "test",
            "parallelism",
            "on_failure",
            "migrate_backend",
            "upgrade",
            "retry",
            *_INPUTS,
            "refresh",
        ),
        changes=True,
        saved_plan=Verb(
            "apply",
            "apply",
            "apply a saved plan",
            ("environment", "plan_id"),
            ("test", "parallelism", "on_failure"),
            changes=True,
            gives_again=True,
        ),
        examples=(
            ("apply staging", "in the order of the dependencies"),
            ("apply staging --test", "show what would change"),
            (f"apply {_RUN_ID}", "exactly the plans that eos plan saved"),
        ),
    ),
    Verb(
        "destroy",
        "destroy",
        "take components down, dependents first",
        _COMPONENTS,
        ("confirm", "test", "parallelism", "on_failure", "preserve_data", *_INPUTS),
        needs=("environment",),
        changes=True,
        asks="destroy",
        examples=(
            ("destroy staging", "show the plan, and ask for the name"),
            ("destroy staging --confirm staging", "ask nothing"),
            ("destroy staging web --preserve-data", "keep what holds data"),
        ),
    ),
    Verb(
        "create",
        "create",
        "create a service: write it into the pillar, and deploy it",
        ("environment", "service"),
        (
            "image",
            "command",
            "command_args",
            "job",
            "port",
            "count",
            "env_vars",
            "health_path",
            "confirm",
            "test",
        ),
        needs=("service",),
        changes=True,
        asks="update",
        examples=(
            ("create staging web --image nginx:1.29.3 --port 80", "a container"),
            ("create web --image nginx:1.29.4 --port 80 --yes", "update it, and ask nothing"),
            ("create staging web --image nginx:1.29.4 --test", "show what would change"),
            ("create staging web --job web.nomad.hcl", "a job file of your own"),
        ),
    ),
    Verb(
        "carry",
        "carry",
        "write what one environment has of a component into another, and deploy it",
        ("environment", "target", "component"),
        ("confirm", "test"),
        needs=("environment", "target", "component"),
        changes=True,
        asks="carry",
        examples=(
            ("carry staging production web", "show the change, and ask for the name"),
            ("carry staging production web --confirm production", "ask nothing"),
            ("carry staging production web --test", "show what would change"),
        ),
    ),
    Verb(
        "delete",
        "delete",
        "destroy a service, and remove it from the pillar",
        ("environment", "service"),
        ("purge_data", "confirm", "test"),
        needs=("environment", "service"),
        changes=True,
        asks="delete",
        examples=(
            ("delete staging web", "show the plan, and ask for the name"),
            ("delete staging web --confirm staging", "ask nothing"),
            ("delete staging web --purge-data web", "remove its data and its secrets too"),
        ),
    ),
    Verb(
        "status",
        "status",
        "show the last runs, the locks, and what is running",
        _COMPONENTS,
        ("layers",),
        examples=(("status staging", ""), ("status staging --json", "for programs")),
    ),
    Verb(
        "drift",
        "drift",
        "show what was changed outside of Terraform",
        _COMPONENTS,
        changes=True,
        examples=(("drift staging", ""), ("drift staging web", "one component")),
    ),
    Verb(
        "accept-drift",
        "accept_drift",
        "take the drift that was shown into the state",
        ("environment", "component", "drift_id"),
        ("test",),
        needs=("component", "drift_id"),
        changes=True,
        examples=((f"accept-drift staging web {_DRIFT_ID}", "the id that eos drift showed"),),
    ),
    Verb(
        "remediate",
        "remediate",
        "undo the drift that was shown",
        ("environment", "component", "drift_id"),
        ("test",),
        needs=("component", "drift_id"),
        changes=True,
        examples=((f"remediate staging web {_DRIFT_ID}", "the id that eos drift showed"),),
    ),
    Verb(
        "rotate",
        "rotate",
        "give generated secrets of services new values",
        ("environment", "keys"),
        ("keep_previous", "test", "parallelism"),
        needs=("keys",),
        changes=True,
        examples=(
            ("rotate staging web/TOKEN --test", "show what would change"),
            ("rotate staging web/TOKEN web/ADMIN_PASSWORD", "two of them"),
        ),
    ),
    Verb(
        "rollback",
        "rollback",
        "apply again what was known good before",
        _COMPONENTS,
        ("snapshot_id", "order", "preserve_data", "confirm", "test"),
        needs=("environment", "components"),
        changes=True,
        asks="roll back",
        examples=(
            ("rollback staging web", "show the plan, and ask for the name"),
            ("rollback staging web --yes", "ask nothing, and delete nothing"),
            (f"rollback staging web --snapshot {_RUN_ID}", "to a snapshot"),
        ),
    ),
    Verb(
        "resume",
        "resume",
        "continue a run that crashed, was stopped, or failed",
        ("environment", "run_id"),
        ("parallelism", "on_failure"),
        changes=True,
        gives_again=True,
        examples=(
            ("resume staging", "the newest run that has work left"),
            (f"resume {_RUN_ID}", "this run"),
        ),
    ),
    Verb(
        "cancel",
        "cancel",
        "ask a run to stop",
        ("run_id",),
        needs=("run_id",),
        changes=True,
        examples=((f"cancel {_RUN_ID}", "the id that eos status shows"),),
    ),
    Verb(
        "approve",
        "approve",
        "approve a plan that policy blocked",
        ("plan_id", "components"),
        needs=("plan_id",),
        changes=True,
        examples=(
            (f"approve {_RUN_ID}", "all that is blocked"),
            (f"approve {_RUN_ID} dns", "one component"),
        ),
    ),
    Verb(
        "history",
        "history",
        "list the runs of an environment",
        ("environment",),
        ("limit", "component", "status", "since", "user", "operation"),
        examples=(
            ("history staging --limit 5", "the newest five"),
            ("history staging --status failed --since 2d", "what failed in two days"),
        ),
    ),
    Verb(
        "show",
        "show",
        "show a past run or a kept plan",
        ("run_id",),
        ("format", "html", *_BRANCH),
        needs=("run_id",),
        also="show_run",
        formats=("text", "markdown", "html"),
        examples=(
            (f"show {_RUN_ID}", "the id that eos history shows"),
            (f"show {_RUN_ID} --format markdown", "for a merge request"),
            (f"show {_RUN_ID} --html run.html", "for a browser"),
        ),
    ),
    Verb(
        "snapshots",
        "snapshots",
        "list what was saved before each apply",
        _COMPONENTS,
        examples=(("snapshots staging web", ""),),
    ),
    Verb(
        "outputs",
        "outputs",
        "show the last outputs",
        _COMPONENTS,
        ("cached",),
        examples=(("outputs staging web --json", "for programs"),),
    ),
    Verb(
        "graph",
        "graph",
        "show the dependencies and the order",
        _COMPONENTS,
        ("format",),
        formats=("mermaid", "dot"),
        examples=(("graph staging", ""), ("graph staging --format mermaid", "as a drawing")),
    ),
    Verb(
        "validate",
        "validate",
        "check the pillar against the modules",
        ("environment",),
        _BRANCH,
        examples=(("validate staging", "all problems at once"),),
    ),
    Verb(
        "diff",
        "diff",
        "show what differs between two environments of the pillar",
        ("environment", "target", "components"),
        ("format",),
        needs=("environment", "target"),
        formats=("text", "markdown"),
        examples=(
            ("diff staging production", "what is not yet in production"),
            ("diff staging production web", "one component"),
            ("diff staging production --format markdown", "for a merge request"),
        ),
    ),
    Verb(
        "why",
        "why",
        "show where a value comes from",
        ("environment", "what"),
        _INPUTS,
        needs=("what",),
        examples=(
            ("why staging web.size", "each level that sets it, with its file"),
            ("why staging web", "all variables of a component"),
            ("why staging settings.parallelism", "a setting"),
        ),
    ),
    Verb(
        "health",
        "health",
        "measure each health gate once",
        _COMPONENTS,
        ("layers",),
        examples=(
            ("health staging", "exit code 0 if all pass"),
            ("health staging --layers", "also Salt, Terraform, Nomad, Consul and Vault"),
        ),
    ),
    Verb(
        "doctor",
        "doctor",
        "examine all that a run needs, and say what to do",
        ("environment",),
        examples=(
            ("doctor", "all environments; exit code 0 if nothing is wrong"),
            ("doctor staging", "one of them"),
        ),
    ),
    Verb(
        "adopt-job",
        "adopt_job",
        "take over jobs that Nomad already runs",
        ("environment", "jobs"),
        ("namespace", "test"),
        needs=("environment", "jobs"),
        changes=True,
        examples=(
            ("adopt-job staging web", "describe it, or import it"),
            ("adopt-job staging web --test", "show whether anything would change"),
        ),
    ),
    Verb(
        "promote",
        "promote",
        "promote the canaries of Nomad jobs",
        _COMPONENTS,
        changes=True,
        examples=(("promote staging web", ""),),
    ),
    Verb(
        "acknowledge",
        "acknowledge",
        "clear the block that a failed rollback leaves",
        _COMPONENTS,
        needs=("components",),
        changes=True,
        examples=(("acknowledge staging web", "after somebody has checked it"),),
    ),
    Verb(
        "locks",
        "locks",
        "show who holds which lock",
        ("environment",),
        examples=(("locks staging", ""),),
    ),
    Verb(
        "unlock",
        "unlock",
        "free a lock whose holder no longer exists",
        ("environment", "component", "id"),
        needs=("environment", "component", "id"),
        changes=True,
        examples=(("unlock staging web 6c8f2b1e-7d53", "the id that eos locks shows"),),
    ),
)
VERBS = {verb.name: verb for verb in _ALL}
# Every name by which a verb is called.
NAMES = VERBS | {verb.also: verb for verb in _ALL if verb.also}
