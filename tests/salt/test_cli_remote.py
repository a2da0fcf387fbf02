"""`eos` of a user who is not the master's own: by external_auth on the host, and by salt-api."""

import json
import re
import signal

import pytest

from support import api, modules
from support.pty import Pty
from support.result import without_times
from support.waiting import until

pytestmark = pytest.mark.slow


@pytest.fixture
def token_file(master):
    """Makes a token as a user of `salt --auth` does."""

    def make(user):
        who = ["--auth", api.EAUTH, "--username", user, "--password", api.PASSWORD]
        argv = [*master.salt_command("--make-token", *who), "*", "test.ping"]
        master.finish(argv, forks=False)
        (made,) = master.home.glob("salt_token")
        return made

    yield make
    for made in master.home.glob("salt_token"):
        made.unlink()


@pytest.fixture(params=["auth", "api"])
def way(request, master, token_file):
    """The options and the environment of a user, for both ways."""

    def of(user):
        if request.param == "auth":
            token_file(user)
            return ["--auth", api.EAUTH], {}
        salt_api = request.getfixturevalue("salt_api")
        return ["--api", api.URL], {"SALT_API_TOKEN": salt_api.token(user)}

    return of


def test_a_page_that_the_bus_would_cut_is_refused_with_both_sizes(master, way, request):
    """It came back cut: its text was VALUE_TRIMMED."""
    name = f"large-{request.node.callspec.params['way']}"
    master.environment({"echo": {"source": master.module("echo", modules.ECHO)}}, name=name)
    run_id = master.orchestrate(environment=name).report["run_id"]
    path = master.root / name / ".eos" / "runs" / run_id / "report.json"
    report = json.loads(path.read_text())
    error = {"layer": "host", "phase": "planning", "code": "file", "remedy": "", "details": {}}
    sentence = "what is wrong with it, and where " * 20
    report["components"] = {
        f"part-{number}": report["components"]["echo"]
        | {"status": "failed", "error": error | {"message": f"{number}: {sentence}"}}
        for number in range(1500)
    }
    path.write_text(json.dumps(report))
    options, env = way("alice")
    page = master.folder / f"{name}.html"
    for words in (["--html", page.name], ["--html", "-"]):
        shown = master.eos("show", run_id, *words, *options, env=env)
        assert shown.rc == 1 and "VALUE_TRIMMED" not in shown.said, shown
        said = " ".join(shown.stdout.replace("| ", "").split())
        assert re.search(
            r"the answer has \d\.\d MiB, and this master sends at most 1\.0 MiB", said
        ), shown
        assert "raise max_event_size" in said and not page.exists(), shown
    here = master.eos("show", run_id, "--html", page.name)
    assert here.rc == 0 and page.stat().st_size > 2**20, here


def test_a_run_on_the_master_ends_with_its_report_and_exit_code(master, way, request):
    name = request.node.callspec.params["way"]
    master.environment({"echo": {"source": master.module("echo", modules.ECHO)}}, name=name)
    options, env = way("alice")
    waits = master.eos("plan", name, "--detailed-exitcode", *options, env=env)
    assert waits.rc == 2 and "1 planned" in waits.stdout, waits
    place = {"auth": f"-c {master.conf} --auth {api.EAUTH}", "api": "--api URL"}[name]
    assert f"to apply this plan: eos {place} apply " in waits.stdout, waits
    done = master.eos("apply", name, "--json", *options, env=env)
    assert done.rc == 0 and done.statuses == {"echo": "applied"}, done
    assert done.report["user"] == "alice" and done.stderr == "", done
    page = master.folder / f"{name}.html"
    shown = master.eos("show", done.report["run_id"], "--html", page.name, *options, env=env)
    assert (shown.rc, shown.stdout.strip()) == (0, f"the page is in {page}"), shown
    assert "<dt>by</dt><dd>alice</dd>" in page.read_text(), page.read_text()
    asked = master.eos("outputs", name, *options, env=env)
    its = master.run("infrastructure.outputs", name, out=None)
    assert asked.rc == 0 and without_times(asked.stdout) == without_times(its.stdout), asked
    wrong = master.eos("plan", "nowhere", *options, env=env)
    assert wrong.rc == 1 and "nowhere" in wrong.stdout, wrong
    gone = master.eos("destroy", name, "--confirm", name, *options, env=env)
    assert gone.rc == 0 and "1 destroyed" in gone.stdout, gone


def test_a_user_without_the_right_is_refused(master, way):
    master.environment({"echo": {"source": master.module("echo", modules.ECHO)}}, name="remote")
    options, env = way("bob")
    allowed = master.eos("status", "remote", *options, env=env)
    assert allowed.rc == 0 and allowed.stdout.startswith("remote"), allowed
    refused = master.eos("apply", "remote", *options, env=env)
    assert refused.rc == 1 and "Traceback" not in refused.said, refused
    assert not refused.stdout and refused.stderr.startswith("eos: "), refused
    if "--auth" in options:
        what = "this user may not call infrastructure.orchestrate, or the token in "
        assert refused.stderr.startswith(f"eos: {what}"), refused


