"""The command line of `eos`: the table of its verbs, the functions of the runner, and the help."""

import importlib
import inspect
import io
import os
import re
import shlex
import subprocess

import pytest

from saltext.eos.cli import call, common, inputs, page, parser
from saltext.eos.cli.errors import UsageError
from saltext.eos.cli.options import OPTIONS
from saltext.eos.cli.places import follow
from saltext.eos.cli.verbs import NAMES, VERBS
from support.site import BIN, CHECKOUT

pytestmark = pytest.mark.quick

ID = "01JD3KV6T0W8Q5YB4E2N9RZXCM"
PLAN = "01JD3KV6T0W8Q5YB4E2N9RZXCN"
# Functions of the other runner. They have no verb.
OF_OTHER_RUNNERS = {
    "sync_states": "only a schedule calls it",
    "staged_rollback": "rollback --order is the verb for several components",
}
# These functions are other names of functions that have a verb.
OTHER_NAMES = {"orchestrate_infrastructure", "show_run"}


def functions(runner):
    """From each function of a runner to its parameters."""
    module = importlib.import_module(f"saltext.eos.runners.{runner}")
    return {
        name: set(inspect.signature(function).parameters) - {"args", "kwargs"}
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if not name.startswith("_")
    }


def rows():
    """Each row of the table, also those for saved plans."""
    for verb in VERBS.values():
        yield verb
        if verb.saved_plan:
            yield verb.saved_plan


def test_each_function_of_the_runner_has_a_verb_and_each_verb_is_a_function():
    of_verbs = {row.function for row in rows()}
    assert of_verbs == set(functions("infrastructure")) - OTHER_NAMES
    assert set(OF_OTHER_RUNNERS) == set(functions("terraform")) - OTHER_NAMES


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: row.function)
def test_the_command_line_gives_each_parameter_of_the_function_and_no_other(row):
    assert row.parameters == functions("infrastructure")[row.function]


def test_show_run_is_another_name_of_show():
    assert NAMES["show_run"] is VERBS["show"]


def made(line):
    return call.made(parser.parsed(shlex.split(line)))


@pytest.mark.parametrize(
    "line", [line for verb in VERBS.values() for line, _ in verb.examples], ids=str
)
def test_an_example_of_the_help_is_a_correct_command_line(line):
    verb = VERBS[line.split()[0]]
    names = {verb.function, verb.saved_plan.function if verb.saved_plan else verb.function}
    assert made(line).function in names


