"""plan, apply of exactly that plan, destroy, and operations that change nothing."""

import pytest

from support import modules
from support.result import assert_refused


@pytest.fixture
def pair(site):
    source = site.module("echo", modules.ECHO)
    site.components = {
        "first": {"source": source, "variables": {"value": "one"}},
        "second": {"source": source, "from_outputs": {"value": "first.value"}},
    }
    site.environment(site.components)
    return site


def test_a_saved_plan_is_applied_exactly_and_pending_components_are_named(pair):
    planned = pair.run("infrastructure.plan", "environment=staging")
    assert planned.rc == 0 and planned.report["result"] is None, planned
    assert planned.statuses == {"first": "planned", "second": "pending_inputs"}
    plan_id = planned.report["plan_id"]
    applied = pair.run("infrastructure.apply", f"plan_id={plan_id}", "environment=staging")
    assert applied.rc == 0 and applied.report["result"] is None, applied
    assert applied.statuses == {"first": "applied", "second": "pending_inputs"}
    assert not (pair.workdir("second") / "terraform.tfstate").exists()
    assert (
        applied.report["next_command"]
        == f"salt-run -c {pair.conf} infrastructure.orchestrate staging"
    ), applied
    twice = pair.run("infrastructure.apply", f"plan_id={plan_id}", "environment=staging")
    assert twice.rc == 1 and plan_id in twice.stdout, twice
    assert f"already applied by run {applied.report['run_id']}" in twice.stdout, twice


def test_a_plan_older_than_the_state_is_refused_with_the_change(pair):
    planned = pair.run("infrastructure.plan", "environment=staging", "components=first")
    pair.components["first"]["variables"] = {"value": "two"}
    pair.environment(pair.components)
    assert pair.orchestrate("components=first").rc == 0
    state = pair.state("first")
    plan_id = planned.report["plan_id"]
    stale = pair.run("infrastructure.apply", f"plan_id={plan_id}", "environment=staging")
    assert stale.rc == 1 and "Traceback" not in stale.said, stale
    assert "first" in stale.stdout and "state" in stale.stdout
    assert pair.state("first") == state


def test_destroy_needs_its_environment_and_runs_in_reverse_order(pair):
    assert pair.orchestrate().rc == 0
    for words in ([], ["confirm=production"], ["confirm=True"]):
        assert_refused(
            pair.run("infrastructure.destroy", "environment=staging", *words), "confirm=staging"
        )
    tested = pair.run(
        "infrastructure.destroy", "environment=staging", "confirm=staging", "test=True"
    )
    assert tested.rc == 0 and tested.report["result"] is None, tested
    assert pair.state("first") and pair.state("second")
    done = pair.run("infrastructure.destroy", "environment=staging", "confirm=staging")
    assert done.rc == 0 and set(done.statuses.values()) == {"destroyed"}, done
    assert pair.state("first") == [] and pair.state("second") == []
    again = pair.orchestrate()
    assert again.rc == 0, "what was destroyed on purpose can be made again"
    assert set(again.statuses.values()) == {"applied"}


def test_destroy_refuses_a_component_that_others_depend_on(pair):
    assert pair.orchestrate().rc == 0
    words = ["infrastructure.destroy", "environment=staging", "confirm=staging"]
    assert_refused(pair.run(*words, "components=first"), "second")
    assert pair.state("first")
    done = pair.run(*words, "components=second")
    assert done.rc == 0 and done.statuses == {"second": "destroyed"}, done


def test_graph_shows_order_and_edges_and_draws_them(pair):
    shown = pair.run("infrastructure.graph", "environment=staging")
    assert shown.rc == 0, shown
    assert shown.report["order"] == ["first", "second"], shown
    assert [(edge["from"], edge["to"]) for edge in shown.report["edges"]] == [("second", "first")]
    # Other programs read the drawing from stdout, so nothing else is there.
    mermaid = pair.run("infrastructure.graph", "environment=staging", "format=mermaid", out=None)
    assert mermaid.stdout.startswith("flowchart LR\n"), mermaid
    assert mermaid.stdout.rstrip("\n").endswith("c_first --> c_second"), mermaid
    dot = pair.run("infrastructure.graph", "environment=staging", "format=dot", out=None)
    assert dot.stdout.startswith("digraph infrastructure {\n"), dot
    assert dot.stdout.rstrip("\n").endswith("}") and "->" in dot.stdout, dot


def test_validate_status_and_outputs_change_nothing(pair):
    assert pair.run("infrastructure.validate", "environment=staging").rc == 0
    assert pair.run("infrastructure.status", "environment=staging").rc == 0
    assert not list(pair.root.rglob("*.tfstate"))
    assert pair.orchestrate().rc == 0
    outputs = pair.run("infrastructure.outputs", "environment=staging")
    assert outputs.rc == 0, outputs
    assert outputs.report["components"]["second"]["outputs"] == {"value": "one"}
    status = pair.run("infrastructure.status", "environment=staging")
    assert status.rc == 0 and set(status.report["components"]) == {"first", "second"}, status


def test_a_component_removed_from_the_pillar_is_reported_as_orphaned(pair):
    assert pair.orchestrate().rc == 0
    pair.environment({"first": pair.components["first"]})
    status = pair.run("infrastructure.status", "environment=staging")
    assert "orphaned" in status.stdout and "second" in status.stdout, status
    assert pair.orchestrate().rc == 0
    assert pair.state("second"), "it is destroyed only when asked"
    named = ["infrastructure.destroy", "environment=staging", "components=second"]
    assert pair.run(*named, "confirm=staging").statuses == {"second": "destroyed"}
    assert "orphaned" not in pair.run("infrastructure.status", "environment=staging").stdout
