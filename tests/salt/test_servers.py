"""The servers that other tests use are real, and are built once."""

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from support.ports import free_port
from support.server import MISSING, program
from support.site import CHECKOUT
from support.waiting import until

HERE = CHECKOUT / "tests" / "salt"
GET = CHECKOUT / "tests" / "servers" / "get"
ON_PATH = {name: shutil.which(name) for name in ("consul", "nomad", "vault")}
VERSIONS = {"consul": "1.22.7", "nomad": "1.11.3", "vault": "1.21.4"}

# The programs that `get` uses.
USED = [
    "sh", "basename", "cut", "dirname", "find", "flock", "mkdir", "mv", "rm", "sha256sum", "sort", "tail",
    "touch", "xargs",
]  # fmt: skip


def is_the_named_version(name, version):
    """Whether the version is as expected. A program on PATH may have any version."""
    return version == VERSIONS[name] or ON_PATH[name]


def test_consul_answers_with_its_version_and_keeps_keys(consul):
    assert is_the_named_version("consul", consul.request("/v1/agent/self")["Config"]["Version"])
    assert consul.keys("some/") == {}
    assert consul.request("/v1/kv/some/key", "PUT", b"value") is True
    assert consul.keys("some/") == {"some/key": (b"value", None)}


def test_a_consul_that_crashed_comes_back_with_its_keys_and_its_sessions(consul):
    made = consul.request("/v1/session/create", "PUT", b'{"TTL": "60s", "NodeChecks": []}')["ID"]
    assert consul.request(f"/v1/kv/held/key?acquire={made}", "PUT", b"mine") is True
    before = consul.process.pid
    consul.restart()
    assert consul.process.pid != before
    assert consul.keys("held/") == {"held/key": (b"mine", made)}
    assert consul.request(f"/v1/session/destroy/{made}", "PUT") is True


def test_a_paused_server_is_silent_until_it_continues(consul):
    with consul.paused():
        until(lambda: state(consul.process.pid) == "T", "the server is stopped")
        with pytest.raises(TimeoutError):
            urllib.request.urlopen(f"{consul.address}/v1/status/leader", timeout=1)
    until(lambda: consul.request("/v1/status/leader"), "it answers again")


def state(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0]


def test_nomad_runs_the_services_of_the_pillar(nomad):
    agent = nomad.request("/v1/agent/self")
    assert is_the_named_version("nomad", agent["config"]["Version"]["Version"])
    task = {"Name": "t", "Driver": "raw_exec", "Config": {"command": "true"}}
    job = {
        "ID": "once", "Type": "batch", "Datacenters": ["*"],
        "TaskGroups": [{"Name": "g", "Tasks": [task], "RestartPolicy": {"Attempts": 0, "Mode": "fail"}}],
    }  # fmt: skip
    nomad.request("/v1/jobs", "POST", json.dumps({"Job": job}).encode())

    def ended():
        return [
            one["ClientStatus"]
            for one in nomad.request("/v1/job/once/allocations")
            if one["ClientStatus"] in ("complete", "failed")
        ]

    assert until(ended, "the job has ended", timeout=60) == ["complete"]


def test_nomad_has_the_driver_that_fails_on_request(nomad):
    drivers = nomad.request(f"/v1/node/{nomad.request('/v1/nodes')[0]['ID']}")["Drivers"]
    assert drivers["mock_driver"]["Healthy"]


def test_vault_stores_versions_of_a_secret_and_accepts_an_approle(vault):
    assert is_the_named_version("vault", vault.request("/v1/sys/health")["version"])
    for value in ("one", "two"):
        body = json.dumps({"data": {"key": value}}).encode()
        vault.request("/v1/secret/data/kept", "POST", body)
    assert vault.request("/v1/secret/data/kept?version=1")["data"]["data"] == {"key": "one"}
    assert vault.request("/v1/secret/data/kept")["data"]["metadata"]["version"] == 2

    vault.request("/v1/sys/auth/approle", "POST", b'{"type": "approle"}')
    policy = json.dumps({"policy": 'path "secret/data/kept" { capabilities = ["read"] }'}).encode()
    vault.request("/v1/sys/policies/acl/kept", "PUT", policy)
    vault.request("/v1/auth/approle/role/kept", "POST", b'{"token_policies": "kept"}')
    role = vault.request("/v1/auth/approle/role/kept/role-id")["data"]["role_id"]
    secret = vault.request("/v1/auth/approle/role/kept/secret-id", "POST")["data"]["secret_id"]
    login = json.dumps({"role_id": role, "secret_id": secret}).encode()
    token = vault.request("/v1/auth/approle/login", "POST", login)["auth"]["client_token"]
    assert vault.request("/v1/secret/data/kept", token=token)["data"]["data"] == {"key": "two"}
    with pytest.raises(urllib.error.HTTPError, match="403"):
        vault.request("/v1/secret/data/other", token=token)


def tools(folder):
    """A PATH without a server and without go."""
    folder.mkdir()
    for name in USED:
        (folder / name).symlink_to(shutil.which(name))
    return folder


def start(name, tmp_path):
    env = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}
    return subprocess.Popen([GET, name], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_two_parallel_requests_build_a_server_once(tmp_path):
    bin_folder = tools(tmp_path / "bin")
    # Logs each build, and waits.
    go = bin_folder / "go"
    go.write_text(
        f"""#!{shutil.which("sh")}
[ "$1" = build ] || exit 0
echo build >>"$HOME/calls"
while [ "$1" != -o ]; do shift; done
{shutil.which("sleep")} 1
echo '#!/bin/sh' >"$2"
{shutil.which("chmod")} +x "$2"
"""
    )
    go.chmod(0o755)
    both = [start("vault", tmp_path) for _ in range(2)]
    paths = {one.communicate(timeout=60)[0].decode().strip() for one in both}
    assert [one.returncode for one in both] == [0, 0]
    assert (tmp_path / "calls").read_text() == "build\n"
    (path,) = paths
    assert os.access(path, os.X_OK) and path.startswith(f"{tmp_path}/.cache/eos/servers/vault-")


def test_a_server_that_other_tests_use_is_not_built_again(consul):
    assert program("consul") == consul.argv[0]


def test_no_port_is_given_twice_even_to_two_processes():
    """Once two ports of one Nomad were the same: the system gave a port again that had just been freed."""
    ours = free_port()
    code = f"from support import ports; ports.RANGE = [{ours}]; ports.free_port()"
    theirs = subprocess.run(
        [sys.executable, "-c", code], cwd=HERE, check=False, capture_output=True, text=True
    )
    assert theirs.returncode != 0 and "no port is free" in theirs.stderr, theirs


def test_a_missing_go_is_reported_in_one_sentence(tmp_path):
    tools(tmp_path / "bin")
    getting = start("vault", tmp_path)
    said, reason = getting.communicate(timeout=60)
    assert getting.returncode == MISSING and not said
    reason = reason.decode()
    assert reason.count("\n") == 1
    assert "vault is missing" in reason and "https://go.dev/dl" in reason
