"""The output for people: on a terminal, in a pipe, and after a failure."""

import json
import re
import shlex
import socket

import pytest

from support import modules
from support.tmux import Terminal
from support.waiting import until


@pytest.fixture
def terminal(site):
    opened = []

    def run(*words, **how):
        argv = site.salt_run("infrastructure.orchestrate", "environment=staging", *words, out=None)
        opened.append(Terminal(site.folder, argv, site.env, **how))
        return opened[-1]

    yield run
    for one in opened:
        one.close()


@pytest.fixture
def slow(site):
    site.mark = site.folder / "mark"
    slow = {
        "source": site.module("slow", modules.waits(4)),
        "variables": {"mark": str(site.mark)},
    }
    quick = {"source": site.module("echo", modules.ECHO)}
    site.components = {"quick": quick, "slow": slow, "after": quick | {"depends_on": ["slow"]}}
    site.environment(site.components)
    return site


def test_a_terminal_shows_a_line_for_each_running_component_and_a_table_at_the_end(slow, terminal):
    screen = terminal()
    until(slow.mark.exists, "the apply began", timeout=60)
    lines = (r"slow +applying +\d+/3", r"quick +applied", r"after +waiting")
    until(
        lambda: (text := screen.screen()) and all(re.search(line, text) for line in lines),
        "a line for each component, with the phase and the resources done of total",
    )
    until(lambda: screen.rc is not None, "the run ended", timeout=60)
    end = screen.screen()
    assert screen.rc == 0, end
    assert "3 applied" in end, end
    for name in ("quick", "slow", "after"):
        assert re.search(rf"{name} +applied +\+\d", end), end
    # The live part was redrawn in place: no old line of it remains above.
    assert len(re.findall(r"slow +applying", end)) == 0, end
    assert "Traceback" not in end


NOISY = """
import logging

def get(key, profile=None):
    logging.getLogger("noisy").warning("BEGIN %s END", "a long warning " * 10)
    return "value"
"""


@pytest.mark.parametrize("width", [80, 120])
def test_the_log_stands_whole_above_the_live_block_and_repeats_nothing_of_the_report(
    slow, terminal, width
):
    extensions = slow.folder / "salt" / "cache" / "extmods" / "sdb"
    extensions.mkdir(parents=True)
    (extensions / "noisy.py").write_text(NOISY)
    master = json.loads((slow.conf / "master").read_text())
    (slow.conf / "master").write_text(json.dumps(master | {"noisy": {"driver": "noisy"}}))
    bad = {"source": slow.module("bad", modules.FAILS), "depends_on": ["slow"]}
    asks = {"source": "salt://modules/echo", "secrets": {"value": "sdb://noisy/key"}}
    slow.environment({**slow.components, "asks": asks, "bad": bad})
    screen = terminal("on_failure=continue", width=width)

    def is_drawn_below_the_log():
        log, block = (screen.screen().find(text) for text in (" END\n", "staging · "))
        return 0 < log < block

    until(is_drawn_below_the_log, "the block is below the log line", timeout=60)
    until(slow.mark.exists, "the apply began", timeout=60)
    assert max(len(line.rstrip()) for line in block_of(screen.screen())) < width
    # The terminal shows the lines of the block in several rows now.
    screen.resize(width - 30)
    until(lambda: screen.rc is not None, "the run ended", timeout=60)
    end = screen.screen()
    assert end.count("BEGIN") == 1 and re.search(
        "^.*BEGIN (a long warning ){10} END$", end, re.M
    ), end
    assert "[ERROR" not in end and end.count("on fire [main.tf") == 1, end
    # Nothing of the block is left.
    assert not re.search(r"staging · |slow +applying|after +waiting", end), end
    assert "on fire" in (slow.folder / "salt" / "log").read_text()


def block_of(screen):
    return screen[screen.index("staging · ") :].splitlines()


