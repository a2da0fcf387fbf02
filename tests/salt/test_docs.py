"""The pillars that the pages show are pillars: nothing in them is unknown or wrong."""

import re

import pytest
import yaml

from support.site import CHECKOUT

PAGES = [*sorted((CHECKOUT / "docs").rglob("*.md")), CHECKOUT / "README.md"]
PILLARS = [
    pytest.param(block, id=f"{page.name}-{number}")
    for page in PAGES
    for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", page.read_text(), re.S))
    if block.startswith("infrastructure:")
]
# A page shows a part: the modules, and what stands in other parts, are not there.
VAULT = {
    "address": "https://vault.example:8200",
    "auth": {"method": "token", "token": "env:VAULT_TOKEN"},
}
ELSEWHERE = ("no component ", "a component without a source", "a service without anything to run")


class Nobody:
    """A host without files."""

    identity = {
        "jid": "",
        "minion": "",
        "user": "",
        "salt_version": "",
        "test": False,
        "environment": None,
        "scheduled": False,
    }
    problems = []

    def fetch(self, url):
        raise LookupError(f"{url}: there is no file server here")

    def log(self, level, message):
        """Of no interest."""

    emit = log


@pytest.mark.quick
@pytest.mark.parametrize("block", PILLARS)
def test_a_pillar_on_a_page_has_no_fault_of_its_own(block):
    from saltext.eos import _core

    shown = yaml.safe_load(re.sub("NAME|STEP", lambda word: word[0].lower(), block))[
        "infrastructure"
    ]
    environments = shown.setdefault("environments", {"production": {}, "staging": {}})
    shown["settings"] = {"vault": VAULT} | shown.get("settings", {})
    environment = next(iter(environments))
    report = _core.run("validate", {"environment": environment}, 0, shown, Nobody())
    problems = (report["error"] or {}).get("details", {}).get("problems", [])
    own = [
        one
        for one in problems
        if not one["path"].endswith((":source", ":template"))
        and not one["message"].startswith(ELSEWHERE)
    ]
    assert not own, own
