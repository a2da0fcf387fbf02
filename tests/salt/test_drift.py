"""Changes outside Terraform: by a function, by Salt's schedule, and as an event on the bus."""

import json

import pytest

from support import mirrors
from support.moto import ACCESS_KEY, SECRET_KEY
from support.result import assert_refused
from support.site import CHECKOUT
from support.waiting import until


def things(world, component):
    return {
        "main.tf": world.provider(component)
        + world.thing("plain", body="one")
        + 'output "id" {\n  value = world_thing.plain.id\n}\n'
    }


@pytest.fixture
def web(world, site):
    """A site with one applied thing."""
    source = site.module("web", things(world, "web"))
    site.environment({"web": {"source": source}}, settings={"terraform": world.terraform})
    assert site.orchestrate().statuses == {"web": "applied"}
    return site


def look(site, *words):
    return site.run("infrastructure.drift", "environment=staging", *words)


def test_the_runner_and_the_module_report_drift_and_remediate_exactly_that(world, web):
    clean = look(web)
    assert clean.rc == 0 and clean.statuses == {"web": "unchanged"}, clean
    assert clean.report["drift_detected"] is False
    state = (web.workdir("web") / "terraform.tfstate").read_bytes()

    world.change("plain", body="by hand")
    found = look(web, "components=web")
    assert found.rc == 0 and found.report["result"] is True, found
    drift = found.report["components"]["web"]["drift"]
    assert [(one["address"], one["class"]) for one in drift["changes"]] == [
        ("world_thing.plain", "drifted")
    ]
    called = web.call("eos_terraform.detect_drift", "web", "environment=staging")
    assert called.rc == 0 and called.report["result"] is True, called
    assert called.report["drift_detected"] is True
    assert called.report["changes"] == drift["changes"]
    assert called.report["drift_id"] == drift["drift_id"]
    assert (web.workdir("web") / "terraform.tfstate").read_bytes() == state

    drawn = web.run("infrastructure.drift", "environment=staging", out=None)
    assert "changed outside; a plan would update it" in drawn.stdout, drawn
    command = next(line for line in drawn.stdout.splitlines() if "infrastructure.remediate" in line)
    words = command.split("salt-run ")[1].split()
    assert words[-1] == f"drift_id={drift['drift_id']}"
    moved = web.run(*words[:-1], "drift_id=" + "0" * 32)
    assert moved.rc == 1 and "drift_moved" in moved.stdout, moved
    done = web.run(*words)
    assert done.rc == 0 and done.statuses == {"web": "applied"}, done
    assert world.find("plain")["body"] == "one"
    assert look(web).statuses == {"web": "unchanged"}
    assert_refused(web.run("infrastructure.remediate", "staging", "web"), "drift_id")
    assert_refused(look(web, "components=webb"), "web")


def test_a_scheduled_check_stores_outputs_that_are_read_without_terraform(world, web):
    cached = ("infrastructure.outputs", "environment=staging", "cached=True")
    assert web.run(*cached).statuses == {"web": "absent"}
    assert web.run("terraform.sync_states", "environment=staging").rc == 0
    assert web.run(*cached).report["outputs"] == {"web": {"id": world.find("plain")["id"]}}
    world.delete("plain")
    called = web.call("terraform.sync_states", "environment=staging")
    assert called.rc == 0 and called.statuses == {"web": "drifted"}, called
    remembered = json.loads((web.root / "staging/.eos/components/web/drift.json").read_text())
    assert (remembered["seen"], remembered["alerted"]) == (1, False)


def rendered(site, name, tag, data):
    """A reactor file as the master renders it for an event."""
    path = CHECKOUT / "salt" / "reactor" / f"{name}.sls"
    done = site.call("slsutil.renderer", f"path={path}", f"tag={tag}", f"data={json.dumps(data)}")
    assert done.rc == 0, done
    return done.report


def test_the_reactor_reports_drift_with_the_command_that_corrects_it(site):
    changes = [{"address": 'world_thing.a["x: y"]', "class": "drifted", "actions": ["update"]}]
    drift = {
        "environment": "staging",
        "component": "web",
        "status": "drifted",
        "drift_id": "0" * 32,
        "changes": changes,
    }
    wrapped = {"id": "minion", "cmd": "_minion_event", "data": drift}
    for data in (drift, wrapped):
        told = rendered(site, "drift_alert", "eos/staging/web/drift", data)
        (tag, event) = told["tell of drift"]["runner.event.send"][0]["args"]
        assert tag == {"tag": "alert/staging/web"}
        assert changes[0]["address"] in event["data"]["text"]
        correct = "salt-run infrastructure.remediate staging web " + "0" * 32
        assert event["data"]["approve"] == correct
    failed = {"environment": "staging", "component": "web", "reason": "busy"}
    told = rendered(site, "drift_alert", "eos/staging/web/drift/failed", failed)
    (_, event) = told["tell of drift"]["runner.event.send"][0]["args"]
    assert event["data"]["text"] == "drift of staging/web cannot be checked: busy"


