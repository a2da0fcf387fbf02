"""What `eos` asks a person on a terminal."""

import os
import re
import subprocess
import sys

import pytest

from support import modules
from support.pty import Pty


@pytest.fixture
def terminal(site):
    """Starts `eos` on a terminal."""
    opened = []

    def run(*words, env=None):
        opened.append(Pty(site.eos_command(*words), site.folder, site.env | (env or {})))
        return opened[-1]

    yield run
    for one in opened:
        one.close()


@pytest.fixture
def echo(site):
    site.environment({"echo": {"source": site.module("echo", modules.ECHO)}})
    assert site.eos("apply", "staging", "echo", "--var", "value=1").rc == 0
    return site


def test_a_destroy_shows_its_plan_and_destroys_after_the_name(echo, terminal):
    run = terminal("destroy", "staging")
    run.expect("type the name of the environment (staging): ")
    assert "terraform_data.this" in run.text and "1 planned" in run.text, run.text
    assert echo.state("echo")
    run.type("staging")
    assert run.finish() == 0, run.text
    assert "1 destroyed" in run.text and not echo.state("echo"), run.text


@pytest.mark.parametrize("answer", ["yes", "", "production", "\x04"])
def test_another_answer_destroys_nothing(echo, terminal, answer):
    run = terminal("destroy", "staging")
    run.expect("(staging): ")
    run.type(answer)
    assert run.finish() == 1, run.text
    assert "\r\neos: nothing was changed" in run.text and echo.state("echo"), run.text


def test_control_c_at_the_question_destroys_nothing(echo, terminal):
    run = terminal("destroy", "staging")
    run.expect("(staging): ")
    # One empty line is between the plan and the question.
    assert re.search(r"[^\n]\r\n\r\nTo destroy, type the name", run.text), run.text
    run.process.send_signal(2)
    assert run.finish() == 1, run.text
    assert "(staging): \r\neos: interrupted\r\n" in run.text, run.text
    assert "Traceback" not in run.text and echo.state("echo"), run.text


# The signal comes when the question is written and the reading has not begun.
INTERRUPTED_QUESTION = """
import os, signal, sys
from saltext.eos.cli import answer

class Terminal:
    def __init__(self, stream):
        self.stream, self.written = stream, False
    def write(self, text):
        return self.stream.write(text)
    def flush(self):
        self.stream.flush()
        if not self.written:
            self.written = True
            signal.raise_signal(signal.SIGINT)

sys.stderr = Terminal(sys.stderr)
try:
    answer.line("name: ")
except KeyboardInterrupt:
    print("interrupted", file=sys.stderr)
"""


def test_after_a_control_c_before_the_reading_the_next_text_begins_a_line():
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_QUESTION],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "name: \ninterrupted\n"), done


def test_a_destroy_of_nothing_asks_nothing(echo, terminal):
    assert echo.eos("destroy", "staging", "--confirm", "staging").rc == 0
    run = terminal("destroy", "staging")
    assert run.finish() == 0, run.text
    assert "type the name" not in run.text, run.text


def test_a_rollback_shows_its_plan_and_goes_back_after_the_name(echo, terminal):
    assert echo.eos("apply", "staging", "echo", "--var", "value=2").rc == 0
    run = terminal("rollback", "staging", "echo")
    run.expect("To roll back, type the name of the environment (staging): ")
    assert "terraform_data.this" in run.text, run.text
    run.type("staging")
    assert run.finish() == 0, run.text
    outputs = echo.eos("outputs", "staging", "--json").report["outputs"]
    assert outputs["echo"] == {"value": 1}, run.text


def test_a_secret_is_asked_for_and_not_shown(site, terminal):
    main = (
        'variable "token" {\n  type      = string\n  sensitive = true\n}\n'
        'output "length" { value = nonsensitive(length(var.token)) }\n'
    )
    site.environment({"login": {"source": site.module("login", {"main.tf": main})}})
    run = terminal("apply", "staging", "login", "--secret", "token", "--json")
    run.expect("secret token of login (what you type is not shown): ")
    run.type("hunter2-hunter2")
    assert run.finish() == 0, run.text
    assert "hunter2" not in run.text and '"length": 15' in run.text, run.text


def test_control_d_at_a_question_starts_nothing_and_is_one_line(site, terminal):
    site.environment({"echo": {"source": site.module("echo", modules.ECHO)}})
    run = terminal("apply", "staging", "echo", "--secret", "value")
    run.expect("secret value of echo (what you type is not shown): ")
    os.write(run.master, b"\x04")
    assert run.finish() == 1, run.text
    assert "shown): \r\neos: nothing was started" in run.text, run.text
    assert not site.root.joinpath("staging").exists()


def test_a_terminal_has_colour_unless_no_color_is_set(echo, terminal):
    colour = "\x1b[3"
    shown = terminal("status", "staging")
    assert shown.finish() == 0 and colour in shown.text, shown.text
    plain = terminal("status", "staging", env={"NO_COLOR": "1"})
    assert plain.finish() == 0 and colour not in plain.text, plain.text