def slow(master, seconds, name):
    """An environment whose apply takes that long. Returns the file that it writes when it begins."""
    mark = master.folder / f"mark-{name}"
    mark.unlink(missing_ok=True)
    source = master.module(f"slow-{name}", modules.waits(seconds))
    component = {"source": source, "variables": {"mark": str(mark)}}
    master.environment({"slow": component}, name=name)
    return mark


def test_control_c_cancels_the_run_on_the_master(master, way, request):
    name = request.node.callspec.params["way"]
    options, env = way("alice")
    mark = slow(master, 60, f"cancel-{name}")
    run = master.start(master.eos_command("apply", f"cancel-{name}", "--json", *options), env=env)
    try:
        until(mark.exists, "the apply began", timeout=60)
        run.process.send_signal(signal.SIGINT)
        done = run.wait()
    finally:
        run.end()
    assert done.rc == 1 and done.statuses == {"slow": "cancelled"}, done
    assert "stopping" in done.stderr and "Traceback" not in done.stderr, done


def test_username_asks_although_another_user_has_a_token(master, token_file):
    master.environment({"echo": {"source": master.module("echo", modules.ECHO)}}, name="remote")
    token_file("bob")
    as_alice = ["--auth", api.EAUTH, "--username", "alice"]
    done = master.eos("status", "remote", *as_alice)
    assert done.rc == 1 and "needs a password" in done.stderr, done
    logged = master.eos("status", "remote", "--auth", api.EAUTH, "-l", "debug")
    assert logged.rc == 0 and "[DEBUG" in logged.stderr, logged


def test_a_closed_terminal_ends_nothing_on_the_master(master, way, request):
    name = request.node.callspec.params["way"]
    options, env = way("alice")
    mark = slow(master, 4, f"closed-{name}")
    run = Pty(
        master.eos_command("apply", f"closed-{name}", *options), master.folder, master.env | env
    )
    try:
        until(mark.exists, "the apply began", timeout=60)
    finally:
        run.close()
    state = master.workdir("slow", f"closed-{name}") / "terraform.tfstate"
    until(
        lambda: state.exists() and '"after"' in state.read_text(),
        "the run on the master has ended",
        timeout=60,
    )


def test_a_password_is_asked_for_and_not_shown(master):
    master.environment({"echo": {"source": master.module("echo", modules.ECHO)}}, name="remote")
    argv = master.eos_command(
        "status", "remote", "--json", "--auth", api.EAUTH, "--username", "alice"
    )
    for password, rc in ((api.PASSWORD, 0), ("wrong", 1)):
        run = Pty(argv, master.folder, master.env)
        try:
            run.expect("password of alice: ")
            run.type(password)
            assert run.finish() == rc, run.text
        finally:
            run.close()
        assert password not in run.text and "Traceback" not in run.text, run.text
    assert "did not accept alice" in run.text, run.text


@pytest.mark.parametrize(
    ("options", "env", "words"),
    [
        (["--auth", api.EAUTH], {}, "--make-token"),
        (["--api", api.URL], {}, "SALT_API_TOKEN"),
        (["--api", "salt.example"], {}, "https://"),
        (["--api", "http://127.0.0.1:9"], {"SALT_API_TOKEN": "x"}, "does not answer"),
        (["--auth", "pam", "--api", api.URL], {}, "exclude each other"),
    ],
)
def test_what_is_missing_is_named(site, options, env, words):
    done = site.eos("status", "staging", *options, env=env)
    assert done.rc == 1 and words in done.stderr and not done.stdout, done


def test_a_wrong_token_is_refused_with_what_to_do(master, salt_api):
    done = master.eos("status", "remote", "--api", api.URL, env={"SALT_API_TOKEN": "wrong"})
    assert done.rc == 1 and "Log in again" in done.stderr, done


def test_a_token_in_the_keyring_is_used(master, salt_api):
    """The package keyring is not installed with Eos, so a module stands for it."""
    master.environment({"echo": {"source": master.module("echo", modules.ECHO)}}, name="remote")
    stored = json.dumps({f"eos {api.URL}": salt_api.token("alice")})
    (master.folder / "keyring.py").write_text(
        f"def get_password(service, user):\n    return {stored}.get(service + ' ' + user)\n"
    )
    env = {"PYTHONPATH": str(master.folder)}
    argv = master.eos_command("status", "remote", "--api", api.URL)
    done = master.finish(argv, env=env, forks=False)
    assert done.rc == 0 and done.stdout.startswith("remote"), done
