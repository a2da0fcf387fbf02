"""A real master and a real minion: events on the bus, the state applied by `salt`."""

import contextlib
import json

import pytest

from support import api, modules
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
        ended = until(lambda: events(listener).get("eos/bus/run/finished"), "the end of the run")
        began = events(listener)["eos/bus/run/started"]
        assert began["run_id"] == ended["run_id"] == done.report["run_id"], ended
        assert began["jid"] == ended["jid"] == done.report["jid"], ended
        assert ended["counts"] == {"applied": 1} and " finished: 1 applied" in ended["message"]
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


def test_a_minion_gets_scripts_and_awkward_names_from_its_master(master):
    files = {
        "main.tf": """
resource "terraform_data" "this" {
  provisioner "local-exec" { command = "${path.module}/run.sh" }
}
output "texts" {
  value = [for name in sort(fileset(path.module, "data/*")) : file("${path.module}/${name}")]
}
""",
        "run.sh": "#!/bin/sh\n",
        "data/a?b.txt": "question",
        "data/c\\d.txt": "backslash",
    }
    source = master.module("awkward", files)
    (master.states / "modules/awkward/run.sh").chmod(0o755)
    master.environment({"awkward": {"source": source}}, name="awkward")
    assert master.salt("saltutil.refresh_pillar", "wait=True").rc == 0
    done = master.salt("eos_terraform.apply", "awkward", "awkward", "auto_approve=True")
    assert done.rc == 0, done
    assert done.json["minion"]["outputs"]["texts"] == ["question", "backslash"], done


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

        def returned(name):
            for tag, data in events(listener).items():
                if "/ret/" in tag and data.get("schedule"):
                    heard[data["schedule"]] = data
            return name in heard

        def answered(name):
            # The listener may not hear the first job. Each job is an apply on the minion, so none is started in vain.
            master.salt("schedule.run_job", name)
            with contextlib.suppress(AssertionError):
                until(lambda: returned(name), "the return of the job", timeout=5)
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


def test_a_function_on_a_minion_applies_the_pillar_of_the_master_and_not_an_older_one(master):
    source = master.module("echo", modules.ECHO)

    def pillar(value):
        master.environment(
            {"echo": {"source": source, "variables": {"value": value}}}, name="fresh"
        )

    def output():
        return master.run("infrastructure.outputs", "fresh").report["components"]["echo"]["outputs"]

    pillar("one")
    assert master.salt("saltutil.refresh_pillar", "wait=True").rc == 0
    words = ["echo", "environment=fresh"]
    for function, more in [("apply", ["auto_approve=True"]), ("ensure_infrastructure", [])]:
        pillar(function)
        done = master.salt(f"eos_terraform.{function}", *words, *more)
        assert done.json["minion"]["result"] is True, done
        assert output() == {"value": function}, done
    pillar("planned")
    alice = ["--auth", api.EAUTH, "--username", "alice", "--password", api.PASSWORD]
    plan = ["-t", "60", "minion", "eos_terraform.plan", *words]
    drawn = master.finish(master.salt_command(*alice, *plan))
    assert drawn.stdout.startswith("minion:\nfresh (plan): 1 planned   +0 ~1 -0"), drawn
    planned = master.salt("eos_terraform.plan", *words).json["minion"]
    command = planned["apply_command"]
    assert command.startswith("salt minion eos_terraform.apply echo fresh plan_file="), planned
    applied = master.salt(*command.split()[2:])
    assert applied.json["minion"]["status"] == "applied", applied
    assert output() == {"value": "planned"}
    # A component that the pillar of the minion does not know yet.
    master.environment({"new": {"source": source}}, name="fresh")
    done = master.salt("eos_terraform.destroy", "new", "fresh", "auto_approve=True")
    assert done.json["minion"]["status"] == "unchanged", done
    # Half a pillar is not the master's pillar.
    master.pillar_text("a: {{ nowhere.at.all }}\n")
    refused = master.salt("eos_terraform.apply", *words, "auto_approve=True").json["minion"]
    assert refused["result"] is False, refused
    assert "could not compile the pillar of minion" in refused["error"]["message"], refused
    pillar("one")


def test_a_plan_with_the_pillar_of_a_named_minion_is_applied_with_that_pillar(site):
    site.environment({"echo": {"source": site.module("echo", modules.ECHO)}})
    planned = site.run("infrastructure.plan", "staging", "minion=web1", out=None)
    assert planned.rc == 0, planned
    command = planned.stdout.split("to apply this plan: ")[1].splitlines()[0]
    assert command.startswith(f"salt-run -c {site.conf} infrastructure.apply plan_id="), planned
    assert command.endswith(" minion=web1"), planned
    assert site.finish([site.salt_run()[0], *command.split()[1:]]).rc == 0


def test_the_layers_tell_which_minions_of_the_pillar_answer_their_master(master):
    def step(target):
        call = {"target": target, "target_type": "list", "function": "test.ping"}
        return {"salt": call}

    source = master.module("echo", modules.ECHO)
    components = {"echo": {"source": source}, "step": step("minion")}
    master.environment(components, name="layers")
    done = master.run("infrastructure.status", "layers", "layers=True")
    assert done.rc == 0, done
    salt = done.report["layers"]["salt"]
    assert salt["status"] == "healthy" and salt["faults"] == [], salt
    facts = salt["facts"]
    assert facts["runs_on"] == "master" and facts["has_master"] is True, facts
    assert facts["minions"] == {"minion": True} and facts["version"], facts
    assert done.report["layers"]["terraform"]["facts"]["program"]["version"], done

    master.environment({**components, "nobody": step("nobody")}, name="layers")
    missing = master.run("infrastructure.status", "layers", "layers=True", out=None)
    assert missing.rc == 1, missing
    assert 'no minion with an accepted key matches "nobody"' in missing.stdout, missing
