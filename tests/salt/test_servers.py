"""The servers that other tests lean on are real, and are built once."""

import json
import subprocess

from support.server import MISSING, program
from support.site import CHECKOUT


def test_consul_answers_with_its_version_and_keeps_keys(consul):
    assert consul.request("/v1/agent/self")["Config"]["Version"].startswith("1.")
    assert consul.request("/v1/kv/some/key", "PUT", b"value") is True
    assert consul.keys("some/") == {"some/key": (b"value", None)}


def test_nomad_runs_what_it_is_given(nomad):
    drivers = nomad.request(f"/v1/node/{nomad.request('/v1/nodes')[0]['ID']}")["Drivers"]
    assert drivers["raw_exec"]["Healthy"] and drivers["mock_driver"]["Healthy"]


def test_vault_keeps_versions_of_a_secret_and_lets_an_approle_in(vault):
    for value in ("one", "two"):
        body = json.dumps({"data": {"key": value}}).encode()
        vault.request("/v1/secret/data/app", "POST", body)
    assert vault.request("/v1/secret/data/app?version=1")["data"]["data"] == {"key": "one"}
    assert vault.request("/v1/secret/data/app")["data"]["metadata"]["version"] == 2
    vault.request("/v1/sys/auth/approle", "POST", b'{"type": "approle"}')
    assert "approle/" in vault.request("/v1/sys/auth")


def test_a_server_is_built_once(consul):
    first = program("consul")
    assert first == program("consul") == consul.argv[0]


def test_a_missing_go_is_said_in_one_sentence(tmp_path):
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    get = CHECKOUT / "tests" / "servers" / "get"
    done = subprocess.run([get, "vault"], check=False, env=env, capture_output=True)
    assert done.returncode == MISSING and not done.stdout
    assert done.stderr.decode().count("\n") == 1 and "https://go.dev/dl" in done.stderr.decode()
