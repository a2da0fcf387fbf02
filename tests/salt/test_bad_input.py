"""Bad modules, bad terraforms, bad disks and bad states are refused; nothing is lost."""

import os
import subprocess
from pathlib import Path

import pytest

from support import modules
from support.result import assert_refused
from support.site import CHECKOUT

STAND_INS = CHECKOUT / "tests" / "process"


@pytest.fixture
def echo(site):
    site.environment({"echo": {"source": site.module("echo", modules.ECHO)}})
    return site


def changed(site, text):
    """Changes the pillar's only value."""
    site.environment({"echo": {"source": "salt://modules/echo", "variables": {"value": text}}})


# Modules


def test_a_module_with_a_syntax_error_is_refused_with_file_and_line(site):
    source = site.module("broken", {"main.tf": 'variable "a" {}\nresource "x" {{\n'})
    site.environment({"broken": {"source": source}})
    done = site.orchestrate()
    assert done.rc == 1 and "Traceback" not in done.said, done
    assert "main.tf" in done.stdout and "broken" in done.stdout, done


def test_a_module_that_only_terraform_rejects_fails_with_terraforms_message(site):
    wrong = {"main.tf": 'output "x" {\n  value = terraform_data.absent.id\n}\n'}
    site.environment({"wrong": {"source": site.module("wrong", wrong)}})
    done = site.orchestrate()
    assert_refused(done, "terraform_data", "absent", component="wrong")


def test_a_missing_module_is_refused_by_its_source(site):
    site.environment({"gone": {"source": "/nowhere/at/all"}, "lost": {"source": "salt://nowhere"}})
    assert_refused(site.orchestrate(), "/nowhere/at/all", "salt://nowhere")


# Terraforms


@pytest.mark.parametrize(
    ("stand_in", "words"),
    [
        ("absent", ["absent"]),
        ("not-executable", ["not-executable", "execut"]),
        ("too-old", ["1.4.7", "1.5"]),
        ("prints-garbage", ["prints-garbage", "GNU garbage"]),
        pytest.param("hangs", ["hangs"], marks=pytest.mark.slow),
    ],
)
def test_a_terraform_that_cannot_be_used_is_refused_with_a_remedy(site, stand_in, words):
    site.environment(
        {"echo": {"source": site.module("echo", modules.ECHO)}},
        settings={"terraform": {"binary": str(STAND_INS / stand_in)}},
    )
    assert_refused(site.orchestrate(), *words)
    assert not (site.workdir("echo") / "terraform.tfstate").exists()


def test_a_missing_terraform_is_refused_with_its_download_address(echo, tmp_path):
    # PATH has everything except terraform. Without any program, Salt itself would fail before the runner.
    bare = tmp_path / "bin"
    bare.mkdir()
    for folder in os.get_exec_path():
        for program in Path(folder).iterdir() if Path(folder).is_dir() else ():
            link = bare / program.name
            if program.name not in ("terraform", "tofu") and not link.is_symlink():
                link.symlink_to(program)
    done = echo.orchestrate(env={"PATH": str(bare)})
    assert_refused(done, "PATH", "https://")


def test_inherited_terraform_variables_do_not_reach_terraform(echo):
    poison = {
        "TF_CLI_ARGS_plan": "-destroy",
        "TF_WORKSPACE": "other",
        "TF_VAR_value": "poison",
        "TF_LOG": "TRACE",
        "TF_CLI_CONFIG_FILE": "/nowhere",
    }
    done = echo.orchestrate(env=poison)
    assert done.rc == 0 and done.statuses == {"echo": "applied"}, done
    assert done.report["components"]["echo"]["outputs"] == {"value": None}


# Disks