@pytest.mark.parametrize(
    ("line", "function", "arguments"),
    [
        ("status staging", "status", {"environment": "staging"}),
        ("status -e staging", "status", {"environment": "staging"}),
        ("status", "status", {}),
        ("plan staging web dns", "plan", {"environment": "staging", "components": ["web", "dns"]}),
        ("plan staging web,dns", "plan", {"environment": "staging", "components": ["web", "dns"]}),
        ("plan -e staging web", "plan", {"environment": "staging", "components": ["web"]}),
        (
            "plan staging --upgrade web",
            "plan",
            {"environment": "staging", "components": ["web"], "upgrade": True},
        ),
        ("plan --upgrade staging", "plan", {"environment": "staging", "upgrade": True}),
        ("apply staging --test", "orchestrate", {"environment": "staging", "test": True}),
        (f"apply {ID}", "apply", {"environment": ID}),
        (f"apply --plan {ID}", "apply", {"plan_id": ID}),
        (f"apply staging {ID}", "apply", {"environment": "staging", "plan_id": ID}),
        (f"show {ID}", "show", {"run_id": ID}),
        (f"show_run {ID} -e staging", "show", {"run_id": ID, "environment": "staging"}),
        (f"show staging {ID}", "show", {"run_id": ID, "environment": "staging"}),
        (f"approve {ID} dns", "approve", {"plan_id": ID, "components": ["dns"]}),
        (f"resume {ID}", "resume", {"environment": ID}),
        (f"resume -e staging {ID}", "resume", {"environment": "staging", "run_id": ID}),
        (
            "unlock staging web 6c8f",
            "unlock",
            {"environment": "staging", "component": "web", "id": "6c8f"},
        ),
        (
            "accept-drift -e staging web 0f",
            "accept_drift",
            {"environment": "staging", "component": "web", "drift_id": "0f"},
        ),
        (
            "rotate staging web/A web/B --keep-previous",
            "rotate",
            {"environment": "staging", "keys": ["web/A", "web/B"], "keep_previous": True},
        ),
        # The core knows that this is not an environment.
        ("rotate web/A", "rotate", {"environment": "web/A"}),
        ("history staging --limit 5", "history", {"environment": "staging", "limit": 5}),
        ("plan no", "plan", {"environment": "no"}),
        # The core refuses an empty list. Without the argument, the call would mean all components.
        ("destroy staging ''", "destroy", {"environment": "staging", "components": []}),
        ("destroy staging ,", "destroy", {"environment": "staging", "components": []}),
        (f"approve {ID} ''", "approve", {"plan_id": ID, "components": []}),
        ("apply staging --plan ''", "apply", {"environment": "staging", "plan_id": ""}),
        (
            "destroy -e staging staging",
            "destroy",
            {"environment": "staging", "components": ["staging"]},
        ),
        (
            "apply staging --on-failure rollback",
            "orchestrate",
            {"environment": "staging", "on_failure": "rollback"},
        ),
    ],
)
def test_a_word_means_what_it_means_for_the_runner(line, function, arguments):
    meant = made(line)
    assert (meant.function, meant.arguments) == (function, arguments)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("plann staging", "did you mean plan"),
        ("plan staging --nothing", "no option --nothing; eos plan --help lists"),
        ("plan staging --paralelism=3", "no option --paralelism; did you mean --parallelism?"),
        ("--jsno plan staging", "no option --jsno; did you mean --json?"),
        ("history staging --limit many", "invalid int value"),
        ("graph staging --format png", "invalid choice"),
        ("", "verbs:"),
        ("completion fish", "invalid choice"),
        ("-l nosuch status", "argument -l/--log-level: invalid choice: 'nosuch'"),
        ("status -l nosuch", "argument -l/--log-level: invalid choice: 'nosuch'"),
        ("schema --jsno", "no option --jsno; did you mean --json?"),
        ("schema staging", "staging is one word too many"),
        ("help nosuch", "there is no verb nosuch"),
        ("-c /x help plann", "there is no verb plann; did you mean plan?"),
    ],
)
def test_wrong_usage_ends_with_1_and_says_what_is_wrong(line, words, capsys):
    with pytest.raises(SystemExit) as ended:
        made(line)
    said = capsys.readouterr()
    assert ended.value.code == 1
    assert words in said.err + said.out
    assert not line or len(said.err.splitlines()) == 1, said.err


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("validate staging web", "^web is one word too many: eos validate --help"),
        ("history staging web dns", "^web, dns are 2 words too many"),
        (f"apply {ID} web", "too many words|web"),
        (f"apply {ID} --upgrade", "--upgrade was decided when the plan was made"),
        (f"apply {ID} --var a=b", "--var was decided when the plan was made"),
        (f"show {ID} --html a --format html", "--html and --format exclude each other"),
        (f"show {ID} --html ''", "--html: name a file"),
    ],
)
def test_a_call_that_cannot_be_meant_is_refused(line, words):
    if "|" in words:
        # The core knows which of the words is not an id.
        assert made(line).arguments == {"environment": ID, "plan_id": "web"}
        return
    with pytest.raises(UsageError, match=words):
        page.asked(made(line))


def test_the_file_of_a_page_is_the_callers_and_never_goes_to_the_master():
    asked, file = page.asked(made(f"show {ID} --html run.html"))
    assert (asked.arguments, file) == (
        {"run_id": ID, "format": "html"},
        os.path.abspath("run.html"),
    )
    to_stdout = {"run_id": ID, "format": "html"}
    for line in (f"show {ID} --html -", f"show {ID} --format html"):
        asked, file = page.asked(made(line))
        assert (asked.arguments, file) == (to_stdout, None)
    file = os.path.abspath("run.html")
    with pytest.raises(UsageError, match="no page that can be read"):
        page.kept({"drawing": {}}, file)
    with pytest.raises(UsageError, match="larger than max_event_size"):
        follow._report({"return": {"drawing": "VALUE_TRIMMED"}})
    assert page.kept({"error": {"message": "no such run"}}, file) == {
        "error": {"message": "no such run"}
    }
    with pytest.raises(UsageError, match="is a folder: it was not written"):
        page.kept({"drawing": "a page"}, "/")


