"""A service that is asked all the while it changes answers each time."""

import pytest

from support.asking import Asking
from support.nomad import Nomad
from support.services import UPDATE, args, settings, web

RATE = 30  # a second


@pytest.fixture(scope="module")
def registering(tmp_path_factory, consul):
    """A Nomad that registers services with Consul."""
    made = Nomad(tmp_path_factory.mktemp("registering"), consul=consul.address)
    yield made
    made.close()


def test_no_request_fails_while_a_bad_version_is_rolled_back_and_a_good_one_rolls(
    site, consul, registering, providers
):
    own = settings(
        site.folder, providers, registering, consul={"address": consul.address}, parallelism=8
    )

    def deploy(text, status=200, **more):
        service = web(
            text, provider="consul", replicas=2, shutdown_delay="1s", on_failure="rollback"
        )
        service |= {"args": args(text, status), **more}
        site.environment({}, settings=own, services={"web": service})
        return site.orchestrate()

    up = deploy("one")
    assert up.rc == 0, up
    with Asking(consul, "web", RATE) as asking:
        never = UPDATE | {"healthy_deadline": "5s", "auto_revert": False}
        bad = deploy("bad", 503, update=never)
        assert bad.statuses == {"nomad-web": "rolled_back"}, bad
        seen = len(asking)
        assert set(asking.said) == {"one"}
        good = deploy("two")
        assert good.statuses == {"nomad-web": "applied"}, good
    print(f"{len(asking)} requests, {asking.rate:.0f} a second, {len(asking.failed)} failed")
    assert not asking.failed, asking.failed
    assert set(asking.said[seen:]) == {"one", "two"} and asking.said[-1] == "two"
    assert len(asking) > 200
