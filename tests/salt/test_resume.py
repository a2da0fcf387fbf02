"""A run that crashed is reported, and can be resumed."""

import os
import signal

from support import modules
from support.waiting import until


def test_a_run_killed_during_an_apply_is_reported_as_crashed_and_resumed(site, started):
    mark = site.folder / "mark"
    components = {
        "first": {"source": site.module("network", modules.NETWORK)},
        "slow": {
            "source": site.module("slow", modules.waits(15)),
            "variables": {"mark": str(mark)},
            "depends_on": ["first"],
        },
        "after": {"source": site.module("echo", modules.ECHO), "depends_on": ["slow"]},
    }
    site.environment(components)
    run = started(site.salt_run("infrastructure.orchestrate", "environment=staging"))
    until(mark.exists, "the apply began", timeout=60)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    history = site.run("infrastructure.history", "environment=staging")
    (died,) = history.report["runs"]
    assert died["state"] == "died" and died["components"] == {"first": "applied"}, history
    shown = site.run("infrastructure.show_run", died["run_id"], out=None)
    assert "infrastructure.resume" in shown.stdout and "applying" in shown.stdout, shown
    site.module("slow", modules.waits(0))
    resumed = site.run("infrastructure.resume", "environment=staging")
    assert resumed.rc == 0, resumed
    assert resumed.statuses == {"first": "unchanged", "slow": "applied", "after": "applied"}
    assert resumed.report["components"]["first"]["reason"] == "done_before"
    last, _ = site.run("infrastructure.history", "environment=staging").report["runs"]
    assert last["resumes"] == died["run_id"] and last["state"] == "complete"
