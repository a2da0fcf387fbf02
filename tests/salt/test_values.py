"""Values pass unchanged from the pillar to Terraform's own `output -json`."""

import json
import subprocess
import sys
from hashlib import sha256

import pytest

from support import modules

AWKWARD = {
    "quotes": "a \"double\", a 'single', a `back` and a \\ slash",
    "newlines": "one\ntwo\r\nthree\n\n",
    "interpolation": "${var.value} and $${this} and %{if true}no%{endif} and %%{that}",
    "jinja": "{{ pillar }} {% raw %} {# no #}",
    "heredoc": "<<EOT\ntext\nEOT\n",
    "unicode": "žluťoučký 中文 🦊 \u0000\u001b[31m\u2028",
    "empty": "",
    "list": ["", None, True, [1, {"deep": [2]}]],
    "mixed": {"a key with spaces": {"": 0, "${x}": -1.5}},
    "large": 2**70,
    "negative": -(2**70),
    "small": 1e-7,
    "null": None,
    "false": False,
}


@pytest.mark.quick
def test_awkward_values_come_back_equal_from_output_json(site):
    source = site.module("echo", modules.ECHO)
    site.environment({"echo": {"source": source, "variables": {"value": AWKWARD}}})
    done = site.orchestrate()
    assert done.rc == 0, done
    kept = site.terraform("echo", "output", "-json", "-state=../terraform.tfstate").json
    assert kept["value"]["value"] == AWKWARD
    returned = done.report["components"]["echo"]["outputs"]["value"]
    assert returned == AWKWARD
    # Salt's bus and its job cache have 64 bits. Salt makes texts of larger integers by itself.
    code = (
        "import json, salt.payload as p; print(json.dumps(p.loads(p.dumps(json.loads(input())))))"
    )
    cached = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(returned),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(cached.stdout) == AWKWARD | {"large": str(2**70), "negative": str(-(2**70))}
    again = site.orchestrate()
    assert again.statuses == {"echo": "unchanged"}, again


@pytest.mark.parametrize("megabytes", [1, pytest.param(10, marks=pytest.mark.matrix)])
def test_megabytes_of_text_come_back_equal_and_reach_the_next_component(site, megabytes):
    text = 'line "of" ${text}\n' * (megabytes * 1024 * 1024 // 18)
    source = site.module("echo", modules.ECHO)
    site.environment(
        {
            "first": {"source": source, "variables": {"value": text}},
            "second": {"source": source, "from_outputs": {"value": "first.value"}},
        }
    )
    done = site.orchestrate()
    assert done.rc == 0, done.stderr[-3000:]
    kept = json.loads((site.workdir("second") / "terraform.tfstate").read_text())
    assert kept["outputs"]["value"]["value"] == text


def test_a_sensitive_output_feeds_the_next_component_and_is_written_in_no_tfvars(site):
    secret = "correct-horse-battery"
    vault = {
        "main.tf": f"""
resource "terraform_data" "this" {{
  input = sha256("{secret}")
}}
output "token" {{
  value     = terraform_data.this.output
  sensitive = true
}}
output "label" {{
  value = "plain"
}}
"""
    }
    reader = {
        "main.tf": """
variable "token" {
  type      = string
  sensitive = true
}
resource "terraform_data" "this" {
  input = var.token
}
output "length" {
  value = nonsensitive(length(var.token))
}
"""
    }
    site.environment(
        {
            "vault": {"source": site.module("vault", vault)},
            "reader": {
                "source": site.module("reader", reader),
                "from_outputs": {"token": "vault.token"},
            },
        }
    )
    done = site.orchestrate()
    assert done.rc == 0, done
    token = next(one for one in site.state("reader"))["instances"][0]["attributes"]["input"][
        "value"
    ]
    assert len(token) == 64
    assert done.report["components"]["vault"]["outputs"] == {"label": "plain"}
    assert done.report["components"]["reader"]["outputs"] == {"length": 64}
    assert token not in done.said
    states_and_plans = {"terraform.tfstate", "terraform.tfstate.backup"}
    holding = [
        path
        for path in site.root.rglob("*")
        if path.is_file()
        and path.name not in states_and_plans
        and token in path.read_text("latin-1")
    ]
    assert holding == []
    assert token not in (site.folder / "salt" / "log").read_text()
    for path in site.root.rglob("*"):
        if path.name in states_and_plans:
            assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize("kind", ["env", "file"])
def test_a_secret_by_reference_reaches_terraform_and_no_log(site, kind):
    secret = "s3cret-by-reference"
    place = site.folder / "secret"
    place.write_text(secret + "\n")
    reference = {"env": "env:EOS_TEST_SECRET", "file": f"file:{place}"}[kind]
    module = {
        "main.tf": """
variable "password" {
  type      = string
  sensitive = true
}
resource "terraform_data" "this" {
  input = sha256(var.password)
}
output "seen" {
  value = nonsensitive(terraform_data.this.output)
}
"""
    }
    component = {
        "source": site.module("uses", module),
        "secrets": {"password": reference},
    }
    site.environment({"uses": component})
    done = site.orchestrate(env={"EOS_TEST_SECRET": secret})
    assert done.rc == 0, done
    assert (
        done.report["components"]["uses"]["outputs"]["seen"] == sha256(secret.encode()).hexdigest()
    )
    assert secret not in done.said
    for path in [site.folder / "salt" / "log", *site.root.rglob("*")]:
        if path.is_file():
            assert secret not in path.read_text("latin-1"), path
    again = site.orchestrate(env={"EOS_TEST_SECRET": secret})
    assert again.statuses == {"uses": "unchanged"}, again
