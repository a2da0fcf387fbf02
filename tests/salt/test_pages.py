"""The pages of the documentation work when a reader follows them from the top."""

import json

import pytest

from support.http_backend import HttpBackend
from support.nomad import Nomad
from support.notices import Chat
from support.pages import Reader, blocks, hearing, names
from support.ports import free_port
from support.waiting import until

# Pages that one reader follows one after the other, in one site. All other guides are followed alone.
TOGETHER = {
    "first-deployment": [
        "README.md",
        "docs/guides/first-deployment.md",
        "pillar-examples/README.md",
    ],
    "destroy": ["docs/guides/destroy.md", "docs/reference/states.md"],
}
ALONE = [
    "approvals",
    "carry",
    "history",
    "masterless",
    "outputs",
    "recovery",
    "rollback",
    "tenants",
]
WITH_SERVERS = [
    "create",
    "drift",
    "master",
    "merge-requests",
    "notifications",
    "schedule",
    "secrets",
    "services",
]
# Lines that are not run here, and the reasons. Each line must still be on its page.
CANNOT = {
    "README.md": {
        "salt-pip install --no-deps saltext_eos-*.whl": "test_wheel.py installs the wheel",
    },
    "docs/guides/drift.md": {
        "salt-call state.apply terraform.drift pillar='{environment: staging}'": (
            "a minion must run: test_environments.py renders the state, test_drift.py runs its job"
        ),
    },
    "docs/guides/secrets.md": {
        "vault kv put secret/login token=s3cr3t-of-the-example": "the Vault of tests has no client",
    },
}


def follow(reader, guide):
    for page in TOGETHER.get(guide, [f"docs/guides/{guide}.md"]):
        reader.follow(page, CANNOT.get(page, ()))


@pytest.mark.quick
@pytest.mark.parametrize("page", CANNOT)
def test_a_line_that_is_not_run_is_still_on_its_page(page):
    lines = [line for block in blocks(page) for line in block.lines]
    assert set(CANNOT[page]) <= set(lines)


@pytest.mark.quick
def test_every_page_with_commands_is_followed():
    followed = {f"docs/guides/{guide}.md" for guide in ALONE + WITH_SERVERS}
    followed.update(page for pages in TOGETHER.values() for page in pages)
    assert {
        page for page in names() if any(one.language == "sh" for one in blocks(page))
    } == followed


@pytest.mark.slow
def test_the_demo_and_the_first_deployment_work_as_they_are_written(site):
    reader = Reader(site, env={"EDITOR": "sed -i s/90}/91}/"})
    with hearing(reader.checkout / ".demo"):
        follow(reader, "first-deployment")


@pytest.mark.parametrize("guide", ["destroy", *ALONE])
def test_a_guide_works_as_it_is_written(site, guide):
    follow(Reader(site), guide)


def test_the_guide_to_drift_works_as_it_is_written(site, world):
    things = world.provider("web") + world.thing("plain", body="one")
    web = {"source": site.module("web", {"main.tf": things})}
    site.pillar({"components": {"web": web}, "environments": {"staging": {}}})

    def somebody_changes_it(reader):
        reader.run("salt-run infrastructure.orchestrate staging")
        world.change("plain", body="by hand")

    def somebody_changes_it_again(reader):
        world.change("plain", body="by hand, again")
        reader.run("salt-run infrastructure.drift environment=staging  # 1 drifted")

    reader = Reader(
        site,
        settings={"terraform": world.terraform},
        before={
            "salt-run infrastructure.drift staging": somebody_changes_it,
            "salt-run infrastructure.accept_drift staging web DRIFT_ID test=True": somebody_changes_it_again,
        },
    )
    follow(reader, "drift")


def test_the_guide_to_merge_requests_works_as_it_is_written(site):
    folders = {name: site.folder / name[5:] for name in ("/srv/infra", "/srv/build", "/srv/ci")}
    backend = HttpBackend(user=None)

    def the_master_applies(_):
        """It holds the locks of all states. The plan of a branch needs none."""
        locks = [path.replace("states", "locks") for path in backend.states]
        backend.locks |= {path: {"ID": "1"} for path in locks}

    try:
        reader = Reader(
            site,
            before={"eos plan -e": the_master_applies},
            addresses=folders | {"http://127.0.0.1:8080": backend.url},
        )
        follow(reader, "merge-requests")
    finally:
        backend.close()
    assert set(backend.states) == {
        f"/states/staging/{name}" for name in ("network", "proxy", "storage")
    }
    assert not list((site.folder / "ci" / "terraform").rglob("*.tfplan"))


