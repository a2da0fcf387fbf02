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
    # It went back already, and it stays back.
    assert staged.rc == 0 and staged.statuses == {"echo": "unchanged"}, staged
    assert value(site) == "one"
    unknown = "snapshot_id=01JD3KV6T0W8Q5YB4E2N9RZXCM"
    refused = site.run("infrastructure.rollback", "components=echo", unknown, STAGING)
    assert refused.rc == 1 and refused.report["error"]["code"] == "no_such_snapshot", refused
    looked = site.run("infrastructure.acknowledge", "components=echo", STAGING)
    assert looked.report["components"]["echo"]["reason"] == "nothing_to_acknowledge", looked


DOCUMENTS = """
rollback_infrastructure:
  salt.runner:
    - name: terraform.staged_rollback
    - environment: staging
    - components:
        - echo
    - preserve_data: True
"""


def test_the_documents_state_goes_back_once_and_stays_back(site):
    (site.states / "rollback.sls").write_text(DOCUMENTS)
    declare(site, "v1")
    assert site.run("infrastructure.orchestrate", STAGING).rc == 0
    declare(site, "v2-bad")
    assert site.run("infrastructure.orchestrate", STAGING).rc == 0
    for _ in range(3):
        assert site.run("state.orchestrate", "rollback").rc == 0
        assert value(site) == "v1"


def test_a_state_and_a_minion_take_down_everything_but_the_data(site):
    kept = {"main.tf": 'resource "terraform_data" "disk" {}\nresource "terraform_data" "vm" {}\n'}
    data = {"data": ["terraform_data.disk"]}
    parts = {name: {"source": site.module("kept", kept), **data} for name in ("one", "two")}
    site.environment(parts)
    assert site.run("infrastructure.orchestrate", STAGING).rc == 0
    call = ["eos_terraform.destroy", "one", "staging", "auto_approve=True"]
    asked = site.call(*call)
    assert asked.rc == 1 and asked.report["components"]["one"]["reason"] == "takes_data", asked
    down = site.call(*call, "preserve_data=True")
    assert down.rc == 0 and down.statuses == {"one": "data_kept"}, down
    state = (
        "down:\n  eos_terraform.destroy:\n    - environment: staging\n    - components: [two]\n"
        "    - confirm: staging\n    - preserve_data: True\n"
    )
    (site.states / "down.sls").write_text(state)
    applied = site.run("state.orchestrate", "down")
    assert applied.rc == 0 and "data_kept" in applied.stdout, applied
    assert "terraform_data.disk" in applied.stdout, applied
    up = site.run("infrastructure.orchestrate", STAGING, "test=True")
    assert up.report["components"]["two"]["changes"]["add"] == 1, up
