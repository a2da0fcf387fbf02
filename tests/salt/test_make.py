"""The commands of `make test`, with replacements for its tools."""

import os
import shutil
import subprocess

import pytest

from support.site import CHECKOUT

pytestmark = pytest.mark.quick

STAND_IN = (
    '#!/bin/sh\necho "$(basename "$0") $*" >>calls\ncase "$*" in *"$FAILS"*) exit 1 ;; esac\n'
)
BUILT = (
    ".venv/.tools",
    ".venv/.core",
    ".venv/moto/.installed",
    ".venv/envoy/.installed",
    "target/wheels/.packed",
)


@pytest.fixture
def made(tmp_path):
    """Runs a target in which every call with the word `fails` fails. Returns the calls and the exit code."""
    shutil.copy(CHECKOUT / "Makefile", tmp_path)
    names = ("servers/get", "versions/get", "go-build", "provider/build", "without-tls")
    for path in ("cargo", "python", *(f"tests/{name}" for name in names), ".ci/need"):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(STAND_IN)
        file.chmod(0o700)
    shutil.copy(CHECKOUT / ".ci" / "timed", tmp_path / ".ci")

    def make(target, fails):
        built = [f"--old-file={path}" for path in BUILT]
        path = f"{tmp_path}:{os.environ['PATH']}"
        inherited = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"}
        done = subprocess.run(
            ["make", *built, target, "python=./python"],
            cwd=tmp_path,
            env=inherited | {"PATH": path, "FAILS": fails},
            capture_output=True,
            text=True,
            check=False,
        )
        return (tmp_path / "calls").read_text(), done.returncode

    return make


@pytest.mark.parametrize("fails", ["--test *", "-m pytest tests/salt"])
def test_a_failed_test_does_not_stop_the_others(made, fails):
    calls, code = made("test", fails)
    assert code != 0
    for words in ("--no-fail-fast --lib --test *", "-m pytest tests/salt"):
        assert words in calls, calls


def test_a_failed_soak_does_not_stop_the_others(made):
    calls, code = made("soak", "--ignored consul::")
    assert code != 0
    for name in ("consul", "disk_full", "exclusion", "soak", "scenarios"):
        assert f" {name}::" in calls, calls


def test_passing_tests_end_with_success(made):
    assert made("test", "nothing fails")[1] == 0


@pytest.mark.parametrize(
    ("took", "said"), [(75, "The build of the wheel took 75 s.\n"), (0, ""), (1, "")]
)
def test_a_build_says_how_long_it_took_unless_there_was_nothing_to_build(tmp_path, took, said):
    clock = tmp_path / "date"
    clock.write_text(
        f"#!/bin/sh\nif [ -e {tmp_path}/built ]; then echo {1000 + took}; else echo 1000; fi\n"
    )
    clock.chmod(0o700)
    done = subprocess.run(
        [CHECKOUT / ".ci" / "timed", "the wheel", "sh", "-c", f"touch {tmp_path}/built; echo made"],
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("made\n", said)


def test_a_build_that_fails_ends_with_its_own_code():
    done = subprocess.run(
        [CHECKOUT / ".ci" / "timed", "the wheel", "sh", "-c", "exit 7"], check=False
    )
    assert done.returncode == 7