@pytest.mark.matrix
def test_the_guide_to_a_running_master_works_as_it_is_written(master):
    follow(Reader(master), "master")


def test_the_guide_to_notifications_works_as_it_is_written(site):
    chat = Chat(port=0)
    try:
        follow(Reader(site, addresses={"http://127.0.0.1:8065": chat.url}), "notifications")
    finally:
        chat.close()
    words = ("started: 1", "finished: 1 applied", "started: 1", "failed: 1 failed")
    assert len(chat.said) == len(words), chat.texts()
    assert all(word in text for word, text in zip(words, chat.texts(), strict=True)), chat.texts()
    assert "The greeting must not be empty." in chat.texts()[3], chat.texts()


def test_the_guide_to_a_schedule_works_as_it_is_written(site):
    chat = Chat(port=0)
    try:
        follow(Reader(site, addresses={"http://127.0.0.1:8065": chat.url}), "schedule")
    finally:
        chat.close()
    assert len(chat.said) == 1, chat.texts()
    assert "orchestrate" in chat.texts()[0] and "failed" in chat.texts()[0], chat.texts()


def test_the_guide_to_secrets_works_as_it_is_written(site, vault):
    def somebody_writes_it(_):
        body = json.dumps({"data": {"token": "s3cr3t-of-the-example"}}).encode()
        vault.request("/v1/secret/data/login", "POST", body)

    reader = Reader(
        site,
        env={"VAULT_TOKEN": vault.token},
        before={"salt-run infrastructure.orchestrate": somebody_writes_it},
        addresses={"http://127.0.0.1:8200": vault.address},
    )
    follow(reader, "secrets")


@pytest.fixture
def registering(tmp_path, consul):
    """A Nomad whose services are in Consul."""
    made = Nomad(tmp_path, consul=consul.address)
    yield made
    made.close()


def test_the_guide_to_create_works_as_it_is_written(site, registering, consul, world):
    reader = Reader(
        site,
        settings={"terraform": world.terraform},
        addresses={
            "http://127.0.0.1:4646": registering.address,
            "http://127.0.0.1:8500": consul.address,
            "8321": str(free_port()),
        },
    )
    follow(reader, "create")
    assert consul.request("/v1/health/service/hello") == []


def test_the_guide_to_services_works_as_it_is_written(site, registering, consul, vault, world):
    task = {
        "Name": "web",
        "Driver": "raw_exec",
        "Config": {"command": "sleep", "args": ["3600"]},
        "Env": {"PASSWORD": "{{ hunter2 }}"},
        "Resources": {"CPU": 20, "MemoryMB": 20},
    }
    group = {"Name": "web", "Tasks": [task]}
    job = {"ID": "web", "Name": "web", "Datacenters": ["*"], "TaskGroups": [group]}

    def somebody_runs_web(_):
        if registering.find("/v1/job/web") is None:
            registering.request("/v1/jobs", "POST", json.dumps({"Job": job}).encode())
            until(started, "web runs")

    def started():
        """When the tasks of the job have started."""
        found = registering.request("/v1/job/web/allocations")
        states = [one["TaskStates"]["web"] for one in found if one["TaskStates"]]
        return [one["StartedAt"] for one in states if one["State"] == "running"]

    def the_reader_puts_it_into_the_pillar(reader):
        described = reader.site.root / "staging/.eos/described_jobs/web.sls"
        (reader.site.pillars / "web.sls").write_text(described.read_text())
        reader.top({"*": ["infrastructure", "web"]})
        before.extend(started())

    before = []
    reader = Reader(
        site,
        settings={"terraform": world.terraform},
        env={"VAULT_TOKEN": vault.token},
        before={
            "eos adopt-job staging web": somebody_runs_web,
            "eos adopt-job staging web --test": the_reader_puts_it_into_the_pillar,
        },
        addresses={
            "http://127.0.0.1:4646": registering.address,
            "http://127.0.0.1:8500": consul.address,
            "http://127.0.0.1:8200": vault.address,
        },
    )
    follow(reader, "services")
    passing = consul.request("/v1/health/service/hello?passing=true")
    assert len(passing) == 1, passing
    assert started() == before, "the task did not notice"
    assert "hunter2" not in "".join(reader.printed)
