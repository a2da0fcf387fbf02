"""Rollback through Salt: after a failed run, and on request."""

from support import modules

STAGING = "environment=staging"

FAILS = {
    "main.tf": """
resource "terraform_data" "fails" {
  provisioner "local-exec" {
    command = "exit 3"
  }
}
"""
}


def declare(site, value, **others):
    components = {
        "echo": {"source": site.module("echo", modules.ECHO), "variables": {"value": value}}
    }
    site.environment({**components, **others}, settings={"on_failure": "rollback"})


def value(site):
    (outputs,) = site.run("infrastructure.outputs", STAGING).report["outputs"].values()
    return outputs["value"]


def test_changes_of_a_failed_run_are_rolled_back_and_the_terminal_shows_it(site):
    declare(site, "one")
    assert site.run("infrastructure.orchestrate", STAGING).rc == 0
    bad = {"source": site.module("bad", FAILS), "depends_on": ["echo"]}
    declare(site, "two", bad=bad)
    failed = site.run("infrastructure.orchestrate", STAGING, out=None)
    assert failed.rc == 1
    assert "1 kept, 1 rolled back" in failed.stdout, failed
    assert "rolling back echo" in failed.stderr, failed
    declare(site, "one")
    assert value(site) == "one"
    again = site.run("infrastructure.orchestrate", STAGING)
    assert again.statuses["echo"] == "unchanged", again


def test_a_component_is_rolled_back_from_the_master_and_from_a_minion(site):
    declare(site, "one")
    assert site.run("infrastructure.orchestrate", STAGING).rc == 0
    declare(site, "two")
    second = site.run("infrastructure.orchestrate", STAGING)
    snapshot_id = second.report["components"]["echo"]["snapshot_id"]
    where = ["components=echo", f"snapshot_id={snapshot_id}", STAGING]
    shown = site.run("infrastructure.rollback", *where, "test=True")
    assert (shown.rc, shown.statuses) == (0, {"echo": "planned"}), shown
    back = site.call("eos_terraform.rollback_to_snapshot", "echo", "staging", snapshot_id)
    assert back.rc == 0 and back.report["result"] is True, back
    assert value(site) == "one"
    staged = site.run("terraform.staged_rollback", "staging", "echo")
    assert staged.rc == 0 and staged.statuses == {"echo": "applied"}, staged
    assert value(site) == "two"
    unknown = "snapshot_id=01JD3KV6T0W8Q5YB4E2N9RZXCM"
    refused = site.run("infrastructure.rollback", "components=echo", unknown, STAGING)
    assert refused.rc == 1 and refused.report["error"]["code"] == "no_such_snapshot", refused
    looked = site.run("infrastructure.acknowledge", "components=echo", STAGING)
    assert looked.report["components"]["echo"]["reason"] == "nothing_to_acknowledge", looked
