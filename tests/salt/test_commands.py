"""Eos accepts every command line in a sentence of a page or in a docstring, with that meaning.

The blocks of pages are run by `test_pages.py`.
"""

import importlib
import inspect
import re
import shlex

import pytest

from saltext.eos.cli import call, parser
from saltext.eos.cli.verbs import NAMES
from support.nobody import Nobody
from support.pages import FENCE
from support.site import CHECKOUT

pytestmark = pytest.mark.quick

EXTENSION = CHECKOUT / "python" / "saltext" / "eos"
PAGES = [
    CHECKOUT / "README.md",
    CHECKOUT / "CONTRIBUTING.md",
    CHECKOUT / "pillar-examples" / "README.md",
    *sorted((CHECKOUT / "docs").rglob("*.md")),
    *sorted((CHECKOUT / "salt").glob("*/*.sls")),
    *sorted(EXTENSION.glob("*/*.py")),
]
RUNNERS = ("infrastructure", "terraform")
MODULES = ("eos_terraform", "eos_orchestrator", "terraform")
FUNCTION = r"(?:infrastructure|eos_terraform|eos_orchestrator|terraform)\.[a-z_]+"
# A function after a program anywhere on a line, or a piece of code that begins with a function and has arguments.
LINE = re.compile(rf"(?:^|[ `/])(salt-run|salt-call)((?: -c \S+)?) ({FUNCTION}[^`#\n]*)", re.M)
PIECE = re.compile(rf"`(?:(salt-run|salt-call)())?()({FUNCTION} [^`\n]*)`")
# A verb of the command `eos` at the start of a line or of a piece of code.
EOS_LINE = re.compile(rf"(?:^|`)eos ((?:{'|'.join(NAMES)}|completion)\b[^`#\n]*)", re.M)

ENVIRONMENTS = ("staging", "production")
REGIONS = ("eu-west", "us-east")
COMPONENTS = ("web", "dns", "networking", "tenant_one", "tenant_acorn", "tenant_oak")
ID = "01JD3KV6T0W8Q5YB4E2N9RZXCM"
# Words that a reader replaces with a value.
STANDS_FOR = {
    "ENVIRONMENT": "staging",
    "COMPONENTS": "web,dns",
    "COMPONENT": "web",
    "COMPONENT.VARIABLE": "web.size",
    "NAME": "web",
    "SERVICE": "web",
    "PROVIDER": "aws",
    "PLAN_ID": ID,
    "RUN_ID": ID,
    "RUN": ID,
    "SNAPSHOT_ID": ID,
    "DRIFT_ID": "5d41402abc4b2a76b9719d911017c592",
    # In lines of the command `eos`.
    "ENV": "staging",
    "TARGET": "production",
    "PLAN": ID,
    "DRIFT": "5d41402abc4b2a76b9719d911017c592",
    "LOCK": "6c8f2b1e",
    "SHELL": "bash",
    "NAME=FROM": "web=env:FROM",
    "NAME=VALUE": "web=1",
}
# Its answer says what to call in its place.
ALWAYS_REFUSED = ("eos_terraform.acquire_terraform_lock",)
IDS = ("environment", "plan_id", "run_id", "snapshot_id", "plan_file")


def printed():
    """(page, program, line, is short) of each command line. A short line omits optional parts."""
    for page in PAGES:
        text = FENCE.sub("", page.read_text())
        found = [(program, rest) for program, _, rest in LINE.findall(text)]
        found += [(program, rest) for program, _, _, rest in PIECE.findall(text)]
        for program, rest in dict.fromkeys(found):
            of_runner = rest.split(".")[0] in RUNNERS
            by = program or ("salt-run" if of_runner else "salt-call")
            yield page.name, by, re.sub(r"[][]", "", rest).strip(), False
            if "[" in rest:
                yield page.name, by, re.sub(r" ?\[[^]]*\]", "", rest).strip(), True


def printed_for_eos():
    """(page, line) of each command line of `eos`, also in blocks."""
    for page in PAGES:
        if page.suffix == ".md":
            for line in dict.fromkeys(EOS_LINE.findall(page.read_text().replace("\\\n", ""))):
                yield page.name, re.sub(r"[][]| \.\.\.", "", line).partition(" >")[0].strip()


def meant(word):
    """The word in which a placeholder is replaced with a value."""
    key, equals, value = word.rpartition("=")
    if value == "...":
        return f"{key}={ID if key in IDS else 'web'}"
    return f"{key}{equals}{STANDS_FOR.get(value, value)}"


