"""A real master and a real minion: events on the bus, the state applied by `salt`."""

import json

import pytest

from support import modules
from support.waiting import until

pytestmark = pytest.mark.slow


def events(listener):
    """The events that the listener has received so far: from tag to data."""
    heard = {}
    for line in listener.out.read_text().splitlines():
        tag, _, data = line.partition("\t")
        if data:
            heard[tag] = json.loads(data)
    return heard


def test_a_run_puts_its_phases_and_its_resources_on_the_event_bus(master):
    source = master.module("echo", modules.ECHO)
    master.environment({"echo": {"source": source}}, name="bus")
    listener = master.listen()
    try:
        # Checks that the listener receives events before any other event is sent.
        def listens():
            master.salt("event.send", "eos/test/ping")
            return "eos/test/ping" in listener.out.read_text()

        until(listens, "the listener hears", timeout=60)
        done = master.run("infrastructure.orchestrate", "environment=bus")
        assert done.rc == 0, done
        ours = until(
            lambda: [tag for tag in events(listener) if tag.startswith("eos/bus/echo/")],
            "events of the component",
        )
        assert len(ours) >= 2, ours
        applied = [data for tag, data in events(listener).items() if tag in ours]
        assert all("run_id" in json.dumps(data) for data in applied), applied
        resource = events(listener)["eos/bus/echo/resource"]
        shown = {key: resource[key] for key in ("action", "state")}
        assert shown == {"action": "create", "state": "done"}, resource
        assert resource["address"].startswith("terraform_data.") and resource["seconds"] >= 0, (
            resource
        )
    finally:
        listener.end()


def test_the_state_is_applied_on_a_minion_by_salt(master):
    source = master.module("echo", modules.ECHO)
    component = {"source": source, "variables": {"value": "by salt"}}
    master.environment({"echo": component}, name="minions")
    master.sls("echo", "echo:\n  eos_terraform.apply:\n    - environment: minions\n")
    assert master.salt("saltutil.refresh_pillar", "wait=True").rc == 0
    tested = master.salt("state.apply", "echo", "test=True")
    (row,) = tested.json["minion"].values()
    assert row["result"] is None, tested
    done = master.salt("state.apply", "echo")
    assert done.rc == 0, done
    (row,) = done.json["minion"].values()
    assert row["result"] is True and row["changes"], done
    assert master.state("echo", "minions")
    outputs = master.salt("eos_terraform.get_outputs", "echo", "environment=minions")
    assert "by salt" in outputs.stdout, outputs


def test_an_asynchronous_run_ends_and_stores_its_result(master):
    source = master.module("echo", modules.ECHO)
    master.environment({"echo": {"source": source}}, name="async")
    argv = [*master.salt_run("infrastructure.orchestrate", "environment=async"), "--async"]
    assert master.finish(argv).rc == 0
    state = master.workdir("echo", "async") / "terraform.tfstate"
    until(state.exists, "the asynchronous run applied", timeout=60)


def test_a_schedule_may_not_use_retry(master):
    """A schedule calls repeatedly, but a failed version waits for a person."""
    source = master.module("echo", modules.ECHO)
    master.environment({"echo": {"source": source}}, name="planned")
    assert master.salt("saltutil.refresh_pillar", "wait=True").rc == 0
    listener = master.listen()
    try:
        # A scheduled job may run once a minute or never, so the test starts it itself.
        for name, words in {"without": "", "with": ", retry: True"}.items():
            added = master.salt(
                "schedule.add",
                name,
                "function=eos_terraform.apply",
                f"job_kwargs={{component: echo, environment: planned, auto_approve: True{words}}}",
                "seconds=86400",
                "run_on_start=False",
            )
            assert added.json["minion"]["result"] is True, added
        heard = {}

        def answered(name):
            master.salt("schedule.run_job", name)
            for tag, data in events(listener).items():
                if "/ret/" in tag and data.get("schedule"):
                    heard[data["schedule"]] = data
            return name in heard

        until(lambda: answered("with"), "the job that asks for another try", timeout=60)
        report = heard["with"]["return"]
        assert report["result"] is False and heard["with"]["retcode"] == 1, report
        assert "is not allowed in a schedule" in json.dumps(report["error"]), report
        assert not master.workdir("echo", "planned").exists()
        until(lambda: answered("without"), "the job without it", timeout=60)
        assert heard["without"]["return"]["result"] is True, heard
    finally:
        for name in ("with", "without"):
            master.salt("schedule.delete", name)
        listener.end()