@pytest.mark.parametrize("name", VERBS)
def test_the_help_of_a_verb_fits_80_columns_and_has_examples(name, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        parser.parsed([name, "--help"])
    shown = capsys.readouterr().out
    assert ended.value.code == 0
    assert max(map(len, shown.splitlines())) <= 80, shown
    assert f"eos {VERBS[name].examples[0][0]}" in shown
    for parameter in VERBS[name].options:
        assert OPTIONS[parameter].flag in shown


def test_the_help_imports_neither_salt_nor_the_core():
    code = (
        "import sys; sys.argv[1:] = ['plan', '--help']\n"
        "from saltext.eos.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: print(sorted(set(sys.modules) & {'salt', 'saltext.eos._core'}))"
    )
    done = subprocess.run([BIN / "python", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_version_is_that_of_the_core(capsys):
    from saltext.eos import _core

    with pytest.raises(SystemExit) as ended:
        parser.parsed(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"eos {_core.__version__}\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_the_completion_knows_each_verb_and_its_options(shell):
    done = subprocess.run(
        [BIN / "eos", "completion", shell], capture_output=True, text=True, check=True
    )
    for word in (*VERBS, "detailed-exitcode", "snapshot"):
        assert word in done.stdout


def test_bash_completes_a_verb():
    script = (
        'eval "$(eos completion bash)"; COMP_WORDS=(eos accept); COMP_CWORD=1; '
        "COMP_LINE='eos accept'; COMP_POINT=10; _shtab_eos; echo ${COMPREPLY[@]}"
    )
    done = subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": f"{BIN}:/usr/bin:/bin"},
    )
    assert done.stdout.split() == ["accept-drift"], done


def test_a_secret_on_the_command_line_is_refused_and_not_repeated():
    with pytest.raises(UsageError) as refused:
        inputs.secrets(["token=hunter2"], here=True)
    said = str(refused.value)
    assert "hunter2" not in said
    for way in ("--secret token ", "token=-", "token=env:", "token=vault:"):
        assert way in said, said


def test_a_reference_is_passed_on_as_it_is():
    references = {"a": "env:A", "b": "vault:secret/x#b", "c": "file:/x", "d": "sdb://p/k"}
    given = [f"{name}={reference}" for name, reference in references.items()]
    assert inputs.secrets(given, here=False) == references


@pytest.mark.parametrize("given", ["token", "token=-"])
def test_a_value_itself_cannot_be_given_to_a_run_on_another_master(given):
    with pytest.raises(UsageError, match="token=vault:"):
        inputs.secrets([given], here=False)


def test_a_saved_plan_and_a_run_take_values_only_because_they_have_references(monkeypatch):
    for line in (f"apply {ID} --secret a", "resume staging --secret a", f"resume {ID} --secret a"):
        assert made(line).gives_again and "secrets" not in made(line).arguments
    assert not made("apply staging web --secret a").gives_again
    for reference in ("a=vault:x#y", "a=env:A", "a=file:/x"):
        with pytest.raises(UsageError, match="has its own references"):
            inputs.give_again([reference], here=True)
    with pytest.raises(UsageError, match="Leave it out"):
        inputs.give_again(["a=-"], here=False)
    monkeypatch.setenv("EOS_SECRET_A", "before")
    monkeypatch.setattr("sys.stdin", io.StringIO("typed\n"))
    inputs.give_again(["A=-"], here=True)
    assert os.environ["EOS_SECRET_A"] == "typed"


def test_a_question_on_a_pipe_names_the_ways_to_give_a_secret(monkeypatch):
    monkeypatch.setattr("sys.stdin", open("/dev/null"))  # noqa: SIM115
    with pytest.raises(UsageError, match="token=-"):
        inputs.secrets(["token"], here=True)


def test_the_page_lists_each_verb_with_its_function_and_options():
    page = (CHECKOUT / "docs" / "reference" / "eos.md").read_text()
    for name, verb in VERBS.items():
        assert f"`eos {name} {' '.join(parser._word(verb, word) for word in verb.words)}`" in page
    listed = dict(re.findall(r"^\| `eos ([\w-]+)[^|]*\|([^\n]*)\|$", page, re.M))
    assert set(listed) == {*VERBS, "completion", "help", "schema"}
    for name, verb in VERBS.items():
        assert f"`infrastructure.{verb.function}`" in listed[name], name
        shown = set(re.findall(r"`--([\w-]+)", listed[name]))
        assert shown == {OPTIONS[one].flag.removeprefix("--") for one in verb.options} | (
            {"plan"} if verb.saved_plan else set()
        ) | ({"detailed-exitcode"} if name == "plan" else set()) | (
            {"yes"} if name in ("carry", "create", "rollback") else set()
        ) | ({"secret"} if verb.gives_again else set()), name


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ("-e staging plan web", {"environment": "staging", "components": ["web"]}),
        ("--environment=staging plan -c /x", {"environment": "staging"}),
        ("-e staging plan -e staging", {"environment": "staging"}),
        ("--minion web1 status", {"minion": "web1"}),
        ("why web.size", {"what": "web.size"}),
        ("why staging web", {"environment": "staging", "what": "web"}),
        ("remediate web 0f", {"component": "web", "drift_id": "0f"}),
        ("acknowledge staging", {"environment": "staging"}),
    ],
)
def test_the_environment_can_stand_before_the_verb_and_is_left_out_where_it_is_optional(
    line, arguments
):
    assert call.made(parser.parsed(line.split())).arguments == arguments


@pytest.mark.parametrize(
    ("line", "option"),
    [
        ("plan -e staging -e broken", "-e"),
        ("-e staging plan -e broken", "-e"),
        ("-e staging plan --environment=broken", "-e"),
        ("status --minion a --minion b", "--minion"),
        ("--minion a status --minion b", "--minion"),
        ("-c /a status -c /b", "-c"),
        ("history staging --limit 1 --limit 2", "--limit"),
        ("graph staging --format mermaid --format dot", "--format"),
        ("plan staging --pillar a --pillar b", "--pillar"),
        ("-l debug status -l info", "-l"),
    ],
)
def test_an_option_with_two_values_is_refused(line, option, capsys):
    with pytest.raises(SystemExit) as ended:
        made(line)
    said = capsys.readouterr().err
    assert ended.value.code == 1 and len(said.splitlines()) == 1, said
    assert f"{option} has two values" in said, said


@pytest.mark.parametrize("line", [f"apply staging {ID} --plan {PLAN}", f"apply {ID} --plan {PLAN}"])
def test_two_plans_in_one_call_are_refused(line):
    with pytest.raises(UsageError, match=f"--plan has two values: {ID} and {PLAN}"):
        made(line)


def test_two_values_of_one_variable_or_secret_are_refused_and_no_secret_is_shown():
    assert inputs.variables(["a=1", "a=1"]) == {"a": 1}
    with pytest.raises(UsageError, match="--var a has two values"):
        inputs.variables(["a=1", "b=1", "a=2"])
    with pytest.raises(UsageError, match="--secret a has two values: give it once") as refused:
        inputs.secrets(["a=env:ONE", "a=env:TWO"], here=True)
    assert "env:" not in str(refused.value)
    assert inputs.secrets(["a=env:ONE", "a=env:ONE"], here=True) == {"a": "env:ONE"}
    with pytest.raises(UsageError, match="--secret a has two values"):
        inputs.give_again(["a", "a=-"], here=True)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--var a=b plan web", "--var belongs behind the verb: eos VERB --var"),
        ("plan --tst", "there is no option --tst; eos plan --help lists the options"),
        ("stagin", "there is no verb stagin; eos --help lists the verbs"),
        ("stats", "there is no verb stats; did you mean status?"),
    ],
)
def test_a_wrong_word_gets_only_a_hint_that_helps(line, said, capsys):
    with pytest.raises(SystemExit):
        parser.parsed(line.split())
    assert capsys.readouterr().err.endswith(f": {said}\n")


