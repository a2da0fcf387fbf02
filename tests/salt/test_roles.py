"""Who may do what: the roles of pillar-examples/roles, and whose approval counts, whatever a caller says of itself."""

import json
import os
import pwd
import re
import sys
from pathlib import Path

import pytest

from support import api, modules
from support.result import assert_refused
from support.site import CHECKOUT, Site

pytestmark = pytest.mark.slow

MORE = 'resource "terraform_data" "more" {}\n'
KEYED = Path(__file__).parent / "support" / "keyed.py"


def shrunk(site, name, approvals):
    """An environment that was applied with two resources. Its module has only one of them now."""
    source = site.module(name, {"main.tf": modules.ECHO["main.tf"] + MORE})
    settings = {"approvals": approvals}
    site.environment({"echo": {"source": source}}, name=name, settings=settings)
    assert site.orchestrate(environment=name).rc == 0
    site.module(name, modules.ECHO)


def test_a_right_for_a_function_opens_none_that_does_more():
    runner = (CHECKOUT / "python/saltext/eos/runners/infrastructure.py").read_text()
    names = set(re.findall(r"^def ([a-z]\w+)", runner, re.M))
    # Salt compares only the beginning of a name.
    also = {(one, more) for one in names for more in names if more != one and more.startswith(one)}
    assert also == {("show", "show_run"), ("orchestrate", "orchestrate_infrastructure")}


@pytest.fixture
def by(salt_api):
    """Calls a function of the runner by salt-api. None: Salt itself refuses the call."""
    return salt_api.run


def test_each_role_does_its_part_and_an_approval_is_from_whom_salt_authenticated(master, by):
    shrunk(master, "roles", {"from": ["approver"], "other_than_author": True})
    assert by("reader", "status", "roles")["result"] is True
    plan = by("planner", "plan", "roles")
    plan_id = plan["plan_id"]
    refused = [("reader", "plan"), ("planner", "apply"), ("planner", "approve")]
    refused += [("approver", "apply"), ("approver", "plan"), ("operator", "approve")]
    for user, function in refused:
        assert by(user, function, plan_id) is None, (user, function)

    # Templates of a folder or of a commit would run as the master's user.
    for chosen in ({"pillar_root": str(master.pillars)}, {"affected": "main"}):
        forbidden = by("planner", "plan", "roles", kwarg=chosen)
        assert "only for the user as whom Eos runs" in json.dumps(forbidden["error"]), forbidden

    # A right for one environment is a right for no other.
    assert by("stager", "status", "bus") is None
    assert by("stager", "status", "roles", kwarg={"env": "bus"})["result"] is False

    # alice may call everything, and says that she is somebody else.
    names = {"user": "approver", "username": "approver", "__user__": "approver"}
    keywords = {"__pub_user": "approver", "__user__": "approver", "user": "approver"}
    forged = by("alice", "approve", plan_id, **names, kwarg={"__pub_user": "approver"})
    assert forged["error"]["code"] == "may_not_approve", forged
    forged = by("alice", "approve", plan_id, kwarg=keywords)
    assert forged["result"] is False, forged
    as_root = master.run("infrastructure.approve", plan_id, env={"SUDO_USER": "approver"})
    assert_refused(as_root, "may_not_approve", "os:root (not authenticated)")
    blocked = by("operator", "apply", plan_id)
    assert blocked["components"]["echo"]["status"] == "blocked", blocked

    approved = by("approver", "approve", plan_id)
    assert approved["result"] is True, approved
    words = "approved by approver (authenticated by Salt)"
    assert words in json.dumps(approved["components"]["echo"]["notes"]), approved
    shown = master.run("infrastructure.show", plan_id, out=None)
    assert words in shown.stdout, shown
    # Whoever is no longer named has approved nothing. A group counts as a name does, if the eauth of the user gives it:
    # daemon is in the group daemon of the system, and sharedsecret knows no groups.
    pillar = master.pillars / "infrastructure.sls"
    text = pillar.read_text()
    pillar.write_text(text.replace('["approver"]', '["group:daemon", "group:approvers"]'))
    blocked = by("operator", "apply", plan_id)
    assert "does not count" in blocked["components"]["echo"]["error"]["message"], blocked
    refused = by("daemon", "approve", plan_id)["error"]
    assert refused["code"] == "may_not_approve" and "no group counts" in refused["message"], refused
    assert by("grace", "approve", plan_id, eauth=api.HOUSE)["result"] is True
    applied = by("operator", "apply", plan_id)
    assert applied["components"]["echo"]["status"] == "applied", applied
    assert "approved by grace (authenticated by Salt)" in json.dumps(applied), applied


