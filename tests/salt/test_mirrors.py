"""A real provider on this machine is found without a setting."""

import os
import platform
import subprocess

import pytest

from support.mirrors import NOWHERE
from support.site import CHECKOUT

HELD = "registry.terraform.io/eos-test/held"
CONFIGURATION = (
    'provider_installation {{\n  filesystem_mirror {{\n    path    = "{path}"\n  }}\n}}\n'
)


@pytest.fixture
def look(tmp_path):
    """Returns the place of a provider that only these folders of terraform can contain."""

    def look(**env):
        home = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        argv = [CHECKOUT / "tests" / "provider" / "mirror", "eos-test/held"]
        return subprocess.run(
            argv, env=home | env, check=False, capture_output=True, text=True, cwd=tmp_path
        )

    return look


def hold(mirror, packed=False):
    """Puts the provider into a mirror, unpacked or packed."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    target = f"{platform.system().lower()}_{machine}"
    folder = mirror / HELD / ("" if packed else f"1.2.3/{target}")
    folder.mkdir(parents=True)
    if packed:
        (folder / f"terraform-provider-held_1.2.3_{target}.zip").touch()


@pytest.mark.quick
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("below", "env"),
    [
        (".terraform.d/plugins", {}),
        (".local/share/terraform/plugins", {}),
        ("data/terraform/plugins", {"XDG_DATA_DIRS": "/nowhere:{home}/data"}),
        ("named by it", {"EOS_TEST_PROVIDER_MIRROR": "{home}/named by it"}),
        ("configured", {"TF_CLI_CONFIG_FILE": "{home}/rc"}),
    ],
)
def test_a_provider_is_found_in_terraforms_folders_and_in_configured_ones(
    look, tmp_path, below, env, packed
):
    (tmp_path / "rc").write_text(CONFIGURATION.format(path=tmp_path / "configured"))
    told = {name: value.format(home=tmp_path) for name, value in env.items()}
    assert look(**told).returncode == NOWHERE
    hold(tmp_path / below, packed)
    assert look(**told).stdout == f"{tmp_path / below}\n"


@pytest.mark.quick
def test_a_missing_provider_is_reported_in_one_sentence(look):
    looked = look()
    assert looked.returncode == NOWHERE and not looked.stdout
    assert looked.stderr.count("\n") == 1 and "eos-test/held" in looked.stderr