class Reader(Nobody):
    """A host whose pillar is read and then refused. A correct call gets to this point."""

    root = environment = None

    def __init__(self, *_, **__):
        super().__init__()
        self.identity["environment"] = self.environment
        # The user of the process, who may name files.
        self.caller.authentication = "system"

    def infrastructure(self):
        return {
            "settings": {"root": str(self.root)},
            "components": dict.fromkeys(
                COMPONENTS, {"source": "salt://none", "variables": {"size": 1}}
            ),
            "environments": dict.fromkeys((*ENVIRONMENTS, *REGIONS), {}),
            "no key": 1,
        }


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """Calls a function as Salt does. Returns its arguments for the core, and the core's report."""
    # Imported late, because Salt changes Python's search for modules, and pytest would not find its tests.
    import salt.minion
    import salt.utils.args

    from saltext.eos import bridge

    monkeypatch.setattr(Reader, "root", tmp_path)
    monkeypatch.setattr(bridge, "MasterHost", Reader)
    monkeypatch.setattr(bridge, "MinionHost", Reader)
    run, seen = bridge._run, []

    def record(function, operation, arguments, surplus, host):
        given = dict(arguments)
        seen.append((given, run(function, operation, arguments, surplus, host)))
        return seen[-1][1]

    monkeypatch.setattr(bridge, "_run", record)

    def ask(function, words):
        """`words`: as on the command line of Salt, or a mapping of arguments."""
        monkeypatch.setitem(function.__wrapped__.__globals__, "__context__", {})
        if isinstance(words, dict):
            words = [words | {"__kwarg__": True}]
        parsed = salt.utils.args.parse_input(words)
        args, kwargs = salt.minion.load_args_and_kwargs(function, parsed)
        returned = function(*args, **kwargs)
        assert seen, returned
        return args, *seen.pop()

    return ask


def function_of(program, name):
    """The function of the runner or of the execution module, as the program finds it."""
    kind, known = ("runners", RUNNERS) if program == "salt-run" else ("modules", MODULES)
    module, function = name.split(".")
    assert module in known, f"{program} has no {module}"
    return getattr(importlib.import_module(f"saltext.eos.{kind}.{module}"), function)


def wrong(report):
    """The errors of the call itself."""
    error = report.get("error") or {}
    problems = (error.get("details") or {}).get("problems", [])
    if error.get("code") == "invalid" and not problems:
        return [error["message"]]
    return [one for one in problems if not one["path"].startswith("infrastructure")]


LINES = [
    pytest.param(program, line, short, id=f"{page}: {line}")
    for page, program, line, short in dict.fromkeys(printed())
    if "FUNCTION" not in line
]


def test_the_pages_contain_command_lines():
    assert len(LINES) > 80, len(LINES)
    pages = {param.id.split(":")[0] for param in LINES}
    assert {"services.md", "runner.md", "rollback.md", "drift.md", "infrastructure.py"} <= pages


@pytest.mark.parametrize(("program", "line", "short"), LINES)
def test_eos_accepts_every_command_line_that_it_prints(asked, monkeypatch, program, line, short):
    if short or "which_environment" in line:
        # The line omits the environment, which the pillar then gives.
        monkeypatch.setattr(Reader, "environment", "staging")
    name, *words = [meant(word) for word in shlex.split(line) if not word.startswith("--")]
    args, arguments, report = asked(function_of(program, name), words)
    if name in ALWAYS_REFUSED:
        assert wrong(report), report
        return
    assert not wrong(report), wrong(report)
    for word in args:
        if word in ENVIRONMENTS:
            assert word in (arguments["environment"], arguments.get("target")), arguments
        if word == ID:
            assert word in [arguments.get(key) for key in IDS], arguments


# These need components. A sentence about the verb leaves them out.
NEED_NAMES = ("rollback", "acknowledge")
EOS_LINES = [
    pytest.param(line, id=f"{page}: {line}") for page, line in dict.fromkeys(printed_for_eos())
]


def test_the_pages_contain_command_lines_of_eos():
    assert len(EOS_LINES) > 30, EOS_LINES


