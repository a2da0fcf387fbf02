"""A forked call has the same result as a started one. Most tests depend on this."""

import os
import re
import subprocess

import pytest

from support import modules, programs
from support.site import Site, forked

MEASURED = [
    # An object's address, a run's id, a job's id, a time, a duration.
    (r"0x[0-9a-f]+", "ADDRESS"),
    (r"\b[0-9A-HJKMNP-TV-Z]{26}\b", "ID"),
    (r"\b\d{20}\b", "JID"),
    (r"\d{4}-\d\d-\d\dT[0-9:.]+Z?", "MOMENT"),
    (r"\b\d\d:\d\d:\d\d\.\d+\b", "MOMENT"),
    # Salt aligns a duration at its right end.
    (r" *\d+\.\d+(e-\d+)?( ?m?s)?\b", " TIME"),
    # Salt's warnings about its own garbage. Their time depends on the garbage collector.
    (r"(?m)^.*unclosed \w+ <.*\n", ""),
]

# Shows the call's own process: its environment, folder, descriptors, group, session, umask and signals.
# The name of the process is in parentheses, and may contain a space.
# Salt holds sockets and pipes until the garbage collector runs, so the number of these is not compared.
SHOWN = """
cd /proc/$PPID
echo $EOS_TEST_WORD $PATH
readlink cwd fd/0
readlink fd/* | grep -v -e ^socket: -e ^anon_inode: | sed 's/[0-9].*//' | sort -u
sed 's/.*) //' stat | cut -d' ' -f3,4
grep -E 'Umask|Groups|Sig(Blk|Ign|Cgt)|Threads' status
"""


def told(done):
    """Exit code, stdout and stderr, without the parts that differ in every call."""
    texts = [done.stdout, done.stderr]
    for pattern, word in MEASURED:
        texts = [re.sub(pattern, word, text) for text in texts]
    return done.rc, *texts


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A correct component, and one that terraform refuses."""
    programs.terraform()
    site = Site(tmp_path_factory.mktemp("forked") / "site")
    wrong = {"main.tf": 'output "x" {\n  value = terraform_data.absent.id\n}\n'}
    sources = {"echo": site.module("echo", modules.ECHO), "wrong": site.module("wrong", wrong)}
    site.environment({name: {"source": source} for name, source in sources.items()})
    assert site.orchestrate("components=echo").rc == 0
    yield site
    site.close()


@pytest.mark.together("forked")
@pytest.mark.parametrize(
    ("command", "out", "words", "rc"),
    [
        ("run", None, ["infrastructure.orchestrate", "staging", "components=echo"], 0),
        ("run", "json", ["infrastructure.orchestrate", "staging", "components=wrong"], 1),
        ("run", "json", ["infrastructure.orchestrate", "nowhere"], 1),
        ("run", "json", ["no.such_function"], 0),
        ("run", None, ["--no-such-option"], 64),
        ("call", "json", ["eos_terraform.plan", "echo", "staging"], 0),
        ("call", None, ["state.single", "test.fail_without_changes", "x"], 1),
        ("call", "json", ["no.such_function"], 255),
        ("call", None, ["cmd.run", SHOWN], 0),
    ],
    ids=lambda value: " ".join(value)[:60].strip() if isinstance(value, list) else None,
)
def test_a_forked_call_has_the_output_and_exit_code_of_a_started_one(pair, command, out, words, rc):
    call, how = getattr(pair, command), {"out": out, "env": {"EOS_TEST_WORD": "given"}}
    started = told(call(*words, **how, forks=False))
    assert started[0] == rc, started
    assert told(call(*words, **how)) == started


def test_a_call_that_takes_too_long_is_ended_and_the_next_one_works(site):
    with pytest.raises(subprocess.TimeoutExpired):
        site.call("test.sleep", "60", timeout=2)
    assert site.call("test.ping").report is True


def test_a_killed_call_reports_its_signal(site):
    done = site.call("cmd.run", "kill -KILL $PPID", out=None)
    assert done.rc == -9, done


def test_the_parent_of_calls_has_one_thread_and_only_its_own_pipes_open(site):
    assert site.call("test.ping").rc == 0
    process = f"/proc/{forked.parent.pid}"
    assert len(os.listdir(f"{process}/task")) == 1
    assert len(os.listdir(f"{process}/fd")) == 4
