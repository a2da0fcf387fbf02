"""`ensure_infrastructure` through Salt."""

import pytest

from support import modules


@pytest.fixture
def echo(site):
    """A site that logs one line in `calls` for each start of terraform."""
    wrapper = site.folder / "counting"
    wrapper.write_text(f'#!/bin/sh\necho "$1" >>"{site.folder}/calls"\nexec terraform "$@"\n')
    wrapper.chmod(0o755)
    settings = {"terraform": {"binary": str(wrapper)}}
    site.environment({"echo": {"source": site.module("echo", modules.ECHO)}}, settings=settings)
    return site


def ensure(site, *words):
    return site.call("eos_terraform.ensure_infrastructure", "echo", "environment=staging", *words)


def test_an_unchanged_component_starts_no_terraform(echo):
    desired = "desired_state={value: [1, {a: 2}]}"
    first = ensure(echo, desired)
    assert first.rc == 0 and first.report["result"] is True, first
    assert first.report["changes"]["terraform_data.this"]["actions"] == "create", first
    calls = (echo.folder / "calls").read_text()
    again = ensure(echo, desired)
    assert again.rc == 0 and again.report["changes"] == {}, again
    assert again.report["reason"] == "same_fingerprint", again
    assert (echo.folder / "calls").read_text() == calls
    asked = ensure(echo, desired, "refresh=True")
    assert asked.rc == 0 and asked.report["changes"] == {}, asked
    assert (echo.folder / "calls").read_text() != calls
    other = ensure(echo, "desired_state={value: other}")
    assert other.report["changes"]["terraform_data.this"]["actions"] == "update", other


def test_a_wrong_call_is_refused(echo):
    for words in (["desired_state=text"], ["desired_state={nothing: 1}"], ["refesh=True"]):
        refused = ensure(echo, *words)
        assert refused.rc == 1 and refused.report["result"] is False, refused
        assert refused.report["error"]["code"] == "invalid", refused