@pytest.mark.parametrize("line", EOS_LINES)
def test_eos_accepts_every_line_of_its_command_that_a_page_shows(asked, monkeypatch, line):
    words = shlex.split(line)
    options = parser.parsed([STANDS_FOR.get(word, word) for word in words])
    if options.name == "completion" or not options.words:
        # A sentence about the verb leaves its words out.
        return
    monkeypatch.setattr(Reader, "environment", "staging")
    made = call.made(options)
    # A page that says when a line is refused, shows the line.
    if made.function in ("destroy", "delete") and "--confirm" not in words:
        made = made.having(confirm="staging")
    if getattr(options, "job", None):
        # The command line names a file, and the function takes its text.
        made = made.having(job="job")
    if getattr(options, "env_vars", None):
        made = made.having(env_vars={})
    if made.function == "create" and not made.arguments.keys() & {"image", "command", "job"}:
        made = made.having(image="web:1")
    arguments = made.arguments | ({"components": ["web"]} if made.function in NEED_NAMES else {})
    _, arguments, report = asked(
        function_of("salt-run", f"infrastructure.{made.function}"), arguments
    )
    assert not wrong(report), wrong(report)
    if "staging" in words:
        assert arguments["environment"] == "staging", arguments


@pytest.mark.parametrize("name", RUNNERS)
def test_the_environment_comes_first_in_every_function_of_a_runner_and_has_no_value(name):
    module = importlib.import_module(f"saltext.eos.runners.{name}")
    functions = inspect.getmembers(module, inspect.isfunction)
    assert functions
    for function_name, function in functions:
        if not function_name.startswith("_"):
            first = next(iter(inspect.signature(function).parameters.values()))
            assert (first.name, first.default) == ("environment", None), function_name


@pytest.mark.parametrize(
    ("program", "line", "told"),
    [
        ("salt-run", "infrastructure.orchestrate production env=staging", ENVIRONMENTS),
        ("salt-run", "infrastructure.orchestrate production environment=staging", ENVIRONMENTS),
        ("salt-call", "eos_terraform.apply web production workspace=staging", ENVIRONMENTS),
        ("salt-call", "eos_terraform.destroy web production environment=staging", ENVIRONMENTS),
        ("salt-run", "infrastructure.unlock web 6c8f2b1e", ["unlock ENVIRONMENT COMPONENT ID"]),
        (
            "salt-run",
            "infrastructure.unlock web id=6c8f2b1e environment=staging",
            ["unlock ENVIRONMENT COMPONENT ID"],
        ),
        ("salt-run", "terraform.staged_rollback web", ["staged_rollback ENVIRONMENT COMPONENTS"]),
        (
            "salt-run",
            "terraform.staged_rollback web,dns environment=staging",
            ["staged_rollback ENVIRONMENT COMPONENTS"],
        ),
        (
            "salt-run",
            "infrastructure.remediate web environment=staging drift_id=0f",
            ["remediate [ENVIRONMENT] COMPONENT DRIFT_ID"],
        ),
        ("salt-run", f"infrastructure.apply {ID} staging", ["apply [ENVIRONMENT] PLAN_ID"]),
        ("salt-run", "infrastructure.destroy confirm=staging", ENVIRONMENTS),
        ("salt-run", "infrastructure.orchestrate", ENVIRONMENTS),
    ],
)
def test_a_call_that_names_two_environments_or_none_is_refused(asked, program, line, told):
    name, *words = shlex.split(line)
    _, _, report = asked(function_of(program, name), words)
    said = " ".join(one["message"] for one in wrong(report))
    assert all(word in said for word in told), report


@pytest.mark.parametrize(
    ("program", "line"),
    [
        ("salt-run", "infrastructure.orchestrate staging web components=dns"),
        ("salt-run", "infrastructure.orchestrate staging " + "x " * 13),
        ("salt-call", "eos_terraform.plan web staging component=dns"),
    ],
)
def test_an_extra_or_repeated_argument_is_refused_by_eos_itself(asked, program, line):
    name, *words = shlex.split(line)
    _, _, report = asked(function_of(program, name), words)
    assert any("positional argument too many" in one["message"] for one in wrong(report)), report


@pytest.mark.parametrize(
    "line",
    [
        "infrastructure.orchestrate staging environment=staging env=staging workspace=staging",
        f"infrastructure.apply {ID} environment=staging",
        f"infrastructure.apply staging {ID}",
        f"infrastructure.resume staging {ID}",
        f"infrastructure.resume {ID} run_id={ID}",
    ],
)
def test_the_same_environment_twice_and_an_id_beside_it_are_accepted(asked, line):
    name, *words = shlex.split(line)
    _, _, report = asked(function_of("salt-run", name), words)
    assert not wrong(report), report
