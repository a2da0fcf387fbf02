"""Only one run at a time works in a workdir, and the lock is held as long as its terraform runs."""

import os
import signal

import pytest

from support import modules
from support.proc import processes_in
from support.result import assert_refused
from support.waiting import until


@pytest.fixture
def slow(site):
    mark = site.folder / "mark"
    site.mark = mark
    component = {
        "source": site.module("slow", modules.waits(12)),
        "variables": {"mark": str(mark)},
    }
    site.environment({"slow": component}, settings={"lock_timeout": "1s"})
    return site


def begun(site, started):
    run = started(site.salt_run("infrastructure.orchestrate", "environment=staging"))
    until(site.mark.exists, "the apply began", timeout=60)
    return run


def test_the_second_of_two_runs_is_refused_with_the_holder_of_the_lock(slow, started):
    first = begun(slow, started)
    second = slow.orchestrate()
    assert second.rc == 1, second
    assert_refused(second, str(first.pid), component="slow")
    done = first.wait()
    assert done.rc == 0 and done.statuses == {"slow": "applied"}, done
    after = slow.orchestrate()
    assert after.rc == 0 and after.statuses == {"slow": "unchanged"}, after


def test_a_second_run_waits_until_the_lock_timeout(slow, started):
    slow.environment(
        {
            "slow": {
                "source": "salt://modules/slow",
                "variables": {"mark": str(slow.mark)},
            }
        },
        settings={"lock_timeout": "1m"},
    )
    first = begun(slow, started)
    second = slow.orchestrate()
    assert second.rc == 0 and second.statuses == {"slow": "unchanged"}, second
    assert first.wait().rc == 0


def test_a_killed_run_leaves_its_terraform_locked_until_it_ends(slow, started):
    run = begun(slow, started)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    left = "applied"
    if processes_in(slow.root):
        held = slow.orchestrate()
        # Either terraform still ran and was protected, or it had just exited and the run continued.
        assert held.rc == 0 or "locked" in held.stdout, held
        left = "unchanged" if held.rc == 0 else "applied"
    until(lambda: not processes_in(slow.root), "the orphaned terraform ended", timeout=60)
    slow.module("slow", modules.waits(0))
    after = slow.orchestrate()
    assert after.rc == 0 and after.statuses == {"slow": left}, after
    names = sorted(one["name"] for one in slow.state("slow"))
    assert names == ["after", "before", "slow"]


def test_an_old_text_in_a_lock_file_does_not_block(site):
    site.environment({"echo": {"source": site.module("echo", modules.ECHO)}})
    assert site.orchestrate().rc == 0
    kept = site.root / "staging" / ".eos" / "components" / "echo"
    locks = [path for path in kept.rglob("*lock*") if path.is_file()]
    assert locks, sorted(kept.rglob("*"))
    for path in locks:
        path.write_text('{"pid": 1, "run_id": "left over"}')
    after = site.orchestrate()
    assert after.rc == 0 and after.statuses == {"echo": "unchanged"}, after


def test_files_that_may_contain_a_secret_are_private(site):
    site.environment({"echo": {"source": site.module("echo", modules.ECHO)}})
    assert site.orchestrate().rc == 0
    open_to_others = [
        path
        for path in (site.root / "staging").rglob("*")
        if not path.is_symlink() and path.stat().st_mode & 0o077
    ]
    assert open_to_others == []