def test_the_holder_of_a_key_of_publisher_acl_approves_on_a_minion_only_as_itself(master):
    shrunk(master, "keys", {"from": ["nobody", "root", "sudo_root"]})
    assert master.salt("saltutil.refresh_pillar", "wait=True").rc == 0
    planned = master.salt("eos_terraform.plan", "echo", "environment=keys")
    plan_id = planned.json["minion"]["plan_id"]
    plain = master.salt("eos_terraform.approve", plan_id, "__pub_user=nobody")
    assert "may_not_approve" in plain.stdout, plain

    job = {
        "cmd": "publish",
        "tgt": "minion",
        "tgt_type": "glob",
        "ret": "",
        "jid": "",
        "kwargs": {},
    }
    job |= {"fun": "eos_terraform.approve", "arg": [plan_id]}
    runner = {"cmd": "runner", "fun": "infrastructure.status", "kwarg": {"arg": ["keys"]}}
    users = ("root", "sudo_root", "alice", "nobody")
    # Salt compares the inner environment with the rights of this user, and calls with the outer one.
    stager = {"eauth": api.EAUTH, "username": "stager", "password": api.PASSWORD}
    hidden = {"environment": "keys", "kwarg": {"environment": "roles"}}
    commands = [
        *({**job, "user": user} for user in users),
        {**runner, "user": "root"},
        {**runner, **stager, "kwarg": hidden},
    ]
    key = master.folder / "salt" / "cache" / ".nobody_key"
    argv = [sys.executable, KEYED, master.conf / "master", key, json.dumps(commands)]
    done = master.finish(argv)
    assert done.rc == 0, done
    root, sudo, alice, nobody, runner, hidden = map(json.loads, done.stdout.splitlines())
    # Salt lets the key call itself root. This name proves nothing.
    for one in (root, sudo):
        assert one["error"]["code"] == "may_not_approve", one
    assert alice is None and runner["operation"] == "status", done
    assert hidden["result"] is False and "rights of the user" in json.dumps(hidden), hidden
    assert nobody["result"] is True, nobody
    assert "nobody (authenticated by Salt)" in json.dumps(nobody), nobody


def test_local_takes_the_user_of_the_system_who_calls_salt_run(site):
    me = pwd.getpwuid(os.geteuid()).pw_name
    shrunk(site, "staging", {"from": [f"os:{me}"], "local": True})
    plan_id = site.run("infrastructure.plan", "staging").report["plan_id"]
    # A name in the environment and an argument change nothing.
    nested = site.run("infrastructure.approve", plan_id, f"__pub_user={me}")
    assert_refused(nested, "may_not_approve", f"{me} (not authenticated)")
    approved = site.run("infrastructure.approve", plan_id, env={"SUDO_USER": "ada"})
    assert approved.rc == 0, approved
    assert f"approved by os:{me} (not authenticated)" in approved.stdout, approved
    if me == "root":
        # What sudo tells is noted, because it counts against an approval.
        (approval,) = approved.report["approvals"]
        assert approval["approval"]["by"]["identity"]["sudo"] == "ada", approved
    applied = site.run("infrastructure.apply", plan_id, out=None)
    assert applied.rc == 0 and f"approved by os:{me} (not authenticated)" in applied.stdout, applied


def test_the_master_fixes_whose_pillar_counts(tmp_path):
    option = {"eos": {"minion": "web1", "fixed": ["minion", "variables", "secrets"]}}
    site = Site(tmp_path / "site", extra=option)
    try:
        echo = {"source": site.module("echo", modules.ECHO)}
        infrastructure = site.environment({"echo": echo})
        (site.pillars / "top.sls").write_text("base: {web1: [infrastructure]}\n")
        for words in ([], ["minion=web1"]):
            assert site.run("infrastructure.validate", *words).rc == 0
        for word in ("minion=web2", "variables={value: x}", "secrets={value: 'env:HOME'}"):
            refused = site.run("infrastructure.plan", "staging", word)
            name = word.split("=")[0]
            assert_refused(refused, f"arguments:{name}", "eos:fixed")
            # The pillar is not wrong, so no command shows what is wrong in it.
            assert "pillar" not in refused.report["error"]["remedy"], refused
        # An orchestration gives its pillarenv to the runners that it calls, and its pillar to its states.
        site.sls("call", "call:\n  salt.runner:\n    - name: infrastructure.validate\n")
        with (site.states / "call.sls").open("a") as sls:
            sls.write("echo:\n  eos_terraform.apply:\n    - environment: staging\n")
        other = tmp_path / "other"
        pillar = {"infrastructure": {**infrastructure, "settings": {"root": str(other)}}}
        words = ["pillarenv=nowhere", f"pillar={json.dumps(pillar)}"]
        done = site.run("state.orchestrate", "call", *words)
        assert done.rc == 0 and '"result": false' not in done.stdout, done
        assert (site.root / "staging" / "echo").exists() and not other.exists(), done
    finally:
        site.close()
