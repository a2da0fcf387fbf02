"""A service answers every request while it changes."""

import contextlib

import pytest

from support.asking import Asking
from support.nomad import Nomad
from support.services import UPDATE, args, settings, web

RATE = 15  # requests per second
# Seconds for which two clients use Consul's answer: one asks Consul each time, the other twice a second.
MEMORIES = (0, 0.5)


@pytest.fixture(scope="module")
def registering(tmp_path_factory, consul):
    """A Nomad that registers services with Consul."""
    made = Nomad(tmp_path_factory.mktemp("registering"), consul=consul.address)
    yield made
    made.close()


def test_no_request_fails_while_a_bad_version_is_rolled_back_and_a_good_one_rolls(
    site, consul, registering, providers
):
    own = settings(site.folder, providers, registering, consul={"address": consul.address})

    def deploy(text, status=200, **more):
        two = {"provider": "consul", "replicas": 2, "shutdown_delay": "2s"}
        service = web(text, **two, on_failure="rollback", **more) | {"args": args(text, status)}
        site.environment({}, settings=own, services={"web": service})
        return site.orchestrate()

    up = deploy("one")
    assert up.rc == 0, up
    with contextlib.ExitStack() as both:
        askers = [both.enter_context(Asking(consul, "web", RATE, memory)) for memory in MEMORIES]
        never = UPDATE | {"healthy_deadline": "5s", "auto_revert": False}
        bad = deploy("bad", 503, update=never)
        assert bad.statuses == {"nomad-web": "rolled_back"}, bad
        seen = [len(one) for one in askers]
        assert {word for one in askers for word in one.said} == {"one"}
        good = deploy("two")
        assert good.statuses == {"nomad-web": "applied"}, good
    for one, before in zip(askers, seen, strict=True):
        print(f"{len(one)} requests, {one.rate:.0f} a second, {len(one.failed)} failed")
        assert not one.failed, one.failed
        assert set(one.said[before:]) == {"one", "two"} and one.said[-1] == "two"
        assert len(one) > 200
