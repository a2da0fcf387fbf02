"""The provider for tests without faults, and the changes that it notices."""

import os
import subprocess

import pytest

from support.site import CHECKOUT
from support.world import Raw


@pytest.fixture
def web(world, bare):
    """One applied thing named web."""
    module = bare(world.provider() + world.thing("web", body="one"))
    assert module.apply().rc == 0
    return module


def test_a_change_of_body_is_made_in_place_and_recomputes(world, web):
    before = web.instances()["world_thing.web"]["attributes"]
    web.write(world.provider() + world.thing("web", body="two ${and} %{more}"))
    assert web.apply().rc == 0
    thing = world.find("web")
    after = web.instances()["world_thing.web"]["attributes"]
    assert (thing["body"], thing["revision"]) == ("two ${and} %{more}", 2)
    assert after["id"] == before["id"] == thing["id"]
    assert after["digest"] != before["digest"]


def test_a_change_of_replace_on_creates_a_new_thing(world, web):
    first = world.find("web")["id"]
    web.write(world.provider() + world.thing("web", body="one", replace_on="v2"))
    assert web.changes() == {"world_thing.web": ["delete", "create"]}
    assert web.apply().rc == 0
    assert world.find("web")["id"] != first
    assert [one.kind for one in world.operations("create", "delete")][1:] == ["delete", "create"]


def test_a_destroy_removes_the_file(world, web):
    assert web.run("destroy", "-auto-approve").rc == 0
    assert world.things() == {} and web.instances() == {}


def test_a_plan_writes_nothing(world, web):
    written = len(world.operations("create", "update", "delete"))
    assert web.changes() == {}
    assert len(world.operations("create", "update", "delete")) == written
    assert world.operations("read")


def test_a_thing_deleted_outside_of_terraform_is_planned_again(world, web):
    world.delete("web")
    assert web.changes() == {"world_thing.web": ["create"]}


def test_a_thing_changed_outside_of_terraform_is_planned_back(world, web):
    world.change("web", body="by hand")
    assert web.changes() == {"world_thing.web": ["update"]}
    assert web.apply().rc == 0
    assert world.find("web")["body"] == "one"


def test_a_thing_can_be_imported_by_its_id(world, web, bare):
    other = bare(world.provider() + world.thing("web", body="one"), "other")
    done = other.run("import", "world_thing.web", world.find("web")["id"])
    assert done.rc == 0, done
    assert other.changes() == {}


@pytest.mark.parametrize("given", ["web", "../operations", "web-00000000"])
def test_an_import_of_a_missing_resource_fails(world, web, bare, given):
    other = bare(world.provider() + world.thing("web"), "other")
    assert other.run("import", "world_thing.web", given).rc == 1
    assert other.instances() == {}


def test_a_name_may_be_used_twice_unless_it_must_be_unique(world, web, bare):
    twice = bare(world.provider() + world.thing("web"), "twice")
    assert twice.apply().rc == 0
    assert world.names() == ["web", "web"]
    unique = bare(world.provider() + world.thing("web", unique=True), "unique")
    done = unique.apply()
    assert done.rc == 1 and "already exists" in done.stderr, done
    assert world.names() == ["web", "web"]


def test_a_world_that_is_not_a_folder_is_refused(world, web):
    web.write((world.provider() + world.thing("web")).replace(str(world.path), "/nowhere/at/all"))
    done = web.run("plan")
    assert done.rc == 1 and "/nowhere/at/all" in done.stderr, done


def test_a_secret_is_in_the_state_but_never_shown(world, bare):
    secret = 'variable "word" {\n  sensitive = true\n}\n'
    module = bare(world.provider() + secret + world.thing("web", secret=Raw("var.word")))
    done = module.apply("-var=word=canary-of-the-world")
    assert done.rc == 0 and "canary" not in done.said, done
    assert world.find("web")["secret"] == "canary-of-the-world"


def test_eos_applies_and_destroys_things(world, site):
    source = site.module("web", {"main.tf": world.provider("web") + world.thing("web", body="x")})
    site.environment({"web": {"source": source}}, settings={"terraform": world.terraform})
    done = site.orchestrate()
    assert done.rc == 0 and done.statuses == {"web": "applied"}, done
    assert world.find("web")["body"] == "x"
    assert {one.component for one in world.operations()} == {"web"}
    world.change("web", body="by hand")
    assert site.orchestrate().statuses == {"web": "applied"}
    assert site.orchestrate().statuses == {"web": "unchanged"}
    assert world.find("web")["body"] == "x"


def test_without_go_the_build_reports_it_in_one_sentence(tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("sh", "dirname", "find", "sort", "xargs", "sha256sum", "cut"):
        found = subprocess.run(["which", tool], check=True, capture_output=True, text=True)
        (tools / tool).symlink_to(found.stdout.strip())
    done = subprocess.run(
        [CHECKOUT / "tests" / "provider" / "build"],
        check=False,
        env={"PATH": str(tools), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 3 and done.stdout == "", done
    assert done.stderr.count("\n") == 1 and "go.dev" in done.stderr, done
    assert not (tmp_path / "eos").exists() and os.listdir(tools)