def test_a_wait_for_a_lock_names_the_run_its_user_and_the_time_at_80_columns(
    site, terminal, started
):
    mark, end = site.folder / "mark", site.folder / "end"
    command = f"touch '{mark}'; until [ -e '{end}' ]; do sleep 0.1; done"
    held = f'resource "terraform_data" "held" {{\n  provisioner "local-exec" {{ command = "{command}" }}\n}}\n'
    component = {"source": site.module("held", {"main.tf": held})}
    site.environment({"held": component}, settings={"lock_timeout": "5m"})
    first = started(site.salt_run("infrastructure.orchestrate", "environment=staging"))
    until(mark.exists, "the apply began", timeout=60)
    screen = terminal(width=80)
    waits = rf"held +waiting for run \S+ of \S+ on {socket.gethostname()}, since \d\d:\d\d UTC"
    until(lambda: re.search(waits, screen.screen()), "it says for whom it waits", timeout=60)
    end.touch()
    until(lambda: screen.rc is not None, "the run ended", timeout=60)
    shown = screen.screen()
    assert screen.rc == 0 and "1 unchanged" in shown and "waiting for run" not in shown, shown
    assert first.wait().rc == 0


def test_control_c_on_a_terminal_shows_the_operations_in_progress(slow, terminal):
    slow.module("slow", modules.waits(15))
    screen = terminal()
    until(slow.mark.exists, "the apply began", timeout=60)
    screen.press("C-c")
    until(lambda: "stopping" in screen.screen() or screen.rc is not None, "it says so", timeout=10)
    until(lambda: screen.rc is not None, "the run ended", timeout=60)
    assert screen.rc == 1, screen.screen()
    assert "cancelled" in screen.screen(), screen.screen()
    assert "Traceback" not in screen.screen()


def test_a_narrow_terminal_breaks_no_line(slow, terminal):
    screen = terminal(width=50)
    until(lambda: screen.rc is not None, "the run ended", timeout=60)
    assert screen.rc == 0, screen.screen()
    assert len(re.findall(r"slow +applying", screen.screen())) == 0, screen.screen()


def test_a_pipe_gets_plain_lines_on_stderr_and_the_report_alone_on_stdout(slow):
    done = slow.orchestrate()
    assert done.rc == 0 and set(done.statuses.values()) == {"applied"}, done
    assert "\x1b" not in done.said and "\r" not in done.stderr
    for name in ("quick", "slow", "after"):
        assert re.search(rf"^ *{name} .*applied", done.stderr, re.M), done
    yaml = pytest.importorskip("yaml")
    assert yaml.safe_load(slow.orchestrate(out="yaml").stdout)["result"] is True


def test_no_progress_is_written_into_salts_log_if_stderr_is_closed(site):
    """Salt's log was opened as file number 2, and the core's progress was written into it."""
    site.environment({"echo": {"source": site.module("echo", modules.ECHO)}})
    command = shlex.join(
        map(str, site.salt_run("infrastructure.orchestrate", "environment=staging"))
    )
    done = site.finish(["bash", "-c", f"exec {command} 2>&-"])
    assert done.rc == 0 and done.statuses == {"echo": "applied"}, done
    log = (site.folder / "salt" / "log").read_text()
    assert not re.search("^ +echo +(preparing|planning|applied)", log, re.M), log


def test_a_failure_shows_component_resource_terraforms_message_and_remedy_once(site):
    site.environment({"bad": {"source": site.module("bad", modules.FAILS)}})
    done = site.orchestrate(out=None)
    assert done.rc == 1, done
    assert done.said.count("on fire [main.tf") == 1 and "[ERROR" not in done.said, done
    for words in ("bad", "terraform_data.bad", "on fire", "1 failed", "next:"):
        assert words in done.stdout, done
    assert "Traceback" not in done.said


def test_problems_of_the_pillar_are_shown_with_their_paths(site):
    site.environment({"bad": {"source": "salt://nowhere"}}, settings={"paralelism": 1})
    done = site.orchestrate(out=None)
    assert "infrastructure:settings:paralelism" in done.stdout, done
    assert 'did you mean "parallelism"' in done.stdout, done


def test_every_line_in_salts_log_carries_the_run_id(site):
    site.environment({"echo": {"source": site.module("echo", modules.ECHO)}})
    argv = [
        *site.salt_run("infrastructure.orchestrate", "environment=staging"),
        "--log-file-level=debug",
    ]
    done = site.finish(argv)
    assert done.rc == 0, done
    log = (site.folder / "salt" / "log").read_text()
    ours = [line for line in log.splitlines() if "[saltext.eos" in line]
    about_the_run = [line for line in ours if done.report["run_id"] in line]
    assert about_the_run, log[-3000:]
    assert [line for line in ours if "echo" in line and line not in about_the_run] == []
