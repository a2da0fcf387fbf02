"""State in the pillar's backend: an apply, a second run, and the backend's own lock."""

import json
import urllib.request
from base64 import b64encode

import pytest

from support import backends, modules, programs
from support.result import assert_refused
from support.waiting import until


def environment(site, server, files, **variables):
    """Writes a pillar whose credentials are references, never values."""
    env = {name: f"env:EOS_TEST_{name}" for name in server.env}
    site.environment(
        {"echo": {"source": site.module("echo", files), "variables": variables}},
        settings={
            "backend": server.pillar,
            "terraform": {"env": env},
            "lock_timeout": "1s",
            # The servers outlive a test, and so do the states in them.
            "policy": {"allow_destroy": True},
        },
    )
    return {f"EOS_TEST_{name}": value for name, value in server.env.items()}


@pytest.mark.parametrize("kind", backends.KINDS)
def test_a_backend_keeps_the_state_of_an_apply_for_the_second_run(site, backend, kind):
    server = backend(kind)
    env = environment(site, server, modules.ECHO, value="one")
    first = site.orchestrate(env=env)
    assert first.rc == 0 and first.statuses == {"echo": "applied"}, first
    second = site.orchestrate(env=env)
    assert second.rc == 0 and second.statuses == {"echo": "unchanged"}, second
    assert second.report["components"]["echo"]["outputs"] == {"value": "one"}
    local = site.workdir("echo") / "terraform.tfstate"
    assert local.exists() == (kind == "local")
    for secret in server.secrets:
        assert secret not in first.said + second.said
        for path in site.root.rglob("*"):
            if path.is_file():
                assert secret not in path.read_text("latin-1"), path


@pytest.mark.parametrize("kind", backends.KINDS)
def test_a_lock_held_by_a_bare_terraform_is_respected_and_named(site, backend, started, kind):
    server = backend(kind)
    mark, gate = site.folder / "mark", site.folder / "gate"
    held = {
        "main.tf": f"""
variable "value" {{
  type = string
}}
resource "terraform_data" "this" {{
  input            = var.value
  triggers_replace = var.value
  provisioner "local-exec" {{
    command = var.value == "bare" ? "touch '{mark}'; while ! test -e '{gate}'; do sleep 0.1; done" : "true"
  }}
}}
"""
    }
    env = environment(site, server, held, value="one")
    assert site.orchestrate(env=env).rc == 0
    workdir = site.workdir("echo")
    state = ["-state=../terraform.tfstate"] if kind == "local" else []
    # The data folder has init's file about the backend. Its place depends on Eos.
    data = next(iter(workdir.rglob("terraform.tfstate")), None) if kind != "local" else None
    bare_env = server.env | ({"TF_DATA_DIR": str(data.parent)} if data else {})
    bare = started(
        [programs.terraform(), f"-chdir={workdir / 'module'}", "apply", "-auto-approve",
         "-input=false", "-no-color", "-var=value=bare", *state],
        env=bare_env,
    )  # fmt: skip
    until(lambda: mark.exists() or bare.process.poll() is not None, "the bare apply began")
    assert mark.exists(), bare.wait()
    try:
        blocked = site.orchestrate(env=env)
        assert_refused(blocked, "lock", component="echo")
        assert blocked.statuses == {"echo": "failed"}
    finally:
        gate.touch()
    assert bare.wait().rc == 0


@pytest.mark.parametrize("kind", ["azurerm", "consul", "cos", "gcs", "kubernetes", "oss"])
def test_terraform_accepts_the_block_of_every_backend(site, kind):
    arguments = {
        "azurerm": {"storage_account_name": "eos", "container_name": "c"},
        "consul": {"address": "127.0.0.1:1", "scheme": "http"},
        "cos": {"region": "ap-guangzhou", "bucket": "eos-1258798060"},
        "gcs": {"bucket": "eos"},
        "kubernetes": {"namespace": "eos"},
        "oss": {"bucket": "eos", "region": "eu-central-1"},
    }[kind]
    site.environment(
        {"echo": {"source": site.module("echo", modules.ECHO)}},
        settings={
            "backend": {"type": kind, **arguments},
            "timeouts": {"init": "20s"},
        },
    )
    done = site.orchestrate()
    assert done.rc == 1, "there is no such server here"
    text = done.error_text("echo")
    for complaint in (
        "Unsupported argument",
        "Invalid backend configuration argument",
        "Missing required argument",
        "Unsupported backend type",
        "Invalid backend type",
        "Incorrect attribute",
    ):
        assert complaint not in text, text


def test_a_changed_backend_is_explained_and_migrated_only_on_request(site, backend):
    before, after = backend("local"), backend("http")
    env = environment(site, before, modules.ECHO, value="kept")
    assert site.orchestrate().rc == 0
    kept = site.state("echo")[0]["instances"][0]["attributes"]["id"]
    env = environment(site, after, modules.ECHO, value="kept")
    refused = site.orchestrate(env=env)
    assert_refused(refused, "migrate_backend", component="echo")
    migrated = site.orchestrate("migrate_backend=True", env=env)
    assert migrated.rc == 0 and migrated.statuses == {"echo": "unchanged"}, migrated
    assert state_on(after)["resources"][0]["instances"][0]["attributes"]["id"] == kept
    assert site.orchestrate(env=env).statuses == {"echo": "unchanged"}


def state_on(server):
    """The state on the http server."""
    user, password = server.env["TF_HTTP_USERNAME"], server.env["TF_HTTP_PASSWORD"]
    request = urllib.request.Request(server.arguments["address"] + "/staging/echo")
    word = b64encode(f"{user}:{password}".encode()).decode()
    request.add_header("Authorization", f"Basic {word}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def test_a_credential_written_into_the_backend_is_refused(site):
    site.environment(
        {"echo": {"source": site.module("echo", modules.ECHO)}},
        settings={
            "backend": {
                "type": "s3",
                "bucket": "b",
                "region": "r",
                "secret_key": "s3cret-in-pillar",
            }
        },
    )
    done = site.orchestrate()
    assert_refused(done, "infrastructure:settings:backend", "secret_key", "terraform:env")
    assert "s3cret-in-pillar" not in done.said
    for path in site.root.rglob("*"):
        assert not path.is_file() or "s3cret" not in path.read_text("latin-1"), path


def test_two_environments_do_not_share_a_state(site, backend):
    server = backend("http")
    env = environment(site, server, modules.ECHO, value="one")
    infrastructure = json.loads((site.pillars / "infrastructure.sls").read_text()[6:])
    infrastructure["infrastructure"]["environments"]["production"] = {}
    site.pillar(infrastructure["infrastructure"])
    for name in ("staging", "production"):
        done = site.orchestrate(environment=name, env=env)
        assert done.statuses == {"echo": "applied"}, done
