"""Versions that cannot run: each fails with its reason, and the previous instance continues to serve."""

import contextlib
import socket

import pytest

from support.ports import free_port
from support.services import CANARY, answer, args, settings, urls, web
from support.site import Site

# From each service to the changes of its new version, and to the expected message.
FAIL = {
    "ends": ({"args": ["-c", "import sys; sys.exit('no such luck')"]}, "no such luck"),
    "ill": (
        {"args": args("new", 503), "update": CANARY | {"healthy_deadline": "12s"}},
        "of service ill is failing: ",
    ),
    "taken": ({}, "Address already in use"),
}
REFUSED = {
    "huge": ({"memory": 9_000_000}, "memory is exhausted on 1 node"),
    "picky": (
        {"constraints": [{"attribute": "${attr.kernel.name}", "value": "plan9"}]},
        '"${attr.kernel.name} = plan9" excludes 1 node',
    ),
    "driverless": ({"driver": "hovercraft"}, '"missing drivers" excludes 1 node'),
    "crowded": ({}, "reserved port collision"),
}


def holder(port):
    """A job that holds this port at each loopback address, because Nomad gives a port once for each address."""
    addresses = 1
    with contextlib.suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        addresses = 2
    return {
        "driver": "mock_driver",
        "config": {"run_for": "1h"},
        "ports": {"http": {"static": port}},
        "replicas": addresses,
        **{key: web("")[key] for key in ("provider", "cpu", "memory", "update", "shutdown_delay")},
    }


class Outcome:
    """The result of all services: deployed with a good version, and then with a bad one."""

    def __init__(self, nomad, before, indexes, done):
        self.nomad, self.before, self.indexes, self.done = nomad, before, indexes, done

    def told(self, name):
        return self.done.report["components"][f"nomad-{name}"]

    def serves_on(self, name):
        """Whether exactly the previous instance still answers, at its old address."""
        ((allocation, url),) = self.before[name].items()
        found = self.nomad.request(f"/v1/allocation/{allocation}")
        return found["DesiredStatus"] == "run" and answer(url) == f"the old {name}"


@pytest.fixture(scope="module")
def outcome(tmp_path_factory, nomad, providers):
    folder = tmp_path_factory.mktemp("bad")
    site = Site(folder / "site")
    own = settings(folder, providers, nomad, parallelism=8)
    held = free_port()
    services = {
        name: web(f"the old {name}", update=CANARY, on_failure="continue")
        for name in FAIL | REFUSED
    }
    beside = {"holder": holder(held)}
    site.environment({}, settings=own, services=services | beside)
    up = site.orchestrate()
    assert set(up.statuses.values()) == {"applied"}, up
    before = {name: urls(nomad, name) for name in services}
    indexes = {name: nomad.request(f"/v1/job/{name}")["JobModifyIndex"] for name in services}

    with socket.create_server(("127.0.0.1", 0)) as listener:
        services["crowded"]["ports"] = {"http": {"static": held}}
        services["taken"]["ports"] = {"http": {"static": listener.getsockname()[1]}}
        for name, (change, _) in (FAIL | REFUSED).items():
            services[name] |= {"args": args(f"the new {name}")} | change
        site.environment({}, settings=own, services=services | beside)
        done = site.orchestrate()
    yield Outcome(nomad, before, indexes, done)
    site.close()


@pytest.mark.parametrize("name", FAIL)
def test_a_broken_version_fails_with_its_reason_and_the_old_instance_still_serves(outcome, name):
    told = outcome.told(name)
    assert (told["status"], told["reason"]) == ("failed", "deployment_failed"), told
    message = told["error"]["message"]
    assert FAIL[name][1] in message, message
    assert "rolling back to job version 0" in message, message
    assert "the previous version runs again" in message, message
    assert outcome.serves_on(name)


@pytest.mark.parametrize("name", REFUSED)
def test_a_version_without_a_suitable_node_is_refused_before_anything_changes(outcome, name):
    told = outcome.told(name)
    assert (told["status"], told["reason"]) == ("failed", "nomad_unplaceable"), told
    message = told["error"]["message"]
    assert REFUSED[name][1] in message and "nothing was changed" in message, message
    job = outcome.nomad.request(f"/v1/job/{name}")
    assert job["JobModifyIndex"] == outcome.indexes[name], told
    assert outcome.serves_on(name)


def test_a_service_beside_bad_ones_is_not_affected(outcome):
    assert outcome.told("holder")["status"] == "unchanged", outcome.done
    assert outcome.done.rc == 1, outcome.done
