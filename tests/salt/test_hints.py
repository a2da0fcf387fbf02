"""Commands in texts: whoever calls can paste them, whatever program made the call."""

import shlex

import pytest

from saltext.eos import _core
from saltext.eos.cli import call, parser
from support import modules

ID = "01JD3KV6T0W8Q5YB4E2N9RZXCM"
EOS = {"program": "eos", "words": ["eos", "-c", "/srv/a folder"]}


def after(text, words):
    """The command line behind these words."""
    return shlex.split(text.split(words)[1].splitlines()[0])


@pytest.fixture
def echo(site):
    site.environment({"echo": {"source": site.module("echo", modules.ECHO)}})
    return site


def test_the_plan_of_eos_is_applied_by_the_command_that_it_shows(echo):
    planned = echo.eos("plan", "staging")
    command = after(planned.stdout, "to apply this plan: ")
    assert command[:4] == ["eos", "-c", str(echo.conf), "apply"], planned
    applied = echo.finish([echo.eos_command()[0], *command[1:]])
    assert applied.rc == 0 and "1 applied" in applied.stdout, applied
    unknown = echo.eos("show", ID)
    assert after(unknown.stdout, "next: ")[:5] == [
        "eos",
        "-c",
        str(echo.conf),
        "history",
        "staging",
    ]


def test_the_plan_of_salt_run_and_of_salt_call_is_applied_by_the_command_that_it_shows(echo):
    planned = echo.run("infrastructure.plan", "staging", out=None)
    command = after(planned.stdout, "to apply this plan: ")
    assert command[:3] == ["salt-run", "-c", str(echo.conf)], planned
    assert echo.finish([echo.salt_run()[0], *command[1:]]).rc == 0
    echo.environment({"echo": {"source": "salt://modules/echo", "variables": {"value": 2}}})
    planned = echo.call("eos_terraform.plan", "echo", "staging", out=None)
    command = after(planned.stdout, "to apply this plan: ")
    assert command[:4] == ["salt-call", "-c", str(echo.conf), "--local"], planned
    assert echo.finish([echo.salt_call()[0], *command[1:]]).rc == 0


@pytest.mark.quick
@pytest.mark.parametrize(
    ("report", "words", "function", "arguments"),
    [
        (
            {
                "components": {
                    "web": {"status": "drifted", "drift": {"drift_id": "0f", "changes": []}}
                }
            },
            "to accept it into the state: ",
            "accept_drift",
            {"environment": "staging", "component": "web", "drift_id": "0f"},
        ),
        (
            {"plan_id": ID, "components": {"web": {"status": "planned"}}},
            "to apply this plan: ",
            "apply",
            {"environment": ID},
        ),
        (
            {
                "plan_id": ID,
                "components": {"web": {"status": "blocked", "reason": "destroys"}},
            },
            "to approve what is blocked: ",
            "approve",
            {"plan_id": ID},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_the_parser_of_eos_accepts_the_commands_in_its_texts(report, words, function, arguments):
    drawn = _core.draw({"environment": "staging", **report}, False, EOS)
    program, *line = after(drawn, words)
    meant = call.made(parser.parsed(line))
    assert (program, meant.function, meant.arguments) == ("eos", function, arguments)
    options = parser.parsed(line)
    assert options.config_dir == "/srv/a folder"
    its = after(_core.draw({"environment": "staging", **report}, False), words)
    assert its[:2] == ["salt-run", f"infrastructure.{function}"]


@pytest.mark.quick
def test_a_call_from_another_process_gives_no_folder_and_no_address_to_the_texts_of_others():
    from saltext.eos import command_line

    opts = {"conf_file": "/srv/salt/master"}
    auth = command_line.of_follower(opts, "auth:pam")
    assert auth["words"] == ["eos", "-c", "/srv/salt", "--auth", "pam"]
    assert command_line.of_follower(opts, "api")["words"] == ["eos", "--api", "URL"]
    for trap in (None, "auth:", "auth:pam; rm -rf /", "auth:-c", ["auth:pam"], "https://trap", {}):
        assert command_line.of_follower(opts, trap) is None


@pytest.mark.quick
def test_the_configuration_folder_is_named_only_if_salt_would_not_find_it(monkeypatch):
    from saltext.eos import command_line

    opts = {"conf_file": "/srv/salt/master"}
    assert command_line.configuration(opts) == ["-c", "/srv/salt"]
    monkeypatch.setenv("SALT_CONFIG_DIR", "/srv/salt/")
    assert command_line.configuration(opts) == []
