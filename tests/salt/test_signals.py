"""A stop is one SIGINT to terraform, a wait, and a correct report."""

import signal
import time

import pytest

from support import modules
from support.proc import processes_in
from support.site import CHECKOUT
from support.waiting import until


@pytest.fixture
def slow(site):
    """A slow component that can be stopped, and one that depends on it."""
    mark = site.folder / "mark"
    site.slow = {
        "source": site.module("slow", modules.waits(60)),
        "variables": {"mark": str(mark)},
    }
    site.mark = mark
    after = {"source": site.module("echo", modules.ECHO), "depends_on": ["slow"]}
    site.components = {"slow": site.slow, "after": after}
    site.environment(site.components)
    return site


def begun(site, started, *words):
    run = started(site.salt_run("infrastructure.orchestrate", "environment=staging", *words))
    until(site.mark.exists, "the apply began", timeout=60)
    return run


def assert_stopped(site, done):
    assert done.rc == 1, done
    assert "Traceback" not in done.said, done
    assert done.report["result"] is False
    assert done.statuses == {"slow": "cancelled", "after": "skipped"}, done
    kept = {one["name"] for one in site.state("slow")}
    assert "before" in kept and "after" not in kept
    until(lambda: not processes_in(site.root), "nothing works in the workdirs", timeout=5)


def assert_goes_on(site):
    """Checks that the next run succeeds without help."""
    site.module("slow", modules.waits(0))
    again = site.orchestrate()
    assert again.rc == 0, again
    assert again.statuses == {"slow": "applied", "after": "applied"}


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM], ids=lambda one: one.name)
def test_a_signal_during_an_apply_keeps_completed_changes_and_reports_them(slow, started, which):
    run = begun(slow, started)
    run.process.send_signal(which)
    assert_stopped(slow, run.wait())
    assert_goes_on(slow)


def test_cancel_by_run_id_stops_a_run_of_another_process(slow, started):
    run = begun(slow, started)
    status = slow.run("infrastructure.status", "environment=staging")
    assert status.rc == 0, status
    (run_id,) = status.report["running"]
    cancelled = slow.run("infrastructure.cancel", f"run_id={run_id}")
    assert cancelled.rc == 0, cancelled
    assert_stopped(slow, run.wait())


def test_cancel_of_an_unknown_run_is_refused(slow):
    done = slow.run("infrastructure.cancel", "run_id=01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert done.rc == 1 and "01ARZ3NDEKTSV4RRFFQ69G5FAV" in done.error_text(), done


def test_a_timeout_of_the_apply_fails_the_component_and_keeps_completed_changes(slow):
    slow.environment(slow.components, settings={"timeouts": {"apply": "3s"}})
    done = slow.orchestrate()
    assert done.rc == 1, done
    assert done.statuses == {"slow": "failed", "after": "skipped"}
    assert "timeouts:apply" in done.error_text("slow").replace("timeouts.apply", "timeouts:apply")
    assert "before" in {one["name"] for one in slow.state("slow")}
    until(lambda: not processes_in(slow.root), "nothing works in the workdirs", timeout=5)


def test_a_terraform_that_ignores_sigint_is_killed_after_its_grace(slow, started):
    slow.environment(
        slow.components,
        settings={
            "terraform": {
                "binary": str(CHECKOUT / "tests" / "process" / "ignores-sigint"),
                "env": {"EOS_TEST_MARK": str(slow.mark)},
            },
            "timeouts": {"stop_grace": "2s"},
        },
    )
    run = begun(slow, started)
    asked = time.monotonic()
    run.process.send_signal(signal.SIGINT)
    done = run.wait()
    assert time.monotonic() - asked > 2, "it was not given its grace"
    assert done.rc == 1, done
    assert done.statuses["slow"] == "cancelled"
    assert "killed" in done.error_text("slow")
    until(lambda: not processes_in(slow.root), "nothing works in the workdirs", timeout=5)


def test_a_second_interrupt_warns_what_a_third_would_lose(slow, started):
    slow.environment(
        slow.components,
        settings={
            "terraform": {
                "binary": str(CHECKOUT / "tests" / "process" / "ignores-sigint"),
                "env": {"EOS_TEST_MARK": str(slow.mark)},
            }
        },
    )
    run = begun(slow, started)

    def interrupt(answer):
        run.process.send_signal(signal.SIGINT)
        until(lambda: answer in run.err.read_text(), f"it says {answer!r}")

    interrupt("stopping: terraform finishes")
    interrupt("may then exist without being in the state")
    assert "(slow" in run.err.read_text(), "what is in flight is named"
    assert run.process.poll() is None, "it still waits for terraform"
    interrupt("killing terraform")
    done = run.wait()
    assert done.rc == 1 and done.statuses["slow"] == "cancelled", done
    assert "without being in the state" in done.error_text("slow")
    until(lambda: not processes_in(slow.root), "nothing works in the workdirs", timeout=5)
