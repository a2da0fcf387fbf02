"""A lock in Consul keeps two masters apart. If the lock is lost, nothing else is lost."""

import json
import re
import signal

import pytest

from support import modules
from support.result import assert_refused
from support.site import Site
from support.waiting import until


@pytest.fixture
def lock(consul, request):
    """Settings with this test's own keys, and with a short wait for a busy lock."""
    prefix = request.node.name.replace("[", "-").replace("]", "")
    settings = {"type": "consul", "address": consul.address, "ttl": "10s", "lock_delay": "1s"}
    return {"lock": settings | {"prefix": prefix}, "lock_timeout": "1s"}


@pytest.fixture
def other(tmp_path):
    """A second master's site: its own root, the same Consul."""
    made = Site(tmp_path / "other")
    yield made
    made.close()


def slow(site, lock, seconds, **settings):
    source = site.module("slow", modules.waits(seconds))
    mark = site.folder / "mark"
    component = {"source": source, "variables": {"mark": str(mark)}}
    site.environment({"slow": component}, settings=lock | settings)
    return mark


def test_two_masters_never_run_one_component_at_the_same_time(site, other, lock, started):
    mark = slow(site, lock, 15)
    slow(other, lock, 0)
    run = started(site.salt_run("infrastructure.orchestrate", "environment=staging"))
    until(mark.exists, "the apply began", timeout=60)
    refused = other.orchestrate()
    assert_refused(refused, "locked by run", component="slow")
    held = other.run("infrastructure.locks", "environment=staging")
    (one,) = held.report["locks"]
    assert one["component"] == "slow" and one["holder"]["pid"] == run.pid, held
    assert one["id"] in refused.error_text("slow"), "what is refused says which id would be freed"
    shown = other.run("infrastructure.locks", "environment=staging", out=None).stdout
    assert "slow" in shown and one["id"] in shown, shown
    assert run.wait(90).rc == 0
    assert other.run("infrastructure.locks", "environment=staging").report["locks"] == []


def test_a_lock_released_by_force_stops_its_holder_once_and_is_audited(site, other, lock, started):
    mark = slow(site, lock, 60)
    slow(other, lock, 0)
    run = started(site.salt_run("infrastructure.orchestrate", "environment=staging"))
    until(mark.exists, "the apply began", timeout=60)
    words = ["infrastructure.unlock", "environment=staging", "component=slow"]
    wrong = other.run(*words, "id=6a0f3c1e-0000-0000-0000-000000000000")
    assert wrong.rc == 1 and "not_that_lock" in wrong.error_text(), wrong
    (one,) = other.run("infrastructure.locks", "environment=staging").report["locks"]
    freed = other.run(*words, f"id={one['id']}")
    assert freed.rc == 0 and freed.report["freed"]["pid"] == run.pid, freed
    done = run.wait(60)
    assert done.rc == 1, done
    error = done.report["components"]["slow"]["error"]
    assert error["code"] == "lock_lost", done
    kept = {one["name"] for one in site.state("slow")}
    assert "before" in kept and "after" not in kept, (
        "what was in flight was finished, and no more begun"
    )
    audit = (other.root / "staging" / ".eos" / "audit.jsonl").read_text().splitlines()
    assert json.loads(audit[-1])["id"] == one["id"]


def test_a_local_state_is_refused_on_another_host(site, other, lock, consul):
    slow(site, lock, 0)
    assert site.orchestrate().rc == 0
    key = f"{lock['lock']['prefix']}/staging/slow/record"
    value, _ = consul.keys(key)[key]
    record = json.loads(value)
    record["host"] = "another-host"
    assert consul.request(f"/v1/kv/{key}", "PUT", json.dumps(record).encode())
    slow(other, lock, 0)
    refused = other.orchestrate()
    assert_refused(refused, "another-host", component="slow")
    assert not (other.workdir("slow") / "terraform.tfstate").exists()


def test_a_second_master_continues_with_a_shared_state(site, other, lock, backend):
    server = backend("http")
    env = {f"EOS_TEST_{name}": value for name, value in server.env.items()}
    credentials = {"terraform": {"env": {name: f"env:EOS_TEST_{name}" for name in server.env}}}
    for one in (site, other):
        source = one.module("echo", modules.ECHO)
        one.environment(
            {"echo": {"source": source, "variables": {"value": "one"}}},
            settings=lock | credentials | {"backend": server.pillar},
        )
    assert site.orchestrate(env=env).statuses == {"echo": "applied"}
    known = other.run("infrastructure.status", "environment=staging", env=env)
    assert known.statuses == {"echo": "applied"}, "it knows of what another master did"
    second = other.orchestrate(env=env)
    assert second.rc == 0 and second.statuses == {"echo": "unchanged"}, second


def test_a_missing_consul_is_reported_and_nothing_runs(site, lock):
    nowhere = lock["lock"] | {"address": "http://127.0.0.1:9"}
    slow(site, lock | {"lock": nowhere}, 0)
    refused = site.orchestrate()
    assert_refused(refused, "http://127.0.0.1:9")
    assert not (site.workdir("slow") / "module").exists()


def test_a_holder_paused_past_its_ttl_loses_its_lock_and_stops_when_it_continues(
    site, other, lock, started, consul
):
    mark = slow(site, lock, 90)
    slow(other, lock, 0, lock_timeout="90s")
    run = started(site.salt_run("infrastructure.orchestrate", "environment=staging"))
    until(mark.exists, "the apply began", timeout=60)
    run.process.send_signal(signal.SIGSTOP)
    # The other run waits until Consul has ended the session of the stopped run.
    done = other.orchestrate(timeout=120)
    assert done.rc == 0 and done.statuses == {"slow": "applied"}, done
    waited = next(line for line in done.stderr.splitlines() if "waiting for run " in line)
    assert re.search(r"waiting for run [0-9A-Z]{26} of \S+ on \S+, since \d\d:\d\d UTC$", waited), (
        done
    )
    run.process.send_signal(signal.SIGCONT)
    lost = run.wait(60)
    assert lost.rc == 1, lost
    error = lost.report["components"]["slow"]["error"]
    assert error["code"] == "lock_lost", lost
    assert "this process did not run for" in error["message"], lost
