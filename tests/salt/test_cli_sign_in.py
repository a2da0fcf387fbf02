"""`eos` where the master of this minion, or of this host, does not answer. Salt waits then, and says nothing."""

import getpass
import json
import signal
import time

import pytest

from support import modules
from support.ports import free_port
from support.pty import Pty
from support.site import BIN
from support.waiting import until


@pytest.fixture
def lonely(site):
    """A minion whose master does not run. Returns a function that adds options to its configuration."""
    minion = json.loads((site.conf / "minion").read_text()) | {"master_port": free_port()}
    site.master_address = f"127.0.0.1:{minion['master_port']}"

    def options(**more):
        (site.conf / "minion").write_text(json.dumps(minion | more))

    options()
    site.minion_options = options
    return site


def test_a_minion_says_for_whom_it_waits_and_what_to_do_if_nobody_answers(lonely):
    lonely.minion_options(auth_timeout=1, auth_tries=3, master_tries=1)
    done = lonely.eos("status", "staging", "--as-minion", "--json")
    assert done.rc == 1 and not done.stdout and "Traceback" not in done.stderr, done
    waiting = f"eos: waiting for the master of this minion at {lonely.master_address}. "
    ends = "Salt gives up after about 3s (master_tries). Ctrl-C ends the wait\n"
    assert waiting + ends in done.stderr, done
    last = done.stderr.splitlines()[-1]
    wrong = f"eos: the master of this minion at {lonely.master_address} does not answer"
    assert last.startswith(wrong) and "salt-key -L" in last, done
    # The folder of its key was made, as by salt-call.
    assert (lonely.folder / "salt" / "pki-minion" / "minion.pem").exists()


def test_a_minion_whose_master_has_no_address_says_so(lonely):
    lonely.minion_options(master="nowhere.invalid", retry_dns=1, retry_dns_count=4)
    done = lonely.eos("status", "staging", "--as-minion")
    assert done.rc == 1 and not done.stdout and "Traceback" not in done.stderr, done
    assert "at nowhere.invalid:" in done.stderr, done
    assert "looks for its address every 1s" in done.stderr, done


def test_control_c_ends_the_wait_for_the_master_at_once(lonely, started):
    run = started(lonely.eos_command("status", "staging", "--as-minion"))
    until(lambda: "waiting for the master" in run.err.read_text(), "it says so", timeout=60)
    assert "Salt asks until a master answers (master_tries)" in run.err.read_text()
    begun = time.monotonic()
    run.process.send_signal(signal.SIGINT)
    done = run.wait()
    assert time.monotonic() - begun < 10, done
    assert done.rc == 1 and done.stderr.endswith("eos: interrupted\n"), done
    assert not done.stdout and "Traceback" not in done.stderr, done


def test_no_password_is_asked_for_where_no_master_runs(lonely):
    argv = lonely.eos_command("status", "staging", "--auth", "pam")
    run = Pty(argv, lonely.folder, lonely.env)
    try:
        assert run.finish() == 1, run.text
    finally:
        run.close()
    assert "no master runs" in run.text and f"password of {getpass.getuser()}" not in run.text
    assert "Traceback" not in run.text, run.text


@pytest.mark.slow
def test_a_minion_whose_key_the_master_rejects_ends_with_what_to_do(master):
    """It was told with a traceback, and a key that nobody has accepted yet was waited for without an end."""
    master.environment({"echo": {"source": master.module("echo", modules.ECHO)}}, name="signed")
    folder = master.folder / "stranger"
    folder.mkdir()
    minion = json.loads((master.conf / "minion").read_text())
    own = {"id": "stranger", "pki_dir": str(folder / "pki"), "cachedir": str(folder / "cache")}
    (folder / "minion").write_text(json.dumps(minion | own))
    argv = [*master.eos_command("status", "signed", "--as-minion")[:-1], folder]
    accepted = master.finish(argv)
    assert accepted.rc == 0 and accepted.stdout.startswith("signed"), accepted
    keys = [BIN / "salt-key", "-c", master.conf, "-y"]
    assert master.finish([*keys, "--include-accepted", "-r", "stranger"]).rc == 0
    try:
        refused = master.finish(argv, forks=False)
    finally:
        master.finish([*keys, "-d", "stranger"])
    assert refused.rc == 1 and not refused.stdout and "Traceback" not in refused.stderr, refused
    assert "has not accepted the key of stranger. Look there with salt-key -L" in refused.stderr
