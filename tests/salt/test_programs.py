"""A program that tests need counts as present only if it runs."""

import pytest

from support import programs


@pytest.mark.parametrize(("answer", "is_there"), [(0, True), (1, True), (126, False), (127, False)])
def test_a_program_on_path_that_does_not_run_counts_as_missing(
    tmp_path, monkeypatch, answer, is_there
):
    shim = tmp_path / "a-program-of-no-one"
    shim.write_text(f"#!/bin/sh\nexit {answer}\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert programs.find(shim.name) == (str(shim) if is_there else None)
