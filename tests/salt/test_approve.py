"""Plans that policy blocks: approved through Salt by a user, and applied once."""

import json

import pytest

from support import modules
from support.result import assert_refused


@pytest.fixture
def shrunk(site):
    """A site that was applied with two resources. The module has only one of them now."""
    main = modules.ECHO["main.tf"]
    source = site.module("echo", {"main.tf": main + 'resource "terraform_data" "more" {}\n'})
    site.environment({"echo": {"source": source}})
    assert site.orchestrate().rc == 0
    site.module("echo", modules.ECHO)
    return site


def test_a_blocked_plan_is_approved_and_applied_once(shrunk):
    blocked = shrunk.orchestrate()
    assert_refused(blocked, "infrastructure.approve", component="echo")
    plan_id = blocked.report["plan_id"]
    approved = shrunk.run("infrastructure.approve", f"plan_id={plan_id}")
    assert approved.rc == 0 and approved.report["result"] is True, approved
    (approval,) = approved.report["approvals"]
    assert approval["approval"]["by"]["user"] and approval["approval"]["by"]["jid"], approved
    applied = shrunk.run("infrastructure.apply", f"plan_id={plan_id}")
    assert applied.rc == 0 and applied.statuses == {"echo": "applied"}, applied
    assert len(shrunk.state("echo")) == 1
    assert_refused(shrunk.run("infrastructure.apply", f"plan_id={plan_id}"), "plan_spent")


def test_reports_name_the_next_step(shrunk):
    shown = shrunk.run("infrastructure.plan", "environment=staging", out=None)
    assert shown.rc == 1 and "to approve what is blocked" in shown.stdout, shown
    status = shrunk.run("infrastructure.status", "environment=staging", out=None)
    assert "waits for approval" in status.stdout, status


def test_a_blocked_state_names_its_remedy_which_works(shrunk):
    shrunk.sls("echo", "echo:\n  eos_terraform.apply:\n    - environment: staging\n")
    blocked = shrunk.call("state.apply", "echo")
    (row,) = blocked.report.values()
    assert row["result"] is False and "eos_terraform.approve" in row["comment"], blocked
    plan_id = row["comment"].split("plan_id=")[1].split()[0]
    approved = shrunk.call("eos_terraform.approve", plan_id)
    assert approved.rc == 0, approved
    applied = shrunk.call("eos_terraform.apply", "echo", "staging", f"plan_file={plan_id}")
    assert applied.rc == 0 and applied.report["status"] == "applied", applied
    again = shrunk.call("state.apply", "echo")
    (row,) = again.report.values()
    assert row["result"] is True and row["changes"] == {}, again


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "plan_id"),
        (["plan_id=../../etc"], "plan_id"),
        (["plan_id=01ARZ3NDEKTSV4RRFFQ69G5FAV"], "no_such_plan"),
        (["plan_id=01ARZ3NDEKTSV4RRFFQ69G5FAV", "by=somebody"], "unknown argument"),
    ],
)
def test_a_wrong_approval_is_refused(site, words, told):
    site.environment({"echo": {"source": site.module("echo", modules.ECHO)}})
    refused = site.run("infrastructure.approve", "environment=staging", *words)
    assert refused.rc == 1 and told in json.dumps(refused.report["error"]), refused
