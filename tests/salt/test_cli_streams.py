"""`eos` with a stream that is closed, or that takes nothing more. Each call is a process of its own."""

import re
import shlex

import pytest

from support import modules, programs
from support.site import Site

CLOSED = "Bad file descriptor"
FULL = "No space left on device"
UNREAD = "standard input cannot be read"
UNSHOWN = "the report could not be shown: standard output could not be written"
UNWRITTEN = "eos: standard output could not be written"


@pytest.fixture(scope="module")
def echo(tmp_path_factory):
    programs.terraform()
    site = Site(tmp_path_factory.mktemp("streams") / "site")
    site.environment({"echo": {"source": site.module("echo", modules.ECHO)}})
    yield site
    site.close()


@pytest.mark.parametrize(
    ("words", "redirection", "rc", "said"),
    [
        ("status", ">&-", 1, f"^eos: {UNSHOWN}: {CLOSED}$"),
        ("apply", ">/dev/full", 1, f"^eos: {UNSHOWN}: {FULL}; eos history shows what the run did$"),
        ("apply", "2>&-", 0, None),
        ("--help", ">/dev/full", 1, f"^{UNWRITTEN}: {FULL}$"),
        ("--version", ">&-", 1, f"^{UNWRITTEN}: {CLOSED}$"),
        ("plan --nothing", "2>/dev/full", 1, None),
        ("plan staging echo --secret value=-", "<&-", 1, f"--secret value: {UNREAD}: {CLOSED}$"),
    ],
)
def test_a_stream_that_is_closed_or_full_is_told_in_one_line_and_stops_no_run(
    echo, words, redirection, rc, said
):
    told = echo.folder / "told"
    command = shlex.join(map(str, echo.eos_command(*words.split())))
    done = echo.finish(["bash", "-c", f"{command} 2>{shlex.quote(str(told))} {redirection}"])
    lines = told.read_text().splitlines()
    assert done.rc == rc and "Traceback" not in " ".join(lines), (done, lines)
    own = [line for line in lines if line.startswith("eos: ")]
    assert len(own) == (1 if said else 0) and (not said or re.search(said, own[0])), lines
    if words == "apply":
        assert echo.workdir("echo").joinpath("terraform.tfstate").exists()
    if not rc:
        assert re.match("staging: 1 (applied|unchanged)", done.stdout), done


def test_a_value_from_standard_input_that_is_no_text_is_refused_and_not_shown(echo):
    command = shlex.join(
        map(str, echo.eos_command("plan", "staging", "echo", "--secret", "value=-"))
    )
    done = echo.finish(["bash", "-c", f"printf 'hunter2\\377' | {command}"])
    assert done.rc == 1 and "--secret value: the value is not a text" in done.stderr, done
    assert "hunter" not in done.said and "Traceback" not in done.said, done
