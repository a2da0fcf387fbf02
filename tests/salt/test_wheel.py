"""The wheel that `make wheel` builds for other machines, and the metadata of any wheel of this checkout."""

import json
import os
import re
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from support import modules, programs
from support.site import CHECKOUT, Site

# The symbols of glibc 2.17 are the newest that the wheel may need.
NEWEST = (2, 17)


def read(wheel):
    """The files of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def wheel():
    """The wheel. `make test-wheel` names it; `make test` does not build it."""
    named = os.environ.get("EOS_TEST_WHEEL")
    return CHECKOUT / named if named else programs.missing("the wheel (make test-wheel)")


@pytest.mark.quick
def test_the_metadata_is_complete():
    wheels = [*(CHECKOUT / "dist").glob("*.whl"), *(CHECKOUT / "target" / "wheels").glob("*.whl")]
    if not wheels:
        programs.missing("target/wheels (make test builds it)")
    for built in wheels:
        files = read(built)
        (text,) = [files[name] for name in files if name.endswith(".dist-info/METADATA")]
        metadata = Parser().parsestr(text.decode())
        assert metadata["Name"] == "saltext-eos"
        assert metadata["Summary"] and metadata["Keywords"] and metadata["License-Expression"]
        assert metadata["Author"] or metadata["Author-email"]
        assert metadata["Requires-Python"] == ">=3.10"
        assert metadata["Description-Content-Type"].startswith("text/markdown")
        assert metadata.get_payload().lstrip().startswith("# Eos")
        assert "Programming Language :: Python :: 3.10" in metadata.get_all("Classifier")
        assert any(name.endswith("licenses/LICENSE") for name in files)
        assert "saltext/eos/pillar.schema.json" in files
        (text,) = [files[name] for name in files if name.endswith(".dist-info/entry_points.txt")]
        assert "eos=saltext.eos.cli.main:main" in text.decode().replace(" ", "")


def test_the_wheel_is_for_an_old_glibc_and_for_python_3_10(wheel):
    assert re.search(r"-cp310-abi3-.*manylinux_2_17_", wheel.name), wheel.name
    (core,) = [text for name, text in read(wheel).items() if name.endswith(".so")]
    needed = {
        tuple(int(part) for part in version.split(b"."))
        for version in re.findall(rb"GLIBC_(\d+\.\d+(?:\.\d+)?)\0", core)
    }
    assert needed and max(needed) <= NEWEST, sorted(needed)


def test_the_wheel_names_no_folder_of_this_machine(wheel):
    machine = {str(CHECKOUT), str(Path.home()), os.environ.get("CARGO_HOME"), sys.prefix}
    for name, text in read(wheel).items():
        for folder in machine - {None, "/"}:
            assert f"{folder}/".encode() not in text, f"{name} has {folder}"


def python(folder, *words):
    done = subprocess.run(
        [folder / "bin" / "python", *words], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done
    return done.stdout


@pytest.fixture
def fresh(tmp_path):
    """A new virtual environment with Salt, as a user has it."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    constraints = f"--constraint={CHECKOUT}/constraints/python.txt"
    python(venv, "-m", "pip", "install", "--quiet", constraints, "salt")
    return venv


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_wheel_is_installed_by_one_command_and_leaves_salt_as_it_is(wheel, fresh, tmp_path):
    before = python(fresh, "-m", "pip", "freeze").splitlines()
    python(fresh, "-m", "pip", "install", "--quiet", wheel)
    after = python(fresh, "-m", "pip", "freeze").splitlines()
    ours = ("saltext-eos", "shtab")
    assert [one for one in after if not one.startswith(ours)] == before
    site = Site(tmp_path / "site", sink=False)
    # Without the checkout: only the wheel contains the runner.
    conf = json.loads((site.conf / "master").read_text())
    conf["file_roots"]["base"].remove(str(CHECKOUT / "salt"))
    (site.conf / "master").write_text(json.dumps(conf))
    site.environment({"echo": {"source": site.module("echo", modules.ECHO)}})
    salt_run = [fresh / "bin" / "salt-run", "-c", site.conf, "--out=json"]
    path = {"PATH": f"{fresh}/bin:{os.environ['PATH']}"}
    for words in (
        ["infrastructure.validate", "staging"],
        ["infrastructure.orchestrate", "staging"],
    ):
        done = site.finish([*salt_run, *words], env=path)
        assert done.rc == 0 and done.report["result"] is True, done
    # The command is on the PATH.
    done = site.finish(["eos", "status", "staging", "-c", site.conf], env=path)
    assert done.rc == 0 and "staging" in done.stdout, done
    site.close()


def test_the_core_of_the_wheel_is_imported_by_the_oldest_python(wheel, tmp_path):
    oldest = programs.require("python3.10")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = "import saltext.eos._core as core; print(core.__version__)"
    done = subprocess.run(
        [oldest, "-c", code], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done
