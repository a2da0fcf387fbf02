"""Salt steps: on the minions of a real master, and without a master on this host's own minion."""

import os
import signal

import pytest

from support import modules
from support.waiting import until


def step(sls, target="min*", **more):
    return {"salt": {"target": target, "sls": sls, **more}}


def write_file(site, path):
    """Writes states that write a value of the pillar to a file."""
    lines = ["written:", "  file.managed:", f"    - name: {path}"]
    lines.append("    - contents: {{ pillar['cidr'] | json }}")
    site.sls("post", "\n".join(lines) + "\n")


def environment(site, path, **more):
    """A module, then a step that gets its output."""
    source = site.module("echo", modules.ECHO)
    write_file(site, path)
    net = {"source": source, "variables": {"value": "10.0.0.0/16"}}
    post = step("post", **more) | {"from_outputs": {"cidr": "net.value"}}
    return {"net": net, "post": post}


@pytest.mark.slow
def test_a_step_runs_on_the_minions_of_a_master(master):
    written = master.folder / "written-by-master"
    master.environment(environment(master, written), name="steps")
    done = master.run("infrastructure.orchestrate", "environment=steps")
    assert done.rc == 0, done
    post = done.json["components"]["post"]
    assert post["status"] == "applied", done
    assert written.read_text() == "10.0.0.0/16\n"
    (minion,) = post["salt"]["minions"].values()
    assert minion["changed"][0]["function"] == "file.managed", post
    assert len(post["salt"]["jids"][0]) == 20, "the job is one of Salt's own"
    again = master.run("infrastructure.orchestrate", "environment=steps", "test=True")
    assert again.json["components"]["post"]["status"] == "unchanged", again


@pytest.mark.slow
def test_a_minion_that_is_down_is_named_and_a_failed_state_shows_why(master):
    """`gone` has an accepted key and no process; `minion` has a state that fails."""
    key = master.folder / "salt" / "pki" / "minions"
    (key / "gone").write_text((key / "minion").read_text())
    master.sls("broken", "broken:\n  test.fail_without_changes: []\n")
    try:
        master.environment({"post": step("broken", "minion,gone", target_type="list")}, name="down")
        done = master.run("infrastructure.orchestrate", "environment=down")
    finally:
        (key / "gone").unlink()
    assert done.rc == 1, done
    post = done.json["components"]["post"]
    assert post["reason"] == "salt_failed", done
    said = post["error"]["message"]
    assert "gone: did not answer" in said and "test.fail_without_changes" in said, said


@pytest.mark.slow
def test_a_stop_ends_the_job_on_the_minion(master, tmp_path):
    marks = [tmp_path / "began", tmp_path / "ended"]
    slow = f"cmd.run:\n    - name: touch {marks[0]}; sleep 300; touch {marks[1]}"
    master.sls("slow", f"slow:\n  {slow}\n")
    master.environment({"post": step("slow")}, name="stopped")
    run = master.start(master.salt_run("infrastructure.orchestrate", "environment=stopped"))
    try:
        until(marks[0].exists, "the state began", timeout=60)
        os.kill(run.pid, signal.SIGINT)
        done = run.wait(60)
    finally:
        run.end()
    assert done.json["components"]["post"]["status"] == "cancelled", done

    def is_over():
        jobs = master.salt("saltutil.is_running", "state.sls")
        return jobs.json["minion"] == []

    until(is_over, "the minion ended the job", timeout=30)


def hook(sls, **more):
    return {"salt": {"target": "min*", "sls": sls, **more}}


def with_hooks(site, written):
    """A module with a hook that succeeds and one that warns, a step that its hook makes fail, and its dependent."""
    site.sls("broken", "broken:\n  test.fail_without_changes: []\n")
    write_file(site, written)
    source = site.module("echo", modules.ECHO)
    tells = [hook("post", pillar={"cidr": "told by a hook"}), hook("broken")]
    step = {"target": "min*", "function": "test.ping"}
    return {
        "net": {"source": source, "variables": {"value": 1}, "hooks": tells},
        "ping": {"salt": step, "depends_on": ["net"], "hooks": [hook("broken", on_failure="fail")]},
        "app": {"source": source, "variables": {"value": 1}, "depends_on": ["ping"]},
    }


def assert_hooks(done, written):
    assert done.rc == 1, done
    statuses = {"net": "applied_with_warnings", "ping": "failed", "app": "skipped"}
    assert done.statuses == statuses, done
    assert written.read_text() == "told by a hook\n"
    net, ping = (done.report["components"][name] for name in ("net", "ping"))
    assert "hooks:1 (salt) failed: 1 of 1 minion failed: minion: test.fail" in net["notes"][0]
    assert ping["reason"] == "hook_failed" and "hooks:0 (salt)" in ping["error"]["message"], done
    assert ping["salt"]["minions"]["minion"]["said"] is True, "the step itself was well"


@pytest.mark.slow
def test_hooks_run_states_on_the_minions_of_a_master(master):
    written = master.folder / "told-by-master"
    master.environment(with_hooks(master, written), name="hooked")
    assert_hooks(master.orchestrate(environment="hooked"), written)


def test_without_a_master_hooks_run_states_on_the_local_minion(site):
    written = site.folder / "told-here"
    site.environment(with_hooks(site, written))
    assert_hooks(site.orchestrate(), written)


def test_without_a_master_a_step_runs_on_the_local_minion(site):
    written = site.folder / "written-here"
    components = environment(site, written)
    site.environment(components)
    tested = site.call("eos_terraform.apply", "post", "staging", "auto_approve=True")
    assert "reads net.value" in tested.stdout, tested
    done = site.orchestrate()
    assert done.rc == 0, done
    assert done.json["components"]["post"]["status"] == "applied", done
    assert written.read_text() == "10.0.0.0/16\n"
    called = site.call("eos_terraform.apply", "post", "staging", "auto_approve=True")
    assert called.json["local"]["status"] == "unchanged", called
    site.environment({"post": step("post", "web*")})
    refused = site.orchestrate()
    said = refused.json["components"]["post"]["error"]["message"]
    assert "web* does not match this host's minion, minion" in said, refused


def test_a_step_inside_a_state_run_does_not_conflict_with_it(site):
    written = site.folder / "written-by-state"
    site.environment(environment(site, written))
    site.sls("up", "up:\n  eos_terraform.orchestrate:\n    - environment: staging\n")
    done = site.call("state.apply", "up")
    assert done.rc == 0, done
    assert written.read_text() == "10.0.0.0/16\n"
