"""Each message of the core that advises an option names a function that has this option, and is written for its caller."""

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
    ("command_line/command.rs", "minion"): ("infrastructure.plan",),
    **dict.fromkeys(
        [("operation/request/plan_commands.rs", name) for name in ("plan_id", "components")],
        ("infrastructure.approve", "eos_terraform.approve"),
    ),
    ("operation/request/arguments/naming.rs", "component"): ("eos_terraform.plan",),
    ("operation/layers/salt.rs", "minion"): ("infrastructure.status", "infrastructure.health"),
}
# How Salt writes a call, and a word in place of the environment, which the core knows.
SALTS = re.compile(
    r"\binfrastructure\.[a-z]|\bENVIRONMENT\b|\bsalt-(?:run|call)\b|\borchestrate [a-z]"
    r"|(?:^|[\s,;:(])[a-z_]+=(?:True|False|[A-Z{])"
)
# Texts that only a call of Salt gets, or that are about Salt itself.
ONLY_OF_SALT = (
    "operation/request/arguments/forms.rs",
    "operation/request/arguments/naming.rs",
    "operation/request/plan_commands.rs",
    "operation/layers/salt.rs",
    "operation/request/host_reference.rs",
    "operation/store/approver.rs",
)
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


def test_no_text_of_the_core_is_written_for_one_program_only():
    """``src/command_line`` writes commands and options as the caller does, in ``eos`` or in a program of Salt."""
    others = [
        (file, text)
        for file, text in literals()
        if SALTS.search(text)
        and file not in ONLY_OF_SALT
        and not file.startswith(("model/", "command_line/"))
        # Programs of others, such as `rerun_if_dead = true`.
        and not any(f"{word}=" in text for word in OTHERS)
    ]
    assert not others
