"""The site of the documentation, made by Sphinx."""

import shutil
import subprocess

import pytest

from support.pages import names
from support.site import CHECKOUT

pytestmark = pytest.mark.matrix


def built(checkout, target):
    words = ["-b", "html", "-c", "docs/site", "-W", "--keep-going", "--quiet", "."]
    return subprocess.run(
        [CHECKOUT / ".venv/docs/bin/python", "-m", "sphinx", *words, target],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )


def test_each_page_is_on_the_site_and_a_broken_link_is_refused(tmp_path):
    subprocess.run(["make", "docs"], cwd=CHECKOUT, check=True)
    site = CHECKOUT / "target/docs"
    for page in names():
        assert (site / page).with_suffix(".html").is_file(), page
    front = (site / "README.html").read_text()
    assert 'href="docs/guides/first-deployment.html"' in front

    for name in (
        "docs",
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "LICENSE",
        "salt",
        "pillar-examples",
    ):
        path = CHECKOUT / name
        copy = shutil.copytree if path.is_dir() else shutil.copy
        copy(path, tmp_path / name)
    assert built(tmp_path, tmp_path / "whole").returncode == 0
    guide = tmp_path / "docs/guides/drift.md"
    guide.write_text(guide.read_text() + "\n[a link](rollback.md#nowhere)\n")
    done = built(tmp_path, tmp_path / "broken")
    assert done.returncode != 0 and "nowhere" in done.stderr, done.stderr
