"""Importing, moving and removing resources through Salt: functions, and the state `terraform_resource`."""

import pytest

from support import modules


@pytest.fixture
def echo(site):
    site.environment({"echo": {"source": site.module("echo", modules.ECHO)}})
    site.sls(
        "present",
        """
terraform_data.this:
  terraform_resource.present:
    - component: echo
    - resource_id: 7d1f1f64-0000-0000-0000-000000000000
    - environment: staging
""",
    )
    site.sls(
        "absent",
        """
gone:
  terraform_resource.absent:
    - resource_address: terraform_data.this
    - component: echo
    - environment: staging
""",
    )
    return site


def row(done):
    (one,) = done.report.values()
    return one


def test_present_imports_once_and_absent_removes_once(echo):
    tested = row(echo.call("state.apply", "present", "test=True"))
    assert tested["result"] is None, tested
    assert tested["changes"]["terraform_data.this"]["actions"] == "import", tested
    applied = row(echo.call("state.apply", "present"))
    assert applied["result"] is True and applied["changes"], applied
    (resource,) = echo.state("echo")
    identifier = resource["instances"][0]["attributes"]["id"]
    assert identifier == "7d1f1f64-0000-0000-0000-000000000000"
    again = row(echo.call("state.apply", "present"))
    assert again["result"] is True and again["changes"] == {}, again

    text = (echo.states / "present.sls").read_text()
    echo.sls("present", text.replace("7d1f1f64", "ffffffff"))
    other = row(echo.call("state.apply", "present"))
    assert other["result"] is False and "7d1f1f64" in other["comment"], other

    echo.module("echo", {"main.tf": 'variable "value" {\n  default = null\n}\n'})
    tested = row(echo.call("state.apply", "absent", "test=True"))
    assert tested["result"] is None and len(echo.state("echo")) == 1, tested
    gone = row(echo.call("state.apply", "absent"))
    assert gone["result"] is True and gone["changes"], gone
    assert echo.state("echo") == []
    again = row(echo.call("state.apply", "absent"))
    assert again["result"] is True and again["changes"] == {}, again


def test_the_functions_answer_with_a_message(echo):
    words = ["echo", "staging", "terraform_data.this", "some-id"]
    imported = echo.call("eos_terraform.import_resource", *words)
    assert imported.rc == 0 and imported.report["result"] is True, imported
    assert "some-id" in imported.report["message"], imported
    main = modules.ECHO["main.tf"].replace('terraform_data" "this', 'terraform_data" "that')
    echo.module("echo", {"main.tf": main.replace("terraform_data.this", "terraform_data.that")})
    addresses = ["terraform_data.this", "terraform_data.that"]
    moved = echo.call("eos_terraform.move_resource", "echo", *addresses, "staging")
    assert moved.rc == 0 and moved.report["status"] == "applied", moved
    words = ["echo", "terraform_data.this[0]", "staging"]
    refused = echo.call("eos_terraform.remove_resource", *words)
    assert refused.rc == 1 and "index" in refused.report["message"], refused
