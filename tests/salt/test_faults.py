"""Faults of the provider for tests: the result of each in the world and in the state."""

import os
import signal

import pytest

from support.waiting import until

WEB = "world_thing.web"


@pytest.fixture
def module(world, bare):
    """One thing named web, not applied yet."""
    return bare(world.provider() + world.thing("web", body="one"))


@pytest.fixture
def made(world, module):
    assert module.apply().rc == 0
    return module


def changed(world, module):
    module.write(world.provider() + world.thing("web", body="two"))
    return module.apply()


def body_in_state(module):
    return module.instances()[WEB]["attributes"]["body"]


def test_a_create_that_fails_before_its_effect_leaves_nothing(world, module):
    world.faults(world.fail("create", message="the quota is used up"))
    done = module.apply()
    assert done.rc == 1 and "the quota is used up" in done.stderr, done
    assert world.things() == {} and module.instances() == {}


def test_a_create_that_fails_after_its_effect_leaves_a_file_and_a_tainted_resource(world, module):
    world.faults(world.fail("create", when="after"))
    assert module.apply().rc == 1
    assert module.instances()[WEB]["status"] == "tainted"
    assert module.instances()[WEB]["attributes"]["id"] == world.find("web")["id"]


def test_a_create_that_fails_unsaved_leaves_a_file_that_is_in_no_state(world, module):
    world.faults(world.fail("create", when="after", unsaved=True))
    assert module.apply().rc == 1
    assert world.names() == ["web"] and module.instances() == {}
    world.faults()
    assert module.apply().rc == 0
    assert world.names() == ["web", "web"]


def test_an_update_that_fails_before_its_effect_keeps_the_old_everywhere(world, made):
    world.faults(world.fail("update"))
    assert changed(world, made).rc == 1
    assert world.find("web")["body"] == body_in_state(made) == "one"
    assert "status" not in made.instances()[WEB]


def test_an_update_that_fails_after_its_effect_is_saved_as_made(world, made):
    world.faults(world.fail("update", when="after"))
    assert changed(world, made).rc == 1
    assert world.find("web")["body"] == body_in_state(made) == "two"


def test_an_update_that_fails_unsaved_is_found_by_the_next_plan(world, made):
    world.faults(world.fail("update", when="after", unsaved=True))
    assert changed(world, made).rc == 1
    assert (world.find("web")["body"], body_in_state(made)) == ("two", "one")
    world.faults()
    assert made.changes() == {}


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_delete_that_fails_keeps_the_resource_in_the_state(world, made, when):
    world.faults(world.fail("delete", when=when))
    assert made.run("destroy", "-auto-approve").rc == 1
    assert world.names() == (["web"] if when == "before" else [])
    assert WEB in made.instances()


def test_a_read_that_fails_fails_the_plan(world, made):
    world.faults(world.fail("read", name="web"))
    assert made.run("plan").rc == 1
    world.faults(world.fail("read", name="another"))
    assert made.run("plan").rc == 0


def test_the_nth_call_is_counted_over_processes(world, bare):
    world.faults(world.fail("create", nth=3))
    modules = [bare(world.provider() + world.thing(f"n{i}"), f"m{i}") for i in range(4)]
    assert [one.apply().rc for one in modules] == [0, 0, 1, 0]
    assert len({one.provider for one in world.operations("create")}) == 4
    assert world.names() == ["n0", "n1", "n3"]


def test_a_delay_lasts_as_long_as_requested(world, module):
    world.faults(world.delay("create", 700, name="web"))
    assert module.apply().rc == 0
    (create,) = world.operations("create")
    assert create.ended - create.started >= 700_000_000


