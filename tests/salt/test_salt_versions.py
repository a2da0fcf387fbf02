"""The first deployment with each Salt that is supported, from the wheel in a fresh environment."""

import json
import os
import subprocess
import sys

import pytest

from support import modules, programs
from support.site import CHECKOUT, Site

pytestmark = [pytest.mark.matrix, pytest.mark.timeout(900)]

SALTS = {"3006": "salt-3006.txt", "3008": "python.txt"}


@pytest.fixture(params=SALTS)
def salt(request, tmp_path):
    """A virtual environment with one Salt and the wheel of this checkout. Its version, and its folder of programs."""
    (wheel,) = (CHECKOUT / "target/wheels").glob("*.whl")
    venv, constraints = tmp_path / "venv", CHECKOUT / "constraints" / SALTS[request.param]
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    install = [
        venv / "bin/python",
        "-m",
        "pip",
        "install",
        "--quiet",
        f"--constraint={constraints}",
    ]
    done = subprocess.run([*install, "salt", wheel], check=False, capture_output=True, text=True)
    if done.returncode:
        programs.missing(f"Salt {request.param} from the package registry")
    return request.param, venv / "bin"


def test_a_first_deployment_is_validated_tested_applied_read_and_destroyed(salt, tmp_path):
    version, programs_of_salt = salt
    site = Site(tmp_path / "site", sink=False, forks=False)
    # Only the wheel contains the functions.
    for name in ("master", "minion"):
        conf = json.loads((site.conf / name).read_text())
        conf["file_roots"]["base"].remove(str(CHECKOUT / "salt"))
        (site.conf / name).write_text(json.dumps(conf))
    source = site.module("echo", modules.ECHO)
    site.environment({"echo": {"source": source, "variables": {"value": 1}}})
    path = {"PATH": f"{programs_of_salt}:{os.environ['PATH']}"}

    def call(program, *words, rc=0):
        done = site.finish([programs_of_salt / program, "-c", site.conf, *words], env=path)
        assert done.rc == rc, done
        return done

    def run(function, *words, rc=0):
        return call("salt-run", "--out=json", f"infrastructure.{function}", *words, rc=rc).report

    assert run("validate", "staging")["result"] is True
    assert run("orchestrate", "staging", "test=True")["components"]["echo"]["status"] == "planned"
    done = run("orchestrate", "staging")
    assert done["components"]["echo"]["status"] == "applied"
    assert done["versions"]["salt"].startswith(f"{version}."), done["versions"]
    assert run("orchestrate", "nowhere", rc=1)["result"] is False
    # As text, by the command and on a minion.
    assert "1 unchanged" in call("salt-run", "infrastructure.orchestrate", "staging").stdout
    assert "echo  applied" in call("eos", "status", "staging").stdout
    words = ("--local", "--out=json", "eos_terraform.get_outputs", "echo", "staging")
    assert json.loads(call("salt-call", *words).stdout)["local"]["outputs"] == {"value": 1}
    site.sls("up", "echo:\n  eos_terraform.apply:\n    - environment: staging\n")
    state = call("salt-call", "--local", "--out=json", "state.apply", "up")
    (result,) = json.loads(state.stdout)["local"].values()
    assert result["result"] is True and not result["changes"], result
    assert call("eos", "destroy", "staging", "--confirm", "staging").rc == 0
    assert run("status", "staging")["components"]["echo"]["status"] in ("absent", "destroyed")
    site.close()
