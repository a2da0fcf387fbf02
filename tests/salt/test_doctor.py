"""`eos doctor`: the ways in, and what it reads of Salt's configuration."""

import json

import pytest

from support import modules


def read(opts, pillar):
    """What the host tells the core. Salt is imported late, because its import changes how Python imports tests."""
    from saltext.eos import salt_configuration

    return salt_configuration.read(opts, pillar)


def by_name(report):
    """From the name of each check to its statuses."""
    found = {}
    for check in report["checks"]:
        found.setdefault(check["name"], set()).add(check["status"])
    return found


def test_eos_and_salt_run_examine_a_site_and_leave_nothing(site):
    site.environment({"echo": {"source": site.module("echo", modules.ECHO)}})
    shown = site.eos("doctor")
    assert shown.rc == 0 and shown.stderr == "", shown
    assert shown.stdout.startswith("all environments: ") and "  host       root" in shown.stdout
    # A path is never broken, so that it can be copied.
    lines = [line for line in shown.stdout.splitlines() if str(site.folder) not in line]
    assert max(map(len, lines)) <= 80, shown
    asked = site.run("infrastructure.doctor", "staging")
    assert asked.rc == 0 and asked.report["environment"] == "staging", asked
    found = by_name(asked.report)
    for name in ("pillar", "eos", "schedules", "root", "disk", "clock", "program", "runs"):
        assert found[name] == {"ok"}, asked
    assert not list(site.root.iterdir())


def test_a_pillar_that_does_not_compile_is_a_finding_among_others(site):
    site.pillar_text("infrastructure: {{ nothing.here }}\n")
    broken = site.eos("doctor", "staging", "--json")
    assert broken.rc == 1, broken
    (pillar,) = [one for one in broken.json["checks"] if one["name"] == "pillar"]
    assert pillar["status"] == "wrong" and "could not compile" in pillar["message"], pillar
    assert by_name(broken.json)["disk"] <= {"ok", "warning"}, broken


@pytest.fixture
def opts(tmp_path):
    """The options of a master whose configuration is in a folder."""
    for folder in ("conf", "states", "extmods/runners"):
        (tmp_path / folder).mkdir(parents=True)
    return {
        "__role": "master",
        "id": "m1",
        "conf_file": str(tmp_path / "conf" / "master"),
        "config_dir": str(tmp_path / "conf"),
        "extension_modules": str(tmp_path / "extmods"),
        "file_roots": {"base": [str(tmp_path / "states")]},
        "fileserver_backend": ["roots"],
    }


@pytest.mark.quick
def test_schedules_and_reactors_that_name_what_does_not_exist_are_found(opts, tmp_path):
    (tmp_path / "states" / "heal.sls").write_text(
        "# runner.infrastructure.of_a_comment\n"
        "heal:\n  runner.infrastructure.remediat:\n    - args: []\n"
        "tell:\n  local.state.apply:\n    - tgt: web\n"
    )
    reactor = [{"eos/*/*/drift": ["salt://heal.sls"]}, {"x": ["salt://gone.sls"]}]
    schedule = {
        "drift": {"function": "terraform.sync_states"},
        "old": {"function": "infrastructure.sync"},
        "other": {"function": "state.apply"},
    }
    of_minion = {"schedule": {"plan": {"function": "eos_terraform.plann"}}}
    found = read({**opts, "reactor": reactor, "schedule": schedule}, of_minion)
    assert found["unreadable"] == []
    assert {one["function"] for one in found["unknown"]} == {
        "infrastructure.remediat",
        "infrastructure.sync",
        "eos_terraform.plann",
    }
    assert [one["function"] for one in found["missing_reactors"]] == ["salt://gone.sls"]
    assert found["named"] == 4


@pytest.mark.quick
def test_an_old_copy_of_a_module_is_found_and_a_current_one_is_not(opts, tmp_path):
    from saltext.eos.runners import infrastructure

    copy = tmp_path / "extmods" / "runners" / "infrastructure.py"
    with open(infrastructure.__file__) as original:
        copy.write_text(original.read())
    assert read(opts, {})["stale_copies"] == []
    copy.write_text("# of an earlier version\n")
    assert read(opts, {})["stale_copies"] == [str(copy)]


@pytest.mark.quick
@pytest.mark.parametrize(
    ("minion", "options", "masters"),
    [
        ({"master": "m1"}, {}, []),
        ({"master": ["m1", "m2"]}, {}, ["m1", "m2"]),
        ({"master": ["m1", "m2"], "master_type": "failover"}, {}, ["m1", "m2"]),
        (None, {"cluster_peers": ["m2", "m3"]}, ["m1", "m2", "m3"]),
        (None, {}, []),
    ],
)
def test_several_masters_are_found_where_the_configuration_names_them(
    opts, tmp_path, minion, options, masters
):
    if minion:
        (tmp_path / "conf" / "minion").write_text(json.dumps(minion))
    found = read({**opts, **options}, {})
    assert (found["masters"], found["unreadable"]) == (masters, [])


@pytest.mark.quick
def test_a_part_that_cannot_be_read_hides_no_other(opts):
    found = read({**opts, "reactor": 7, "open_mode": True}, {})
    assert len(found["unreadable"]) == 1 and "reactors" in found["unreadable"][0]
    assert found["open"] == ["open_mode: True"]