@pytest.mark.parametrize(
    ("line", "usage"),
    [
        ("help plan", "usage: eos plan [ENV]"),
        ("-c /x help plan", "usage: eos plan [ENV]"),
        ("--json help show_run", "usage: eos show_run RUN"),
        ("help", "usage: eos [-h]"),
        ("help schema", "usage: eos schema"),
        ("help help", "usage: eos help [VERB]"),
    ],
)
def test_help_is_a_verb_too(line, usage, capsys):
    with pytest.raises(SystemExit) as ended:
        parser.parsed(line.split())
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(usage)


def test_the_help_of_show_does_not_say_that_it_plans(capsys):
    with pytest.raises(SystemExit):
        parser.parsed(["show", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "Plan the pillar" not in shown and "Use the pillar of this pillarenv" in shown
    assert "--files DIR Folder of a checkout in place of the configuration's file_roots." in shown


def test_the_help_lists_all_verbs_and_fits_80_columns(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        parser.parsed(["--help"])
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80, shown
    for name in (*VERBS, "completion", "schema", "help"):
        assert re.search(rf"^    {name} ", shown, re.M), name


@pytest.mark.parametrize("name", ["schema", "completion bash"])
@pytest.mark.parametrize("option", ["--json", "-c /x", "-e staging", "--minion a", "-l debug"])
def test_an_option_of_every_verb_is_one_of_these_too(name, option):
    options = parser.parsed([*name.split(), *option.split()])
    assert options.name == name.split()[0]


def test_a_level_of_the_log_is_one_of_salt():
    import salt._logging

    assert set(common.LEVELS) == set(salt._logging.LOG_LEVELS)
    assert parser.parsed(["-l", "DEBUG", "status"]).log_level == "debug"
