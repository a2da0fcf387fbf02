"""Runs: their order, their outputs, changes, and components that are not touched."""

import pytest

from support import modules
from support.result import assert_refused
from support.site import CHECKOUT


@pytest.fixture
def network(site):
    """A site with networking, and with a server that reads its subnet."""
    site.module("networking", modules.NETWORK)
    site.module("server", modules.SERVER)
    site.components = {
        "networking": {"source": "salt://modules/networking"},
        "server": {
            "source": "salt://modules/server",
            "from_outputs": {"subnet_id": "networking.subnet_id"},
        },
    }
    site.environment(site.components)
    return site


def test_outputs_feed_the_next_component_and_a_second_run_changes_nothing(network):
    first = network.orchestrate()
    assert first.rc == 0, first
    assert first.statuses == {"networking": "applied", "server": "applied"}
    outputs = {name: one["outputs"] for name, one in first.report["components"].items()}
    assert outputs["server"]["endpoint"] == f"https://{outputs['networking']['subnet_id']}"
    assert first.report["components"]["networking"]["changes"] == {
        "add": 3,
        "change": 0,
        "remove": 0,
        "import": 0,
        "forget": 0,
        "action_invocation": 0,
        "deferred": 0,
    }
    second = network.orchestrate()
    assert second.rc == 0 and second.report["result"] is True, second
    assert second.statuses == {"networking": "unchanged", "server": "unchanged"}
    assert {name: one["outputs"] for name, one in second.report["components"].items()} == outputs


def test_the_report_has_its_flat_and_versioned_shape(network):
    report = network.orchestrate().report
    assert {
        "schema", "run_id", "operation", "environment", "result", "test", "jid", "user",
        "versions", "started", "duration", "components", "error",
    } <= set(report)  # fmt: skip
    assert report["schema"] == 1 and report["operation"] == "orchestrate"
    assert {"eos", "salt"} <= set(report["versions"])
    component = report["components"]["networking"]
    assert {
        "status", "reason", "changes", "resource_changes", "outputs", "output_changes",
        "duration", "error",
    } <= set(component)  # fmt: skip
    addresses = {one["address"] for one in component["resource_changes"]}
    assert 'terraform_data.subnet["a"]' in addresses
    for one in component["resource_changes"]:
        assert one["type"] == "terraform_data" and one["actions"] == ["create"]


def test_a_test_of_a_change_shows_it_and_leaves_the_dependent_pending(network):
    assert network.orchestrate().rc == 0
    network.components["networking"]["variables"] = {"cidr": "10.9.0.0/16"}
    network.environment(network.components)
    before = network.state("networking")
    tested = network.orchestrate("test=True")
    assert tested.rc == 0 and tested.report["result"] is None, tested
    assert tested.statuses == {"networking": "planned", "server": "pending_inputs"}
    changes = tested.report["components"]["networking"]["resource_changes"]
    assert all(one["actions"] == ["update"] for one in changes)
    assert network.state("networking") == before
    done = network.orchestrate()
    assert done.statuses == {"networking": "applied", "server": "applied"}, done


def test_a_test_that_does_not_touch_the_output_leaves_the_dependent_unchanged(network):
    assert network.orchestrate().rc == 0
    more = modules.NETWORK["main.tf"] + 'resource "terraform_data" "more" {}\n'
    network.module("networking", {"main.tf": more})
    tested = network.orchestrate("test=True")
    assert tested.statuses == {"networking": "planned", "server": "unchanged"}, tested


def test_a_failed_component_skips_its_dependents_and_keeps_created_resources(site):
    bad, echo = site.module("bad", modules.FAILS), site.module("echo", modules.ECHO)
    site.environment(
        {
            "bad": {"source": bad},
            "next": {"source": echo, "from_outputs": {"value": "bad.value"}},
            "free": {"source": echo},
        },
        settings={"on_failure": "continue"},
    )
    done = site.orchestrate()
    assert_refused(done, "terraform_data.bad", "on fire", component="bad")
    assert done.statuses == {"bad": "failed", "next": "skipped", "free": "applied"}
    assert "good" in {one["name"] for one in site.state("bad")}
    assert not (site.workdir("next") / "terraform.tfstate").exists()


