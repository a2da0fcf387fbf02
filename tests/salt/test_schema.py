"""The JSON schema of the pillar: every pillar of the examples and of the pages is valid, and a wrong one is not.

That the schema is what the reader accepts, `tests/core/schema` checks.
"""

import copy
import json
import subprocess

import jinja2
import jsonschema
import pytest
import yaml

from support.pages import blocks, names
from support.site import BIN, CHECKOUT

pytestmark = pytest.mark.quick

SCHEMA = json.loads((CHECKOUT / "python/saltext/eos/pillar.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
EXAMPLES = sorted(
    path for path in (CHECKOUT / "pillar-examples").rglob("*.sls") if path.name != "top.sls"
)


def rendered(path):
    """The pillar of a file. Its Jinja needs nothing of Salt."""
    jinja = jinja2.Environment()
    jinja.filters["json"] = json.dumps
    return yaml.safe_load(jinja.from_string(path.read_text()).render(opts={}))


def wrong(pillar):
    return [f"{one.json_path}: {one.message}" for one in VALIDATOR.iter_errors(pillar)]


def test_the_schema_itself_is_valid_and_the_command_prints_it():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    done = subprocess.run([BIN / "eos", "schema"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == SCHEMA


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_schema_accepts_every_example_of_a_pillar(path):
    pillar = rendered(path)
    assert "infrastructure" in pillar and not wrong(pillar)


def test_the_schema_accepts_every_pillar_on_a_page():
    shown = 0
    for page in names():
        for block in blocks(page):
            if block.language == "yaml" and block.text.startswith("infrastructure:"):
                assert not wrong(yaml.safe_load(block.text)), (page, block.text)
                shown += 1
    assert shown > 30


GOOD = {
    "settings": {"parallelism": 4, "lock_timeout": "5m", "on_failure": "stop"},
    "components": {"web": {"source": "salt://web", "health": [{"tcp": {"host": "a", "port": 1}}]}},
    "environments": {"staging": {"settings": {"parallelism": 2}}},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("settings", "paralelism"), 4),
        (("settings", "parallelism"), "4"),
        (("settings", "parallelism"), 0),
        (("settings", "on_failure"), "explode"),
        (("components", "web", "health", 0, "tcp", "hots"), "a"),
        (("components", "web", "enabled"), "yes"),
        (("environments", "staging", "settings", "default_environment"), "staging"),
        (("environments", "staging", "component"), {}),
        (("component",), {}),
    ],
)
def test_the_schema_refuses_an_unknown_key_and_a_value_of_a_wrong_kind(path, value):
    assert not wrong({"infrastructure": GOOD})
    changed = copy.deepcopy(GOOD)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    assert wrong({"infrastructure": changed})
