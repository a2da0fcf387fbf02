"""Services of the pillar, through salt-run and salt-call."""

import json
import subprocess
import sys

from support import engine, programs
from support.result import assert_refused
from support.services import answers, web
from support.site import CHECKOUT
from support.waiting import until

HOSTILE = 'a "b" ${c} %{d} {{ e }} \\ \n ü'


def job(nomad, name):
    """The environment of a job's only task."""
    return nomad.find(f"/v1/job/{name}")["TaskGroups"][0]["Tasks"][0]["Env"]


def test_a_service_is_shown_as_module_and_job_and_nothing_runs(site):
    site.environment({}, services={"web": {"image": "x", "port": 80, "env": {"A": HOSTILE}}})
    shown = site.call(
        "eos_orchestrator.generate_nomad_job", "web", "staging", 'service_config={"replicas": 7}'
    )
    assert shown.rc == 0, shown
    assert set(shown.report["files"]) == {
        "main.tf",
        "outputs.tf",
        "variables.tf",
        "web.nomad.tpl",
    }
    assert "count = 7" in shown.report["job"] and "\\u0024{c}" in shown.report["job"]
    assert not list(site.root.iterdir())
    wrong = site.call("eos_orchestrator.generate_nomad_job", "wob", "staging")
    assert_refused(wrong, "arguments:service", "did you mean")


def test_a_service_and_a_template_below_salt_are_orchestrated_and_destroyed(site, nomad, world):
    site.module(
        "services",
        {
            "mine.nomad.tpl": 'job "${service}" {\n  type = "batch"\n  group "g" {\n    task "t" {\n'
            '      driver = "mock_driver"\n      config {\n        run_for = "1ms"\n      }\n      env = ${literal.env}\n    }\n  }\n}\n',
            "app.conf.tpl": HOSTILE,
        },
    )
    services = {
        "shown": {
            "driver": "mock_driver",
            "config": {"run_for": "1h"},
            "replicas": 1,
            "cpu": 20,
            "memory": 20,
            "env": {"A": HOSTILE},
            "templates": {
                "source": "salt://modules/services/app.conf.tpl",
                "destination": "local/app.conf",
                "left_delimiter": "<<",
                "right_delimiter": ">>",
            },
            "update": {"min_healthy_time": "100ms"},
        },
        "mine": {"template": "salt://modules/services/mine.nomad.tpl", "env": {"A": HOSTILE}},
    }
    settings = {"terraform": world.terraform, "nomad": {"address": nomad.address}}
    site.environment({}, settings=settings, services=services)
    done = site.orchestrate()
    assert done.rc == 0 and done.report["result"] is True, done
    assert job(nomad, "shown")["A"] == HOSTILE and job(nomad, "mine")["A"] == HOSTILE
    task = nomad.find("/v1/job/shown")["TaskGroups"][0]["Tasks"][0]
    assert task["Templates"][0]["EmbeddedTmpl"] == HOSTILE
    again = site.orchestrate()
    assert {one["status"] for one in again.report["components"].values()} == {"unchanged"}, again
    gone = site.run("infrastructure.destroy", "staging", "confirm=staging")
    assert gone.rc == 0, gone
    until(lambda: nomad.find("/v1/job/shown") is None, "the job is purged")


def test_a_service_runs_or_the_reason_is_shown_and_the_old_version_still_serves(site, nomad, world):
    settings = {"terraform": world.terraform, "nomad": {"address": nomad.address}}
    site.environment({}, settings=settings, services={"front": web("one")})
    order = site.call("eos_orchestrator.get_deployment_order", "staging")
    assert order.rc == 0 and order.report["order"] == ["nomad-front"], order
    valid = site.call("eos_orchestrator.nomad_validate_job", "front", "staging")
    assert valid.rc == 0 and valid.report["valid"] is True, valid
    assert nomad.find("/v1/job/front") is None
    shown = site.call("eos_orchestrator.deploy_service", "front", "staging", "test=True")
    assert shown.report["healthy"] is None and nomad.find("/v1/job/front") is None, shown

    up = site.call("eos_terraform.deploy_nomad_service", "front", "staging")
    assert up.rc == 0 and up.report["result"] is True and up.report["snapshot_id"], up
    assert up.report["outputs"]["job_id"] == "front", up
    assert answers(nomad, "front") == ["one"]

    bad = json.dumps({"args": ["-c", "import sys; sys.exit('no such luck')"]})
    failed = site.call(
        "eos_orchestrator.deploy_service", "front", "staging", f"service_config={bad}"
    )
    assert failed.rc != 0 and failed.report["healthy"] is False, failed
    assert failed.report["reason"] == "deployment_failed", failed
    assert "no such luck" in failed.report["error"]["message"], failed
    assert answers(nomad, "front") == ["one"]
    told = site.call("eos_orchestrator.diagnose", "front", "staging")
    assert told.rc == 0 and "no such luck" in json.dumps(told.report), told

    impossible = json.dumps({"constraints": [{"attribute": "${node.class}", "value": "moon"}]})
    nowhere = site.call(
        "eos_orchestrator.nomad_validate_job", "front", "staging", f"service_config={impossible}"
    )
    assert nowhere.report["valid"] is False, nowhere
    assert nowhere.report["error"]["code"] == "nomad_unplaceable", nowhere
    wrong = site.call("eos_terraform.deploy_nomad_service", "wob", "staging")
    assert_refused(wrong, "nomad-wob")


def test_the_demo_of_three_layers_is_deployed_answers_and_is_destroyed(
    consul, vault, nomad, providers
):
    # The demo has its own servers. The fixtures show that their programs are available.
    demo = CHECKOUT / "tests" / "servers" / "demo.py"
    argv = [sys.executable, demo, programs.terraform()]
    done = subprocess.run(
        argv, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    told = [line.split() for line in done.stdout.splitlines() if line.endswith("HTTP 200")]
    container = ["container"] if engine.found() else []
    assert [line[0] for line in told] == ["api", *container, "database", "web", "worker"], done
    assert f"{9 + len(container)} applied" in done.stderr + done.stdout, done
    assert "Vault keeps the API_KEY of api at secret/services/development/api" in done.stdout, done
