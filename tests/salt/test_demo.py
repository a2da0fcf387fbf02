"""The environment of the documents, from the pillar that `make demo` uses."""

import json
import shutil

import pytest
import yaml

from support import programs
from support.site import CHECKOUT, Site

ALL = {
    "networking", "dns", "load_balancer", "storage",
    "boundary", "hecate_proxy", "azure_llm", "backups",
}  # fmt: skip


@pytest.fixture
def demo(tmp_path):
    """The demo's pillar as it is, with its workdirs in a temporary folder."""
    folder = tmp_path / "demo"
    eos = {"root": str(folder / "srv")}
    site = Site(
        folder,
        sink=False,
        forks=False,
        extra={"eos": eos | {"terraform": programs.find("terraform") or "tofu"}},
    )
    shutil.copytree(CHECKOUT / "pillar-examples" / "demo", site.pillars, dirs_exist_ok=True)
    yield site
    site.close()


def override(demo, component, **variables):
    """One more pillar file, after those of the demo."""
    top = demo.pillars / "top.sls"
    roots = yaml.safe_load(top.read_text())
    (target,) = roots["base"]
    roots["base"][target] = [*(one for one in roots["base"][target] if one != "zz"), "zz"]
    top.write_text(json.dumps(roots))
    environments = {"production": {"components": {component: {"variables": variables}}}}
    more = {"infrastructure": {"environments": environments}}
    (demo.pillars / "zz.sls").write_text("#!json\n" + json.dumps(more))


@pytest.mark.slow
def test_the_demo_comes_up_stays_unchanged_shows_one_change_and_goes_down(demo):
    first = demo.orchestrate(environment="production")
    assert first.rc == 0, first
    assert first.statuses == dict.fromkeys(ALL, "applied")
    second = demo.orchestrate(environment="production")
    assert second.rc == 0, second
    assert second.statuses == dict.fromkeys(ALL, "unchanged")
    override(demo, "backups", retention_days=99)
    tested = demo.orchestrate("test=True", environment="production")
    assert tested.rc == 0 and tested.report["result"] is None, tested
    assert tested.statuses == dict.fromkeys(ALL, "unchanged") | {"backups": "planned"}
    changes = tested.report["components"]["backups"]["resource_changes"]
    assert changes and "99" in json.dumps(changes), changes
    down = demo.run("infrastructure.destroy", "environment=production", "confirm=production")
    assert down.rc == 0 and down.statuses == dict.fromkeys(ALL, "destroyed"), down
    for name in ALL:
        assert demo.state(name, "production") == []


def test_the_demo_starts_dependencies_first(demo):
    done = demo.orchestrate(environment="production")
    assert done.rc == 0, done
    finished = [
        line.split()[0]
        for line in done.stderr.splitlines()
        if line.split() and line.split()[0] in ALL and "applied" in line
    ]
    assert set(finished) == ALL, done.stderr
    assert finished.index("networking") < finished.index("boundary")
    assert finished[-1] == "backups"


@pytest.mark.parametrize(
    "example",
    sorted(
        path.name
        for path in (CHECKOUT / "pillar-examples").iterdir()
        if (path / "top.sls").exists()
    ),
)
def test_every_example_is_valid(tmp_path, request, example):
    site = Site(tmp_path / "example", extra={"eos": {"root": str(tmp_path / "srv")}})
    shutil.copytree(CHECKOUT / "pillar-examples" / example, site.pillars, dirs_exist_ok=True)
    request.addfinalizer(site.close)
    shown = site.run("pillar.show_pillar")
    assert not shown.json.get("_errors"), shown
    for environment in shown.json["infrastructure"]["environments"]:
        done = site.run("infrastructure.validate", f"environment={environment}")
        assert done.rc == 0, done


def test_the_states_that_examples_run_are_states_that_salt_takes(site):
    """What this host has not got (cron, a service) is no fault of theirs."""
    steps = sorted(f"steps.{path.stem}" for path in (CHECKOUT / "salt" / "steps").glob("*.sls"))
    given = {"collector": "logs:5140", "watched": "boundary", "endpoint": "https://b"}
    pillar = f"pillar={json.dumps(given)}"
    done = site.call("state.apply", ",".join(steps), pillar, "test=True")
    rows = {}
    for tag, row in done.report.items():
        kind, name, _, function = tag.split("_|-")
        rows.setdefault(name, set()).add(f"{kind}.{function}")
        wanting = "could not be loaded" in row["comment"] or "not available" in row["comment"]
        assert row["result"] is not False or wanting, row
    assert rows == {
        "alert_rules": {"file.serialize", "service.running"},
        "backup_schedule": {"cron.present"},
        "log_shipping": {"file.managed", "service.running"},
    }, done
