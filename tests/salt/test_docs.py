"""The pages whose commands are not run: their pillars and states are valid, and their links lead to a target."""

import importlib
import inspect
import re

import pytest
import yaml

from support.nobody import Nobody
from support.pages import blocks, names
from support.site import CHECKOUT

pytestmark = pytest.mark.quick

PAGES = [
    "CHANGELOG.md",
    *names(),
    "ARCHITECTURE.md",
    *(str(page.relative_to(CHECKOUT)) for page in (CHECKOUT / "salt").rglob("*.md")),
]
YAML = [
    pytest.param(block.text, id=f"{page}-{number}")
    for page in names()
    for number, block in enumerate(blocks(page))
    if block.language == "yaml"
]
PILLARS = [one for one in YAML if one.values[0].startswith("infrastructure:")]
# Blocks of a master's configuration or of a top file, and parts of a report.
OTHERS = (
    {"eos"},
    {"eos_notify"},
    {"base"},
    {"file_client"},
    {"regions", "tenants", "large"},
    {"schedule"},
    {"reactor"},
    {"salt"},
    {"external_auth"},
    {"pillar_roots", "file_roots"},
    {"root_dir", "eos"},
    {"plan"},
    {"publisher_acl"},
    {"netapi_enable_clients", "rest_cherrypy"},
)
OURS = ("eos_terraform", "terraform_resource")
# A page shows only a part of a pillar: the modules and the other parts are missing.
VAULT = {
    "address": "https://vault.example:8200",
    "auth": {"method": "token", "token": "env:VAULT_TOKEN"},
}
ELSEWHERE = ("no component ", "a component without a source", "the service has nothing to run")


@pytest.mark.parametrize("block", PILLARS)
def test_a_pillar_on_a_page_is_valid(block):
    from saltext.eos import _core

    shown = yaml.safe_load(block)["infrastructure"]
    environments = shown.setdefault("environments", {"production": {}, "staging": {}})
    settings = shown.setdefault("settings", {})
    settings["vault"] = settings.get("vault") or VAULT
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


@pytest.mark.parametrize("block", [one for one in YAML if one not in PILLARS])
def test_a_state_on_a_page_calls_a_function_with_parameters_that_it_has(block):
    shown = yaml.safe_load(block)
    if set(shown) in OTHERS:
        return
    for state in shown.values():
        for name, given in state.items():
            module, function = name.split(".")
            if module in OURS:
                known = getattr(importlib.import_module(f"saltext.eos.states.{module}"), function)
                taken = {*inspect.signature(known).parameters, "require"}
                assert {key for one in given for key in one} <= taken, name


@pytest.mark.parametrize("page", names())
def test_what_a_reader_copies_fits_a_terminal_of_80_columns(page):
    copied = [block.text for block in blocks(page) if block.language != "text"]
    wide = [line for text in copied for line in text.splitlines() if len(line) > 80]
    assert not wide, wide


def anchors(page):
    """The anchors of this page's headings."""
    headings = re.findall(r"^#+ (.*)", re.sub(r"^```.*?^```", "", page, flags=re.S | re.M), re.M)
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", one).lower() for one in headings]
    return {re.sub(r"[^\w\- ]", "", one).replace(" ", "-") for one in plain}


@pytest.mark.parametrize("page", PAGES)
def test_a_link_of_a_page_leads_to_a_file_and_a_heading(page):
    here = CHECKOUT / page
    for target in re.findall(r"\]\(([^)\s]+)\)", here.read_text()):
        if not target.startswith(("http://", "https://")):
            path, _, anchor = target.partition("#")
            there = here.parent / path if path else here
            assert there.exists(), target
            assert not anchor or anchor in anchors(there.read_text()), target


def test_a_page_that_code_names_exists():
    own = re.compile(r"(?<![\w./-])docs/[\w/-]+\.md")
    for folder in ("src", "python", "tests", "salt", "pillar-examples", "benches"):
        for path in (CHECKOUT / folder).rglob("*"):
            if path.suffix in (".rs", ".py", ".sls", ".md", ".tf", ".pyi") and path.is_file():
                for page in own.findall(path.read_text()):
                    assert (CHECKOUT / page).exists(), f"{path} names {page}"


def test_every_page_is_in_the_index():
    index = (CHECKOUT / "docs" / "README.md").read_text()
    pages = {str(page.relative_to(CHECKOUT / "docs")) for page in (CHECKOUT / "docs").rglob("*.md")}
    assert pages - {"README.md"} == set(re.findall(r"\]\(([\w/-]+\.md)\)", index))
