"""Names and habits of the project's first documents, through Salt."""

import json

from support import modules

SERVICE = {
    "name": "web",
    "environment": "staging",
    "config": {"command": "/bin/true", "replicas": 1},
}


def test_the_documents_names_work_and_name_ours(site):
    echo = {"source": site.module("echo", modules.ECHO), "variables": {"value": "one"}}
    pillar = {
        "components": {"echo": echo},
        "environments": {"production": {}, "staging": {}},
        "settings": {"profile": "documents", "root": str(site.root)},
    }
    site.pillar(pillar)
    up = site.run("terraform.orchestrate_infrastructure", "env=staging")
    assert up.rc == 0 and up.statuses == {"echo": "applied"}, up
    again = site.run("infrastructure.orchestrate_infrastructure", "staging")
    assert again.rc == 0 and again.statuses == {"echo": "unchanged"}, again
    # Without an environment, the profile's default counts.
    assert (
        site.run("infrastructure.orchestrate_infrastructure").report["environment"] == "production"
    )
    applied = site.call(
        "eos_terraform.apply_terraform", "workspace=echo", "env=staging", "variables={value: two}"
    )
    assert applied.rc == 0 and applied.report["message"] == "applied, +0 ~1 -0", applied
    planned = site.call("eos_terraform.terraform_plan", "echo", "staging")
    assert planned.report["valid"] is True, planned
    assert planned.report["resource_changes"][0]["action"] == ["update"], planned
    assert site.call("eos_terraform.validate_pillar_data", "staging").report["result"] is True
    lock = site.call("eos_terraform.acquire_terraform_lock", "echo")
    assert lock.rc == 1 and " locks ENVIRONMENT shows" in lock.report["error"]["remedy"], lock


def test_a_service_may_stand_at_the_top_of_the_pillar_but_not_in_both_places(site):
    environments = {"environments": {"staging": {}}, "settings": {"root": str(site.root)}}
    site.pillar(environments, nomad_service=SERVICE)
    found = site.run("infrastructure.graph", "staging")
    assert found.report["order"] == ["nomad-web"], found
    site.pillar({**environments, "nomad_service": [SERVICE]}, nomad_service=SERVICE)
    twice = site.run("infrastructure.graph", "staging")
    assert twice.rc == 1 and "use one place" in str(twice.report["error"]), twice
    # Without the key infrastructure, its own environment is the only one.
    site.pillar_text("#!json\n" + json.dumps({"nomad_service": SERVICE}))
    alone = site.run("infrastructure.validate")
    assert alone.rc == 0 and alone.report["environment"] == "staging", alone
    assert alone.report["order"] == ["nomad-web"], alone
