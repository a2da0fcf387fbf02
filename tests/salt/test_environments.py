"""A state, an orchestration or a schedule never works on an environment that nobody named."""

import json

import pytest

from support import modules

BOTH = ("production", "staging")


@pytest.fixture
def two(site):
    """One component in two environments."""
    source = site.module("echo", modules.ECHO)
    site.environment({"echo": {"source": source}}, environments=dict.fromkeys(BOTH, {}))
    return site


def made(site):
    return {path.parent.parent.name for path in site.root.rglob("terraform.tfstate")}


def test_states_that_name_no_environment_or_two_are_refused_and_list_them(two):
    two.sls(
        "wrong",
        """
echo:
  eos_terraform.apply: []
all of it:
  eos_terraform.orchestrate:
    - environment: production
    - env: staging
nothing of it:
  eos_terraform.destroy:
    - environment: production
    - workspace: staging
    - confirm: staging
aws_vpc.main:
  terraform_resource.present:
    - component: echo
    - resource_id: vpc-0
    - workspace: staging
    - environment: production
""",
    )
    done = two.call("state.apply", "wrong")
    rows = done.report.values()
    assert len(rows) == 4, done
    for row in rows:
        assert row["result"] is False, row
        assert all(name in row["comment"] for name in BOTH), row
    assert not made(two)


def test_orchestrations_without_a_name_are_refused_and_the_pillars_environment_is_one(two):
    for words in (["orchestrate.deploy"], ["orchestrate.destroy", "pillar={confirm: staging}"]):
        refused = two.run("state.orchestrate", *words)
        assert refused.rc == 1 and all(name in refused.stdout for name in BOTH), refused
    assert not made(two)
    done = two.run("state.orchestrate", "orchestrate", "pillar={environment: staging}")
    assert done.rc == 0 and made(two) == {"staging"}, done


def test_the_drift_schedule_is_for_the_named_environment_or_is_refused(two):
    def shown(*words):
        return two.call("state.show_sls", "terraform.drift", *words).report[
            "terraform drift is looked for"
        ]

    refused = shown()
    assert "test" in refused, refused
    assert all(name in json.dumps(refused) for name in BOTH), refused
    single = json.loads((two.pillars / "infrastructure.sls").read_text().partition("\n")[2])
    single["infrastructure"]["environments"] = {"staging": {}}
    named = shown("pillar={environment: staging}")
    two.pillar(single["infrastructure"])
    unnamed = shown()
    assert "test" in unnamed and "name the environment" in json.dumps(unnamed), unnamed
    assert {"seconds": 3600} in named["schedule"] and {"splay": 600} in named["schedule"]
    assert {"job_kwargs": {"environment": "staging"}} in named["schedule"], named


def test_without_an_environment_in_the_call_that_of_the_minion_counts(two):
    infrastructure = json.loads((two.pillars / "infrastructure.sls").read_text().partition("\n")[2])
    two.pillar(infrastructure["infrastructure"], environment="staging")
    planned = two.call("eos_terraform.plan", "echo")
    assert planned.rc == 0 and planned.report["environment"] == "staging", planned
    refused = two.run("infrastructure.destroy", "confirm=staging")
    assert refused.rc == 1 and all(name in refused.stdout for name in BOTH), refused
    both = two.call(
        "eos_terraform.apply", "echo", "staging", "environment=production", "auto_approve=True"
    )
    assert both.rc == 1 and "two environments" in both.error_text(), both
    assert not made(two)
