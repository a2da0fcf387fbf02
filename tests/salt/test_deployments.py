"""The life of a service, by salt-call and salt-run: only the necessary parts change."""

from support.services import UPDATE, answers, args, settings, urls, web
from support.waiting import until


def running(nomad, name="web"):
    """From the id to the state of each instance that must run and does run."""
    found = nomad.find(f"/v1/job/{name}/allocations") or []
    wanted = [one for one in found if one["DesiredStatus"] == "run"]
    return {
        one["ID"]: one["TaskStates"][name] for one in wanted if one["ClientStatus"] == "running"
    }


def test_a_service_is_deployed_scaled_rolled_promoted_and_purged(site, nomad, providers):
    own = settings(site.folder, providers, nomad)

    def deploy(**changes):
        service = web("one") | changes
        site.environment({}, settings=own, services={"web": service})
        return site.call("eos_terraform.deploy_nomad_service", "web", "staging")

    def deployed(**changes):
        done = deploy(**changes)
        assert done.rc == 0 and done.report["result"] is True, done
        return done

    deployed()
    ((first, state),) = running(nomad).items()
    assert answers(nomad, "web") == ["one"]

    # Scaled up and down again: running instances are not touched.
    up = deployed(replicas=3)
    assert {key for key, count in up.report["changes"].items() if count} == {"change"}, up
    three = running(nomad)
    assert len(three) == 3 and three[first]["StartedAt"] == state["StartedAt"], three
    deployed(replicas=1)
    until(lambda: set(running(nomad)) == {first}, "the two others are gone")
    assert running(nomad)[first]["StartedAt"] == state["StartedAt"]

    # Another value is another version: a Nomad deployment replaces the old instances.
    deployed(replicas=1, env={"COLOUR": "blue"})
    rolled = until(lambda: running(nomad), "the new instance runs")
    assert first not in rolled, rolled
    latest = nomad.request("/v1/job/web/deployment")
    assert latest["Status"] == "successful", latest
    assert nomad.request("/v1/job/web")["Version"] == latest["JobVersion"], latest
    until(
        lambda: nomad.request(f"/v1/allocation/{first}")["ClientStatus"] == "complete",
        "the old instance has ended",
    )

    # A canary runs beside it until a person promotes it.
    canary = {"args": args("two"), "update": UPDATE | {"canary": 1}, "env": {"COLOUR": "blue"}}
    waiting = deploy(**canary)
    assert waiting.rc == 1 and waiting.report["status"] == "blocked", waiting
    assert waiting.report["reason"] == "awaiting_promotion", waiting
    assert "promote" in waiting.report["error"]["remedy"], waiting
    assert sorted(answers(nomad, "web")) == ["one", "two"]
    promoted = site.run("infrastructure.promote", "staging")
    assert promoted.rc == 0, promoted
    assert promoted.report["components"]["nomad-web"]["reason"] == "promoted", promoted
    until(lambda: len(urls(nomad, "web")) == 1, "the old version is gone")
    assert answers(nomad, "web") == ["two"] and not set(rolled) & set(running(nomad))

    gone = site.run("infrastructure.destroy", "staging", "confirm=staging")
    assert gone.rc == 0 and gone.statuses == {"nomad-web": "destroyed"}, gone
    until(lambda: nomad.find("/v1/job/web") is None, "the job is purged")
    until(lambda: not urls(nomad, "web"), "nothing of it is registered")
