"""Each message of the core that advises an option names a function that has this option."""

import importlib
import inspect
import re

import pytest

from support.site import CHECKOUT

pytestmark = pytest.mark.quick

SOURCES = sorted((CHECKOUT / "src").rglob("*.rs"))
LITERAL = re.compile(r'"((?:\\.|[^"\\])*)"', re.S)
COMMENT = re.compile(r"^\s*//.*$", re.M)
TESTS = re.compile(r"#\[cfg\(test\)\]\s*mod \w+ \{.*\Z", re.S)
MODULES = {
    "infrastructure": "saltext.eos.runners.infrastructure",
    "terraform": "saltext.eos.runners.terraform",
    "eos_terraform": "saltext.eos.modules.eos_terraform",
}
# A function, and the words after it up to the end of the command.
COMMAND = re.compile(rf"({'|'.join(MODULES)})\.([a-z_]+)((?: (?:[a-z_]+=)?[^\s,;:]+)*)")
# `orchestrate with upgrade=True`
WITH = re.compile(r"\b(orchestrate|plan|apply|destroy|rollback|resume|remediate) with ([a-z_]+)=")
# An option that a sentence names alone.
ALONE = re.compile(r"(?:^|[\s,;:(])((?!test=)[a-z_]+)=(?:[A-Z{]|$)")

# Where the called function is known: the option, and all functions that reach this place.
KNOWN = {
    # Each function of the runner has it.
    ("command_line.rs", "minion"): ("infrastructure.plan",),
    **dict.fromkeys(
        [("operation/request/plan_commands.rs", name) for name in ("plan_id", "components")],
        ("infrastructure.approve", "eos_terraform.approve"),
    ),
    ("operation/request/arguments/mod.rs", "confirm"): (
        "infrastructure.destroy",
        "infrastructure.rollback",
        "terraform.staged_rollback",
        "eos_terraform.rollback_to_snapshot",
    ),
    ("operation/command/requests.rs", "confirm"): ("infrastructure.destroy",),
    ("operation/component/turn/apply_rollback.rs", "confirm"): (
        "infrastructure.rollback",
        "terraform.staged_rollback",
        "eos_terraform.rollback_to_snapshot",
    ),
    ("operation/run/rollback/request.rs", "confirm"): (
        "infrastructure.rollback",
        "terraform.staged_rollback",
    ),
    ("operation/run/rollback/result.rs", "confirm"): ("infrastructure.rollback",),
    ("operation/request/arguments/naming.rs", "component"): ("eos_terraform.plan",),
    ("operation/blueprint/mod.rs", "minion"): ("infrastructure.plan", "infrastructure.status"),
    ("operation/layers/salt.rs", "minion"): ("infrastructure.status", "infrastructure.health"),
    ("operation/blueprint/saved_arguments.rs", "secrets"): (
        "infrastructure.plan",
        "infrastructure.orchestrate",
        "infrastructure.destroy",
    ),
    ("operation/component/apply/failed_version.rs", "retry"): ("infrastructure.orchestrate",),
    ("view/text.rs", "plan_id"): ("infrastructure.apply", "infrastructure.approve"),
}
# Words before `=` that are no option of a function.
OTHERS = ("saltenv", "index", "wait", "release", "flags", "basicConstraints")


def literals():
    """(file, text) of each text in the core, without those of its tests."""
    for path in SOURCES:
        if path.name == "tests.rs":
            continue
        code = TESTS.sub("", COMMENT.sub("", path.read_text())).replace("'\"'", "")
        for text in LITERAL.findall(code):
            yield str(path.relative_to(CHECKOUT / "src")), re.sub(r"\\\n\s*", "", text)


def has(function, option):
    room, _, name = function.partition(".")
    named = getattr(importlib.import_module(MODULES[room]), name)
    return option in inspect.signature(named).parameters


def test_an_option_in_a_message_belongs_to_the_function_that_the_message_names():
    seen = set()
    for file, text in literals():
        for room, function, words in COMMAND.findall(text):
            for option in re.findall(r" ([a-z_]+)=", words):
                assert has(f"{room}.{function}", option), (file, text)
        rest = COMMAND.sub("", text)
        for function, option in WITH.findall(rest):
            assert has(f"infrastructure.{function}", option), (file, text)
        # The end of a command that another text begins.
        rest = re.sub(r"^ [a-z_]+=\S+", "", rest)
        for option in ALONE.findall(WITH.sub("", rest)):
            if option in OTHERS:
                continue
            known = KNOWN.get((file, option))
            assert known, f"{file}: {text!r} advises {option}, and no function is known to have it"
            assert all(has(function, option) for function in known), (file, text)
            seen.add((file, option))
    assert seen, "no message was read"
