"""The execution module `eos_terraform`, through salt-call."""

import pytest

from support import modules

SECRET = "s3cret-in-an-output"


@pytest.fixture
def echo(site):
    files = {
        "main.tf": modules.ECHO["main.tf"]
        + f'output "token" {{\n  value     = "{SECRET}"\n  sensitive = true\n}}\n'
    }
    component = {"source": site.module("echo", files), "variables": {"value": "one"}}
    site.environment({"echo": component})
    return site


def called(site, function, *words):
    return site.call(f"eos_terraform.{function}", *words, "environment=staging")


def test_apply_without_a_plan_or_approval_only_plans(echo):
    done = called(echo, "apply", "echo")
    assert done.report["result"] is None, done
    assert not (echo.workdir("echo") / "terraform.tfstate").exists()


def test_a_shown_plan_is_the_one_that_is_applied(echo):
    planned = called(echo, "plan", "echo").report
    assert planned["result"] is True and planned["changes_present"] is True, planned
    assert planned["resource_changes"][0]["address"] == "terraform_data.this"
    assert planned["resource_changes"][0]["actions"] == ["create"]
    applied = called(echo, "apply", "echo", f"plan_file={planned['plan_file']}")
    assert applied.rc == 0 and applied.report["result"] is True, applied
    assert len(echo.state("echo")) == 1
    after = called(echo, "plan", "echo")
    assert after.rc == 0 and after.report["changes_present"] is False, after


def test_every_query_masks_sensitive_values(echo):
    assert called(echo, "apply", "echo", "auto_approve=True").rc == 0
    for function, words in [
        ("get_outputs", ["echo"]),
        ("get_terraform_output", ["echo", "value"]),
        ("get_terraform_output", ["echo", "token"]),
        ("get_resources", ["echo"]),
        ("get_state", ["echo"]),
    ]:
        done = called(echo, function, *words)
        assert SECRET not in done.said, done
        assert "Traceback" not in done.said, done
        if words[-1] != "token":
            assert done.rc == 0, done


def test_an_output_is_read_by_workspace_as_the_documents_write_it(echo):
    assert called(echo, "apply", "echo", "auto_approve=True").rc == 0
    done = echo.call("eos_terraform.get_terraform_output", "echo", "value", "workspace=staging")
    assert done.rc == 0 and "one" in done.stdout, done


def test_variables_of_a_call_win_over_the_pillar(echo):
    done = called(echo, "apply", "echo", "auto_approve=True", "variables={value: two}")
    assert done.rc == 0, done
    attributes = echo.state("echo")[0]["instances"][0]["attributes"]
    assert attributes["input"] == {"value": "two", "type": "string"}


def test_destroy_without_approval_destroys_nothing(echo):
    assert called(echo, "apply", "echo", "auto_approve=True").rc == 0
    planned = called(echo, "destroy", "echo")
    assert planned.report["result"] is None, planned
    assert len(echo.state("echo")) == 1
    done = called(echo, "destroy", "echo", "auto_approve=True")
    assert done.rc == 0, done
    assert echo.state("echo") == []


def test_init_workspace_and_validate_pillar_report_success_or_problems(echo):
    initialised = called(echo, "init_workspace", "echo")
    assert initialised.rc == 0 and initialised.report["result"] is True, initialised
    valid = called(echo, "validate_pillar")
    assert valid.rc == 0 and valid.report["result"] is True, valid
    echo.environment({"echo": {"source": "salt://nowhere"}})
    assert called(echo, "validate_pillar").rc == 1
