"""The installed files, and how Salt's loader finds them."""

import subprocess
import sys
import zipfile

import pytest

from support.site import CHECKOUT

pytestmark = pytest.mark.quick

SHIMS = ("_modules", "_runners", "_states", "_output")


def test_the_wheel_contains_no_top_level_salt_and_no_saltext_init():
    wheels = list((CHECKOUT / "target" / "wheels").glob("*.whl"))
    if not wheels:
        pytest.skip("missing: target/wheels (make test builds it)")
    names = zipfile.ZipFile(wheels[0]).namelist()
    tops = {name.split("/")[0] for name in names}
    assert "saltext" in tops
    assert all(top == "saltext" or top.startswith("saltext_eos-") for top in tops), tops
    assert "saltext/__init__.py" not in names
    assert not any(name.startswith("saltext/eos/tests") for name in names)


def test_the_checkout_makes_neither_salt_nor_saltext_a_package():
    assert not (CHECKOUT / "salt" / "__init__.py").exists()
    assert not (CHECKOUT / "python" / "saltext" / "__init__.py").exists()


def test_the_file_roots_tree_contains_symlinks_to_the_extensions_files():
    for shim in SHIMS:
        files = [path for path in (CHECKOUT / "salt" / shim).iterdir() if path.suffix == ".py"]
        assert files, shim
        for path in files:
            assert path.is_symlink(), path
            assert path.resolve().is_relative_to(CHECKOUT / "python" / "saltext" / "eos"), path


def test_symlinked_modules_load_after_a_sync(site):
    synced = site.call("saltutil.sync_all")
    assert "modules.eos_terraform" in synced.stdout, synced
    found = site.call("sys.list_functions", "eos_terraform")
    assert "eos_terraform.apply" in found.report, found


def test_importing_the_core_needs_no_salt_and_starts_nothing():
    code = (
        "import sys, threading, saltext.eos._core;"
        "assert threading.active_count() == 1;"
        "assert not any(name == 'salt' or name.startswith('salt.') for name in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
