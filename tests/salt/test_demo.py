"""The environment of the demo, and the other example pillars. `test_pages.py` deploys the demo as the README does."""

import json
import re
import shlex
import shutil

import pytest

import configure
from support import modules, programs
from support.site import BIN, CHECKOUT, Site

ALL = {
    "networking", "dns", "load_balancer", "storage",
    "boundary", "hecate_proxy", "azure_llm", "backups",
}  # fmt: skip


@pytest.fixture
def demo(tmp_path):
    """The unchanged pillar of the demo, with its workdirs in a temporary folder."""
    folder = tmp_path / "demo"
    options = {"root": str(folder / "srv"), "terraform": programs.find("terraform") or "tofu"}
    site = Site(folder, sink=False, forks=False, extra={"demo": options})
    shutil.copytree(CHECKOUT / "pillar-examples" / "demo", site.pillars, dirs_exist_ok=True)
    yield site
    site.close()


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


def test_the_environment_of_the_documents_is_valid_and_its_order_crosses_providers(
    tmp_path, request
):
    tree = CHECKOUT / "pillar-examples" / "documents"
    # Its modules have the names of other examples.
    own = {"file_roots": {"base": [str(tree / "salt")]}}
    site = Site(tmp_path / "documents", extra={"eos": {"root": str(tmp_path / "srv")}} | own)
    request.addfinalizer(site.close)
    shutil.copytree(tree / "pillar", site.pillars, dirs_exist_ok=True)
    for environment in ("staging", "production"):
        done = site.run("infrastructure.validate", f"environment={environment}")
        assert done.rc == 0, done
    order = site.run("infrastructure.graph", "production").report["order"]
    chain = ["network", "nomad_cluster", "mesh", "nomad-grafana", "dns", "inventory"]
    assert [name for name in order if name in chain] == chain, order
    assert order.index("inventory") > max(order.index("backups"), order.index("models")), order
    modules = "".join(path.read_text() for path in (tree / "salt").rglob("*.tf"))
    providers = set(re.findall(r'(\w+) += \{ source = "', modules)) | {"nomad"}
    assert providers == {"aws", "azurerm", "cloudflare", "consul", "hcloud", "nomad", "vault"}
    differs = site.run("infrastructure.diff", "staging", "production").report["diff"]["components"]
    assert {"nomad-grafana", "dns", "nomad_cluster"} <= {one["name"] for one in differs}, differs


def test_salt_accepts_the_states_of_the_examples(site):
    """A part that this host lacks (cron, a service) does not count as their fault."""
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


def test_the_root_that_configure_gets_has_priority_over_the_one_of_any_pillar(
    site, tmp_path, monkeypatch, capsys
):
    site.environment({"echo": {"source": site.module("echo", modules.ECHO)}})
    root = tmp_path / "other root"
    root.mkdir()
    folders = ["--pillar", site.pillars, "--states", site.states, "--root", root]
    monkeypatch.setattr("sys.argv", ["configure.py", *map(str, [tmp_path / "new", *folders])])
    configure.main()
    eos, *words = shlex.split(capsys.readouterr().out.removeprefix("Next: "))
    checked = site.finish([BIN / eos, *words])
    assert checked.rc == 0 and checked.stdout.startswith("all environments: 12 ok"), checked
    applied = site.finish([BIN / eos, *words[:-1], "apply", "staging"])
    assert applied.rc == 0 and (root / "staging" / "echo").is_dir(), applied
    assert not site.workdir("echo").exists()
