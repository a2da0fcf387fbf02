"""The exit code is 0 only if everything succeeded, for every caller and for every wrong call."""

import json

import pytest

from support import modules
from support.result import assert_refused
from support.site import CHECKOUT

ORCHESTRATE = "infrastructure.orchestrate"


@pytest.fixture
def echo(site):
    site.environment({"echo": {"source": site.module("echo", modules.ECHO)}})
    return site


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ([ORCHESTRATE, "environment=staging", "colour=blue"], "colour"),
        ([ORCHESTRATE, *map(str, range(12))], "argument"),
        ([ORCHESTRATE, "environment=[staging]"], "environment"),
        ([ORCHESTRATE, "environment=staging", "parallelism=many"], "parallelism"),
        ([ORCHESTRATE, "environment=staging", "parallelism=0"], "parallelism"),
        ([ORCHESTRATE, "environment=staging", "components={a: 1}"], "components"),
        ([ORCHESTRATE, "environment=staging", "components=nosuch"], "nosuch"),
        ([ORCHESTRATE, "environment=staging", "on_failure=panic"], "on_failure"),
        ([ORCHESTRATE, "environment=no"], "environment"),
        (["infrastructure.apply"], "plan_id"),
        (["infrastructure.apply", "plan_id=../../etc"], "plan_id"),
        (["infrastructure.cancel"], "run_id"),
        (["infrastructure.destroy", "environment=staging"], "confirm"),
        (["infrastructure.graph", "environment=staging", "format=svg"], "format"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else value,
)
def test_a_wrong_call_of_the_runner_ends_with_1_and_names_the_argument(echo, words, named):
    assert_refused(echo.run(*words), named)
    assert not (echo.root / "staging" / "echo").exists()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["eos_terraform.plan"], "component"),
        (
            ["eos_terraform.plan", "echo", "environment=staging", "colour=blue"],
            "colour",
        ),
        (["eos_terraform.plan", *map(str, range(12))], "argument"),
        (
            ["eos_terraform.get_terraform_output", "echo", "environment=staging"],
            "output_name",
        ),
        (
            ["eos_terraform.plan", "echo", "environment=staging", "variables=7"],
            "variables",
        ),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else value,
)
def test_a_wrong_call_of_the_module_ends_with_1_and_names_the_argument(echo, words, named):
    done = echo.call(*words)
    assert done.rc == 1, done
    assert "Traceback" not in done.said, done
    assert done.report["result"] is False, done
    assert named in json.dumps(done.report["error"]), done


def test_env_is_accepted_for_environment(echo):
    done = echo.run(ORCHESTRATE, "env=staging", "test=True")
    assert done.rc == 0 and done.report["environment"] == "staging", done


def test_a_test_with_changes_is_0_in_salt_run_and_1_in_salt_call(echo):
    tested = echo.orchestrate("test=True")
    assert tested.rc == 0, tested
    assert tested.report["result"] is None and tested.report["test"] is True
    assert tested.statuses == {"echo": "planned"}
    planned = echo.call("eos_terraform.apply", "echo", "environment=staging")
    assert planned.report["result"] is None, planned
    assert planned.rc == 1, planned
    assert not (echo.workdir("echo") / "terraform.tfstate").exists()


def test_a_failed_component_ends_salt_run_with_1(site):
    site.environment({"bad": {"source": site.module("bad", modules.FAILS)}})
    done = site.orchestrate()
    assert_refused(done, "terraform_data.bad", component="bad")
    assert done.statuses == {"bad": "failed"}


def orchestration(site):
    site.sls(
        "up",
        f"""
up:
  salt.runner:
    - name: {ORCHESTRATE}
    - environment: staging
""",
    )
    return site.run("state.orchestrate", "up")


def test_a_failed_run_fails_the_orchestration_that_called_it(site):
    site.environment({"bad": {"source": site.module("bad", modules.FAILS)}})
    done = orchestration(site)
    assert done.rc == 1, done
    assert '"result": false' in done.stdout, done


def test_a_wrong_call_fails_the_orchestration_that_made_it(echo):
    echo.sls("up", f"up:\n  salt.runner:\n    - name: {ORCHESTRATE}\n    - colour: blue\n")
    done = echo.run("state.orchestrate", "up")
    assert done.rc == 1, done


def test_a_good_run_lets_the_orchestration_succeed(echo):
    done = orchestration(echo)
    assert done.rc == 0, done
    assert echo.state("echo")


def test_a_state_that_calls_the_runner_may_not_use_retry(echo):
    """`retry` as a state's own key belongs to Salt. In `kwarg`, it reaches the runner as a keyword."""
    keywords = "{environment: staging, retry: True}"
    echo.sls("up", f"up:\n  salt.runner:\n    - name: {ORCHESTRATE}\n    - kwarg: {keywords}\n")
    done = echo.run("state.orchestrate", "up")
    assert done.rc == 1 and "is not allowed in a state" in done.stdout, done
    assert not (echo.root / "staging" / "echo").exists()
    by_hand = echo.orchestrate("retry=True")
    assert by_hand.rc == 0 and by_hand.statuses == {"echo": "applied"}, by_hand


# pyo3 turns a panic into an exception of this type. When the core gets this exception, it is a panic again.
PANICS = """
from saltext.eos.host import Host

__virtualname__ = "panics"


def _panic(*_):
    kinds = {kind.__name__: kind for kind in BaseException.__subclasses__()}
    raise kinds["PanicException"]("hunter2")


Host.emit = _panic
"""


def test_a_panic_becomes_a_report_with_exit_code_1(echo):
    runners = echo.folder / "salt" / "cache" / "extmods" / "runners"
    runners.mkdir(parents=True)
    source = (CHECKOUT / "python/saltext/eos/runners/infrastructure.py").read_text()
    (runners / "panics.py").write_text(source + PANICS)
    done = echo.run("panics.orchestrate", "environment=staging", forks=False)
    assert done.rc == 1, done
    assert done.report["result"] is False, done
    assert done.report["error"]["code"] == "internal", done
    assert done.report["error"]["message"].startswith("a panic at "), done
    assert "hunter2" not in done.stdout, done


@pytest.mark.parametrize("limit", [18, 20])
def test_too_few_open_files_are_named_with_the_limit(echo, limit):
    argv = echo.salt_run(ORCHESTRATE, "environment=staging")
    done = echo.finish(["bash", "-c", f'ulimit -n {limit}; exec "$@"', "bash", *argv])
    told = done.said
    assert done.rc == 1 and f"{limit} open files are too few" in told, done
    assert "raise ulimit -n" in told and "for this machine" not in told, done