def test_one_component_runs_alone_on_the_last_outputs_of_its_dependencies(network):
    early = network.orchestrate("components=server")
    assert early.rc == 1, "its dependency has no outputs yet"
    assert network.orchestrate().rc == 0
    alone = network.orchestrate("components=server")
    assert alone.rc == 0 and alone.statuses == {"server": "unchanged"}, alone
    both = network.orchestrate("components=server", "include_dependencies=True")
    assert set(both.statuses) == {"networking", "server"}


def test_a_disabled_component_is_not_touched(network):
    assert network.orchestrate().rc == 0
    network.components["networking"] |= {"enabled": False, "variables": {"cidr": "10.5.0.0/16"}}
    network.environment(network.components)
    done = network.orchestrate()
    assert done.rc == 0, done
    assert done.statuses["server"] == "unchanged"
    assert done.statuses.get("networking", "skipped") == "skipped"


def test_a_file_deleted_at_the_source_plans_a_destroy_that_policy_blocks(site):
    source = site.module(
        "two",
        {
            "one.tf": 'resource "terraform_data" "one" {}',
            "two.tf": 'resource "terraform_data" "two" {}',
        },
    )
    site.environment({"two": {"source": source}})
    assert site.orchestrate().rc == 0
    (site.states / "modules" / "two" / "two.tf").unlink()
    blocked = site.orchestrate()
    assert_refused(blocked, "allow_destroy", component="two")
    assert blocked.statuses == {"two": "blocked"}
    assert len(site.state("two")) == 2
    site.environment({"two": {"source": source, "policy": {"allow_destroy": True}}})
    allowed = site.orchestrate()
    assert allowed.rc == 0 and allowed.statuses == {"two": "applied"}, allowed
    assert [one["name"] for one in site.state("two")] == ["one"]


def test_protect_is_never_overridden(site):
    source = site.module("echo", modules.ECHO)
    policy = {"allow_destroy": True, "protect": ["terraform_data"]}
    site.environment({"echo": {"source": source}}, settings={"policy": policy})
    assert site.orchestrate().rc == 0
    done = site.run("infrastructure.destroy", "environment=staging", "confirm=staging")
    assert_refused(done, "protect", component="echo")
    assert site.state("echo")


def test_environments_add_to_and_override_common_values(network):
    network.environment(
        network.components,
        environments={
            "staging": {
                "components": {
                    "networking": {"variables": {"cidr": "10.77.0.0/16"}},
                    "extra": {"source": "salt://modules/server", "variables": {"subnet_id": "x"}},
                }
            },
            "production": {},
        },
    )
    done = network.orchestrate()
    assert set(done.statuses) == {"networking", "server", "extra"}, done
    assert done.report["components"]["networking"]["outputs"]["cidr"] == "10.77.0.0/16"
    checked = network.run("infrastructure.validate", "environment=production")
    assert checked.rc == 0, checked


def test_a_module_is_rendered_by_jinja_only_when_asked(site):
    text = """
output "value" {
  value = "{{ pillar['region'] }}"
}
"""
    source = site.module("rendered", {"main.tf": text})
    infrastructure = site.environment(
        {"plain": {"source": source}, "rendered": {"source": source, "template": "jinja"}}
    )
    site.pillar(infrastructure, region="eu-central")
    done = site.orchestrate()
    assert done.rc == 0, done
    assert done.report["components"]["rendered"]["outputs"] == {"value": "eu-central"}
    assert done.report["components"]["plain"]["outputs"] == {"value": "{{ pillar['region'] }}"}


def test_terraform_is_started_twice_for_a_first_run_and_once_for_no_change(site, tmp_path):

    calls = tmp_path / "calls"
    site.environment(
        {"echo": {"source": site.module("echo", modules.ECHO), "variables": {"value": "x"}}},
        settings={
            "terraform": {
                "binary": str(CHECKOUT / "tests" / "process" / "counts-calls"),
                "env": {"EOS_TEST_CALLS": str(calls)},
            }
        },
    )
    assert site.orchestrate().rc == 0
    made = [word for word in calls.read_text().split() if word != "version"]
    assert made == ["plan", "apply"]
    calls.unlink()
    assert site.orchestrate().statuses == {"echo": "unchanged"}
    assert [word for word in calls.read_text().split() if word != "version"] == ["plan"]