@pytest.mark.slow
def test_the_schedule_of_a_minion_finds_drift_and_sends_one_event(world, master):
    source = master.module("scheduled", things(world, "scheduled"))
    master.environment(
        {"scheduled": {"source": source}},
        name="watched",
        settings={"terraform": world.terraform, "drift": {"alert_after": 2}},
    )
    assert master.salt("saltutil.refresh_pillar", "wait=True").rc == 0
    applied = master.salt(
        "eos_terraform.apply", "scheduled", "environment=watched", "auto_approve=True"
    )
    assert applied.rc == 0, applied
    master.sls(
        "watch",
        """
terraform drift is looked for:
  schedule.present:
    - name: terraform.sync_states
    - function: terraform.sync_states
    - job_kwargs: {environment: watched}
    - seconds: 3
    - maxrunning: 1
""",
    )
    world.change("plain", body="by hand")
    listener = master.listen()

    def heard(tag):
        lines = listener.out.read_text().splitlines()
        return [line for line in lines if line.split("\t")[0] == tag]

    try:

        def listens():
            master.salt("event.send", "eos/test/ping")
            return heard("eos/test/ping")

        until(listens, "the listener hears", timeout=60)
        scheduled = master.salt("state.apply", "watch")
        assert scheduled.rc == 0, scheduled
        tag = "eos/watched/scheduled/drift"
        until(lambda: heard(tag), "the schedule told of drift", timeout=120)
        memory = master.root / "watched/.eos/components/scheduled/drift.json"
        until(lambda: json.loads(memory.read_text())["seen"] >= 4, "more checks", timeout=120)
        assert len(heard(tag)) == 1, heard(tag)
        assert "world_thing.plain" in heard(tag)[0] and "by hand" not in heard(tag)[0]
    finally:
        master.salt("schedule.delete", "terraform.sync_states")
        listener.end()


# The real provider, if this machine has it.

TOPICS = """
terraform {{
  required_providers {{
    aws = {{ source = "hashicorp/aws" }}
  }}
}}
provider "aws" {{
  region                      = "us-east-1"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints {{
    sns = "{url}"
  }}
}}
resource "aws_sns_topic" "topic" {{
  for_each = {{ for index in range(10) : "{name}-${{index}}" => index }}
  name     = each.key
  tags     = {{ Owner = "eos" }}
}}
"""


@pytest.mark.slow
@pytest.mark.together("moto")
@pytest.mark.parametrize(
    ("count", "changed"),
    [
        pytest.param(1, ["c0of1-0", "c0of1-7"], marks=pytest.mark.matrix),
        pytest.param(5, ["c0of5-0", "c0of5-7", "c2of5-3", "c4of5-9"], marks=pytest.mark.matrix),
    ],
)
def test_only_tags_changed_at_aws_are_found_as_drift(moto, site, tmp_path, count, changed):
    """Each of `count` components has ten topics. The account is shared, so no two tests have a topic of one name."""
    rc = tmp_path / "aws.tfrc"
    rc.write_text(mirrors.installation({"path": mirrors.require("hashicorp/aws")}))
    components = {}
    for name in (f"c{index}of{count}" for index in range(count)):
        source = site.module(name, {"main.tf": TOPICS.format(url=moto.url, name=name)})
        components[name] = {"source": source}
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    env = mirrors.LARGE | keys
    site.environment(components, settings={"terraform": {"cli_config_file": str(rc), "env": env}})
    assert set(site.orchestrate(timeout=600).statuses.values()) == {"applied"}
    assert set(look(site).statuses.values()) == {"unchanged"}
    for name in changed:
        moto.tag_topic(name, "Owner", "by hand")
    found = look(site).report["components"]
    drifted = {
        one["address"]: [attribute["path"] for attribute in one["attributes"]]
        for component in found.values()
        for one in component["drift"]["changes"]
    }
    assert drifted.keys() == {f'aws_sns_topic.topic["{name}"]' for name in changed}, found
    assert all("tags.Owner" in paths for paths in drifted.values()), found
