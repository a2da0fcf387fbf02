"""The snapshots before each apply, and how they are shown."""

import pytest

from support import modules
from support.result import assert_refused


@pytest.fixture
def echo(site):
    site.source = site.module("echo", modules.ECHO)
    for value in ("one", "two"):
        site.environment({"echo": {"source": site.source, "variables": {"value": value}}})
        done = site.orchestrate()
        assert done.statuses == {"echo": "applied"}, done
        site.taken = done.report["components"]["echo"]["snapshot_id"]
    return site


def test_snapshots_are_listed_newest_first(echo):
    found = echo.run("infrastructure.snapshots", "environment=staging", "components=echo")
    assert found.rc == 0, found
    last, first = found.report["snapshots"]
    assert last["snapshot_id"] == echo.taken and last["component"] == "echo", found
    assert last["configuration"] == first["next"] and first["configuration"] is None
    assert (last["operation"], last["serial"] > 0, first["state"]) == ("orchestrate", True, None)
    drawn = echo.run("infrastructure.snapshots", "environment=staging", out=None).stdout
    lines = [line for line in drawn.splitlines() if "echo" in line]
    assert len(lines) == 2 and echo.taken in lines[0] and "before the first" in lines[1], drawn


def test_an_unchanged_run_names_no_snapshot_and_an_unknown_component_is_refused(echo):
    again = echo.orchestrate()
    assert again.statuses == {"echo": "unchanged"}, again
    assert "snapshot_id" not in again.report["components"]["echo"]
    refused = echo.run("infrastructure.snapshots", "environment=staging", "components=ecko")
    assert_refused(refused, "components", "echo")


def test_the_execution_module_returns_the_snapshot_of_its_apply(echo):
    echo.environment({"echo": {"source": echo.source, "variables": {"value": "three"}}})
    called = echo.call("eos_terraform.apply", "echo", "environment=staging", "auto_approve=True")
    assert called.report["status"] == "applied", called
    found = echo.run("infrastructure.snapshots", "environment=staging")
    assert found.report["snapshots"][0]["snapshot_id"] == called.report["snapshot_id"]
