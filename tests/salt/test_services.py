"""Services of the pillar, by salt-run and salt-call."""

from support.result import assert_refused
from support.waiting import until

HOSTILE = 'a "b" ${c} %{d} {{ e }} \\ \n ü'


def job(nomad, name):
    """The environment of a job's only task."""
    return nomad.find(f"/v1/job/{name}")["TaskGroups"][0]["Tasks"][0]["Env"]


def test_a_service_is_shown_as_module_and_job_and_nothing_is_run(site):
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
            '      driver = "mock_driver"\n      env = ${literal.env}\n    }\n  }\n}\n'
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
        },
        "mine": {"template": "salt://modules/services/mine.nomad.tpl", "env": {"A": HOSTILE}},
    }
    settings = {"terraform": world.terraform, "nomad": {"address": nomad.address}}
    site.environment({}, settings=settings, services=services)
    done = site.orchestrate()
    assert done.rc == 0 and done.report["result"] is True, done
    assert job(nomad, "shown")["A"] == HOSTILE and job(nomad, "mine")["A"] == HOSTILE
    again = site.orchestrate()
    assert {one["status"] for one in again.report["components"].values()} == {"unchanged"}, again
    gone = site.run("infrastructure.destroy", "staging", "confirm=staging")
    assert gone.rc == 0, gone
    until(lambda: nomad.find("/v1/job/shown") is None, "the job is purged")