def test_a_hang_lasts_until_it_is_released_and_is_saved_after_one_sigint(world, module):
    hang = world.hang("create", when="after")
    world.faults(hang)
    apply = module.start("apply", "-auto-approve")
    until(world.names, "the thing is there")
    apply.process.send_signal(signal.SIGINT)
    until(lambda: "Interrupt received" in apply.out.read_text(), "terraform heard it")
    assert world.writing("web"), "the provider gave up"
    world.release(hang)
    assert apply.wait().rc == 1
    assert module.instances()[WEB]["attributes"]["id"] == world.find("web")["id"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_ends_the_provider_during_a_call(world, module, when):
    world.faults(world.crash("create", when=when))
    done = module.apply()
    assert done.rc == 1 and "asked for a crash" in done.stderr, done
    (create,) = world.operations("create")
    assert create.ended is None
    assert world.names() == ([] if when == "before" else ["web"])
    assert module.instances() == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"do": "explode"},
        {"on": "apply"},
        {"when": "during"},
        {"ms": 5},
        {"unsaved": True},
        {"nth": -1},
        {"id": ""},
        {"times": 3},
    ],
    ids=str,
)
def test_an_invalid_fault_fails_every_call(world, made, wrong):
    world.faults(world.fail("create", name="another") | wrong)
    done = made.run("plan")
    assert done.rc == 1 and "faults.json" in done.stderr, done


def pair(world, bare, first, second):
    """Two modules that write to the same world at the same time. Both hang in their create until they are released."""
    hang = world.hang("create")
    world.faults(hang)
    applies = {}
    for name, component in (("one", first), ("two", second)):
        module = bare(world.provider(component) + world.thing(name), name)
        applies[name] = module.start("apply", "-auto-approve")
        until(lambda name=name: world.writing(name), f"{name} is being written")
    return hang, applies


def test_two_terraforms_that_write_to_one_component_in_parallel_are_recorded(world, bare):
    hang, applies = pair(world, bare, "shared", "shared")
    world.release(hang)
    assert [one.wait().rc for one in applies.values()] == [0, 0]
    (overlap,) = world.overlaps()
    assert overlap["other"]["terraform"]["pid"] == applies["one"].pid
    assert overlap["ours"]["terraform"]["pid"] == applies["two"].pid
    assert overlap["other_orphaned"] is False


def test_a_provider_whose_terraform_was_killed_still_writes_and_is_recorded_as_an_orphan(
    world, bare
):
    world.faults(hang := world.hang("create"))
    first = bare(world.provider("shared") + world.thing("one"), "one").start(
        "apply", "-auto-approve"
    )
    orphan = until(lambda: world.writing("one"), "one is being written").provider
    first.end()
    second = bare(world.provider("shared") + world.thing("two"), "two").start(
        "apply", "-auto-approve"
    )
    until(lambda: world.writing("two"), "two is being written")
    world.release(hang)
    assert second.wait().rc == 0
    until(lambda: world.names() == ["one", "two"], "the orphan wrote too")
    (overlap,) = world.overlaps()
    assert overlap["other_orphaned"] is True and overlap["other"]["provider"]["pid"] == orphan
    os.kill(orphan, signal.SIGKILL)


def test_parallel_writes_to_two_components_are_not_an_overlap(world, bare):
    hang, applies = pair(world, bare, "one", "two")
    world.release(hang)
    assert [one.wait().rc for one in applies.values()] == [0, 0]
    assert world.overlaps() == []


def test_parallel_writes_of_one_terraform_are_not_an_overlap(world, bare):
    world.faults(hang := world.hang("create"))
    module = bare(world.provider() + world.thing("one") + world.thing("two"))
    apply = module.start("apply", "-auto-approve")
    until(lambda: world.writing("one") and world.writing("two"), "both are being written")
    world.release(hang)
    assert apply.wait().rc == 0
    assert world.overlaps() == []


def test_a_failed_create_is_reported_and_the_next_run_replaces_the_tainted_resource(world, site):
    source = site.module("web", {"main.tf": world.provider("web") + world.thing("web")})
    site.environment({"web": {"source": source}}, settings={"terraform": world.terraform})
    world.faults(world.fail("create", when="after", message="the disk is on fire"))
    done = site.orchestrate()
    assert done.rc == 1 and done.statuses == {"web": "failed"}, done
    assert "the disk is on fire" in done.error_text("web")
    first = world.find("web")["id"]
    world.faults()
    assert site.orchestrate().statuses == {"web": "applied"}
    assert world.find("web")["id"] != first