def test_a_root_that_cannot_be_written_is_refused_by_its_key(site):
    root = site.folder / "read-only"
    root.mkdir()
    root.chmod(0o500)
    if os.access(root, os.W_OK):
        root = "/proc/eos"  # root can write everywhere else
    site.environment(
        {"echo": {"source": site.module("echo", modules.ECHO)}},
        settings={"root": str(root)},
    )
    done = site.orchestrate()
    assert done.rc == 1 and "Traceback" not in done.said, done
    assert "infrastructure:settings:root" in done.stdout and str(root) in done.stdout, done


def test_a_full_disk_fails_the_component_and_loses_nothing(site):
    disk = site.folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", disk],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("missing: the right to mount a small file system")
    try:
        source = site.module("echo", modules.ECHO)
        site.environment({"echo": {"source": source}}, settings={"root": str(disk)})
        assert site.orchestrate().rc == 0
        before = (disk / "staging/echo/terraform.tfstate").read_bytes()
        filler = disk / "filler"
        with filler.open("wb", buffering=0) as full:
            try:
                while full.write(b"x" * 4096):
                    full.flush()
            except OSError:
                pass
        site.environment(
            {"echo": {"source": source, "variables": {"value": "x" * 9999}}},
            settings={"root": str(disk)},
        )
        done = site.orchestrate()
        assert done.rc == 1 and "Traceback" not in done.said, done
        assert "space" in done.stdout, done
        assert (disk / "staging/echo/terraform.tfstate").read_bytes() == before
        filler.unlink()
        after = site.orchestrate()
        assert after.rc == 0 and after.statuses == {"echo": "applied"}, after
        assert after.report["components"]["echo"]["changes"]["add"] == 0
    finally:
        subprocess.run(["umount", disk], check=True)


# States


def test_an_empty_state_where_resources_were_is_refused(echo):
    assert echo.orchestrate().rc == 0
    state = echo.workdir("echo") / "terraform.tfstate"
    kept = state.read_bytes()
    for lost in (b"", None):
        state.write_bytes(lost) if lost is not None else state.unlink()
        done = echo.orchestrate()
        assert_refused(done, "terraform.tfstate", component="echo")
        assert done.statuses == {"echo": "failed"}
        if lost is None:
            assert not state.exists() or not state.read_bytes()
    state.write_bytes(kept)
    assert echo.orchestrate().statuses == {"echo": "unchanged"}


def test_a_corrupt_state_is_refused_and_not_changed(echo):
    assert echo.orchestrate().rc == 0
    state = echo.workdir("echo") / "terraform.tfstate"
    torn = state.read_bytes()[:100]
    state.write_bytes(torn)
    done = echo.orchestrate()
    assert_refused(done, "state", component="echo")
    assert state.read_bytes() == torn


# Manual changes


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("module/extra.tf", 'output "extra" {\n  value = 1\n}\n'),
        ("module/main.tf", None),
        ("module/sneaky.auto.tfvars", 'value = "by hand"\n'),
        ("module/terraform.tfvars", 'value = "by hand"\n'),
    ],
)
def test_files_changed_or_added_by_hand_are_refused_and_not_removed(echo, file, text):
    assert echo.orchestrate().rc == 0
    target = echo.workdir("echo") / file
    target.write_text(text if text else target.read_text() + "# by hand\n")
    by_hand = target.read_text()
    changed(echo, "new")
    done = echo.orchestrate()
    assert_refused(done, target.name, component="echo")
    assert target.read_text() == by_hand
    assert echo.state("echo")[0]["instances"][0]["attributes"]["input"] is None


def test_files_that_a_module_writes_are_its_own(site):
    writes = {
        "main.tf": """
resource "terraform_data" "this" {
  provisioner "local-exec" {
    command = "echo 'x = 1' > ${path.module}/written.tfvars; echo hello > ${path.module}/note.txt"
  }
}
"""
    }
    site.environment({"writer": {"source": site.module("writer", writes)}})
    assert site.orchestrate().rc == 0
    again = site.orchestrate()
    assert again.rc == 0 and again.statuses == {"writer": "unchanged"}, again
