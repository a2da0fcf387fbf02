"""Past runs, kept plans and patterns, as a user of salt-run and of states meets them."""

import pytest

from support import modules


@pytest.fixture
def tenants(site):
    source = site.module("echo", modules.ECHO)
    names = ("tenant_a", "tenant_b", "shared")
    site.environment({name: {"source": source, "variables": {"value": "one"}} for name in names})
    return site


def test_a_pattern_is_named_before_the_run_and_a_past_run_is_drawn_alone(tenants):
    ran = tenants.run("infrastructure.orchestrate", "staging", "components=tenant_*", out=None)
    assert ran.rc == 0 and "2 applied" in ran.stdout, ran
    assert "tenant_* matches tenant_a, tenant_b" in ran.stderr, ran
    history = tenants.run(
        "infrastructure.history", "staging", "since=1h", "status=complete", "component=tenant_?"
    )
    (run,) = history.report["runs"]
    shown = tenants.run("infrastructure.show", run["run_id"], out=None)
    assert shown.stdout.startswith(f"run {run['run_id']}: orchestrate of staging, complete\n")
    assert "2 applied" in shown.stdout and "tenant_a   + " in shown.stdout, shown
    page = tenants.run("infrastructure.show", "staging", run["run_id"], "format=markdown", out=None)
    assert page.rc == 0 and page.stdout.startswith("### `orchestrate of staging`"), page
    assert "| `tenant_a` | applied |" in page.stdout and "```diff\n+ " in page.stdout, page
    written = tenants.run("infrastructure.show", run["run_id"], "html=run.html", out=None)
    file = tenants.folder / "run.html"
    assert written.stdout == f"the page is in {file}\n" and "tenant_a" in file.read_text(), written
    listed = tenants.run("infrastructure.history", "staging", out=None)
    assert all(len(line) <= 80 for line in listed.stdout.splitlines()), listed
    assert f"by {run['user']}" in listed.stdout, listed


def test_a_state_takes_a_pattern(tenants):
    tenants.sls("up", "up:\n  eos_terraform.orchestrate:\n    - components: tenant_*\n")
    applied = tenants.call("state.apply", "up")
    assert applied.rc == 0, applied
    assert tenants.state("tenant_a") and tenants.state("tenant_b"), applied
    assert not tenants.workdir("shared").exists()
