"""`eos` as the master's own user: the same report, text and exit code as `salt-run`."""

import json
import shlex
import subprocess

import pytest

from support import modules, programs
from support.result import without_times
from support.site import Site
from support.waiting import until


@pytest.fixture
def echo(site):
    """A component that was applied."""
    site.components = {"echo": {"source": site.module("echo", modules.ECHO)}}
    site.environment(site.components)
    return site


@pytest.fixture(scope="module")
def applied(tmp_path_factory):
    """An environment that was applied. Nothing here changes it."""
    programs.terraform()
    site = Site(tmp_path_factory.mktemp("applied") / "site")
    site.environment({"echo": {"source": site.module("echo", modules.ECHO)}})
    assert site.orchestrate().rc == 0
    yield site
    site.close()


def test_an_environment_is_planned_applied_shown_and_destroyed(echo):
    planned = echo.eos("plan", "staging", "--json", "--detailed-exitcode")
    assert planned.rc == 2 and planned.statuses == {"echo": "planned"}, planned
    applied = echo.eos("apply", planned.report["plan_id"], "--json")
    assert applied.rc == 0 and applied.statuses == {"echo": "applied"}, applied
    again = echo.eos("plan", "staging", "echo", "--json", "--detailed-exitcode")
    assert again.rc == 0 and again.statuses == {"echo": "unchanged"}, again
    for verb in ("status", "outputs", "graph", "validate", "history", "locks", "health"):
        asked = echo.eos(verb, "staging")
        assert asked.rc == 0 and asked.stdout.startswith("staging"), asked
        assert asked.stderr == "", asked
    assert echo.eos("drift", "staging").rc == 0
    (run, *_) = echo.eos("history", "staging", "--json").report["runs"]
    page = echo.folder / "run.html"
    page.write_text("older")
    shown = echo.eos("show", run["run_id"], "--html", "run.html")
    assert (shown.rc, shown.stdout.strip()) == (0, f"the page is in {page}"), shown
    assert page.read_text().startswith("<!doctype html>") and page.stat().st_mode & 0o777 == 0o600
    assert run["run_id"] in page.read_text() and shown.stderr == "", shown
    gone = echo.eos("destroy", "staging", "--confirm", "staging", "--json")
    assert gone.rc == 0 and gone.statuses == {"echo": "destroyed"}, gone


@pytest.mark.together("eos")
@pytest.mark.parametrize(
    ("eos", "salt_run", "rc"),
    [
        (["status", "staging"], ["infrastructure.status", "staging"], 0),
        (["graph", "staging"], ["infrastructure.graph", "staging"], 0),
        (["outputs", "staging"], ["infrastructure.outputs", "staging"], 0),
        (["apply", "staging"], ["infrastructure.orchestrate", "staging"], 0),
        (
            ["apply", "staging", "--test"],
            ["infrastructure.orchestrate", "staging", "test=True"],
            0,
        ),
        (["validate", "nowhere"], ["infrastructure.validate", "nowhere"], 1),
        (["plan", "staging", "none"], ["infrastructure.plan", "staging", "none"], 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_eos_ends_with_the_text_and_the_exit_code_of_salt_run(applied, eos, salt_run, rc):
    ours, its = applied.eos(*eos), applied.run(*salt_run, out=None)
    assert (ours.rc, its.rc) == (rc, rc), (ours, its)
    # Each names an argument as its caller writes it.
    shown = without_times(its.stdout)
    for parameter, word in (("environment", "ENV"), ("components", "COMPONENT")):
        shown = shown.replace(f"arguments:{parameter}\n", f"arguments:{word}\n")
    assert without_times(ours.stdout) == shown


@pytest.mark.together("eos")
def test_json_is_one_document_also_if_the_call_is_refused(applied):
    for words in (["apply", "staging"], ["plan", "nowhere"], ["resume", "staging"]):
        done = applied.eos(*words, "--json")
        assert isinstance(json.loads(done.stdout), dict) and "outputter" not in done.json, done


@pytest.mark.together("eos")
def test_a_question_starts_no_job_and_sends_no_event(applied):
    jobs = applied.folder / "salt" / "cache" / "jobs"
    before = sorted(jobs.rglob("*"))
    applied.sink.connections = 0
    for words in (["status", "staging"], ["history", "staging"], ["graph", "staging"]):
        assert applied.eos(*words).rc == 0
    assert before and sorted(jobs.rglob("*")) == before
    assert applied.sink.connections == 0


def test_a_run_is_a_job_of_the_master(echo):
    done = echo.eos("apply", "staging", forks=False)
    # Salt warned on the terminal about an object that it had closed.
    assert done.rc == 0 and "unclosed" not in done.stderr, done
    (job,) = echo.run("jobs.list_jobs").json.values()
    assert job["Function"] == "runner.infrastructure.orchestrate", job


def test_without_a_master_no_run_waits_for_an_event_bus(tmp_path):
    site = Site(tmp_path / "site", sink=False, forks=False)
    site.environment({"echo": {"source": site.module("echo", modules.ECHO)}})
    # Salt makes this folder only for a running master.
    (site.folder / "salt" / "cache" / "proc").rmdir()
    code = (
        "import sys, salt.utils.event as event\n"
        "def never(*_, **__): sys.exit('an event object was made')\n"
        "event.get_event = event.SaltEvent.fire_event = never\n"
        "from saltext.eos.cli.main import main\n"
        "sys.exit(main())"
    )
    argv = [site.eos_command()[0].parent / "python", "-c", code, "apply", "staging"]
    done = site.finish([*argv, "-c", site.conf])
    site.close()
    assert done.rc == 0 and "1 applied" in done.stdout, done


def test_the_component_of_a_call_gets_its_variables_and_secrets(echo):
    done = echo.eos("apply", "staging", "echo", "--var", "value=[1, 2]", "--json")
    assert done.report["components"]["echo"]["outputs"] == {"value": [1, 2]}, done
    both = echo.eos("apply", "staging", "--var", "value=1", "--json")
    assert both.rc == 1 and "must name one component" in both.error_text(), both


SECRET = "s3cr3t-of-standard-input"


def test_a_secret_from_standard_input_is_in_no_job_and_no_report(echo):
    echo.module(
        "echo",
        {
            "main.tf": 'variable "token" {\n  type      = string\n  sensitive = true\n}\n'
            'resource "terraform_data" "this" { input = sha256(var.token) }\n'
        },
    )
    argv = echo.eos_command("plan", "staging", "echo", "--secret", "token=-", "--json")

    def finish(argv):
        return subprocess.run(
            argv, input=SECRET + "\n", capture_output=True, text=True, env=echo.env, check=False
        )

    planned = finish(argv)
    assert planned.returncode == 0, planned
    # The plan has the reference, so the value is given once more.
    command = shlex.split(json.loads(planned.stdout)["apply_command"])
    assert command[0] == "eos" and command[-2:] == ["--secret", "token=-"], command
    applied = finish([echo.eos_command()[0], *command[1:]])
    assert applied.returncode == 0, applied
    for done in (planned, applied):
        assert SECRET not in done.stdout + done.stderr
    cache = echo.folder / "salt" / "cache"
    for path in cache.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path
    assert b"env:EOS_SECRET_token" in b"".join(
        path.read_bytes() for path in (cache / "jobs").rglob("*") if path.is_file()
    )


def test_a_run_with_a_secret_from_standard_input_is_resumed_with_the_same_value(echo):
    mark = echo.folder / "mark"
    echo.module(
        "echo",
        {
            "main.tf": 'variable "token" {\n  type      = string\n  sensitive = true\n}\n'
            'resource "terraform_data" "this" {\n  input = sha256(var.token)\n'
            f'  provisioner "local-exec" {{ command = "test -e {mark}" }}\n}}\n'
        },
    )

    def finish(*words):
        argv = echo.eos_command(*words)
        return subprocess.run(
            argv, input=SECRET, capture_output=True, text=True, env=echo.env, check=False
        )

    assert finish("apply", "staging", "echo", "--secret", "token=-").returncode == 1
    mark.touch()
    without = finish("resume", "staging")
    assert without.returncode == 1 and "--secret token=-" in without.stdout, without
    other = finish("resume", "staging", "--secret", "token=env:OTHER")
    assert other.returncode == 1 and "has its own references" in other.stderr, other
    resumed = finish("resume", "staging", "--secret", "token=-")
    assert resumed.returncode == 0 and "1 applied" in resumed.stdout, resumed
    assert SECRET not in resumed.stdout + resumed.stderr


@pytest.mark.together("eos")
@pytest.mark.parametrize("words", [["destroy", "staging", ""], ["destroy", "-e", "staging", ","]])
def test_a_destroy_of_an_empty_word_is_refused(applied, words):
    done = applied.eos(*words, "--confirm", "staging")
    assert done.rc == 1 and "name at least one" in done.said, done
    assert applied.state("echo")


@pytest.mark.together("eos")
def test_a_component_is_meant_also_if_the_environment_has_its_name(applied):
    done = applied.eos("destroy", "-e", "staging", "staging", "--confirm", "staging")
    assert done.rc == 1 and "staging" in done.said and applied.state("echo"), done


@pytest.mark.together("eos")
def test_an_empty_plan_does_not_mean_the_whole_environment(applied):
    done = applied.eos("apply", "staging", "--plan", "")
    assert done.rc == 1 and "is not a valid id" in done.stdout, done
    assert "nothing was run" in done.stdout, done


def test_a_literal_secret_is_refused_before_anything_runs(echo):
    done = echo.eos("plan", "staging", "echo", "--secret", "token=hunter2")
    assert done.rc == 1 and "hunter2" not in done.said and "token=-" in done.stderr, done
    assert not echo.root.joinpath("staging").exists()


def test_without_a_terminal_a_destroy_and_a_rollback_want_confirm(echo):
    assert echo.eos("apply", "staging").rc == 0
    for words in (["destroy", "staging"], ["rollback", "staging", "echo"]):
        done = echo.eos(*words)
        assert done.rc == 1 and "--confirm staging" in done.stderr and not done.stdout, done
    refused = echo.eos("destroy", "staging", "--yes")
    assert refused.rc == 1 and "--yes does not allow to delete" in refused.stderr, refused
    assert echo.state("echo")
    tested = echo.eos("destroy", "staging", "--test")
    assert tested.rc == 0 and echo.state("echo"), tested


def test_a_rollback_says_that_a_component_is_missing_before_it_asks_for_confirm(echo):
    done = echo.eos("rollback", "staging")
    assert done.rc == 1 and "name the components to roll back" in done.said, done
    assert "--confirm" not in done.said, done


def test_a_rollback_with_yes_goes_back_and_deletes_nothing(echo):
    two = 'resource "terraform_data" "more" {}\n'
    echo.module("echo", {"more.tf": two})
    assert echo.eos("apply", "staging", "echo", "--var", "value=1").rc == 0
    assert echo.eos("apply", "staging", "echo", "--var", "value=2").rc == 0
    done = echo.eos("rollback", "staging", "echo", "--yes", "--json")
    assert (
        done.rc == 0
        and done.statuses == {"echo": "rolled_back"}
        or done.statuses == {"echo": "applied"}
    ), done
    assert len(echo.state("echo")) == 2


@pytest.mark.together("eos")
def test_a_reader_that_ends_early_causes_no_traceback(applied):
    line = f"{' '.join(map(str, applied.eos_command('history', 'staging')))} | true"
    done = applied.finish(["bash", "-c", line])
    assert "Traceback" not in done.said and "BrokenPipe" not in done.said, done


def test_no_colour_on_a_pipe(echo):
    assert "\x1b" not in echo.eos("apply", "staging").said


def test_another_user_learns_how_to_run_on_this_master(monkeypatch):
    import salt.utils.user

    from saltext.eos.cli.errors import UsageError
    from saltext.eos.cli.places import owner

    monkeypatch.setattr(salt.utils.user, "get_user", lambda: "alice")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    more = ", or use --auth pam"
    owner.become("alice", "master", more)
    with pytest.raises(
        UsageError, match=f"master belongs to the user salt, and you are alice.*{more}"
    ):
        owner.become("salt", "master", more)
    with pytest.raises(UsageError, match="minion belongs to the user root.*Run eos as root$"):
        owner.become("root", "minion")


def test_a_host_without_a_master_is_told_so(echo):
    (echo.conf / "master").unlink()
    done = echo.eos("status", "staging")
    assert done.rc == 1 and "--as-minion" in done.stderr and "Traceback" not in done.said, done


def test_control_c_asks_the_run_to_stop(site, started):
    mark = site.folder / "mark"
    component = {"source": site.module("slow", modules.waits(60)), "variables": {"mark": str(mark)}}
    site.environment({"slow": component})
    run = started(site.eos_command("apply", "staging", "--json"))
    until(mark.exists, "the apply began", timeout=60)
    run.process.send_signal(2)
    done = run.wait()
    assert done.rc == 1 and done.statuses == {"slow": "cancelled"}, done
    assert "stopping: terraform finishes" in done.stderr and "Traceback" not in done.said, done


def test_a_minion_runs_the_same_verbs_with_its_own_pillar(echo):
    minion = json.loads((echo.conf / "minion").read_text())
    (echo.conf / "minion").write_text(json.dumps(minion | {"file_client": "local"}))
    # Only the minion has the pillar.
    (echo.pillars / "top.sls").write_text("base: {'minion': [infrastructure]}\n")
    assert echo.eos("validate", "staging").rc == 1
    applied = echo.eos("apply", "staging", "--as-minion", "--json")
    assert applied.rc == 0 and applied.statuses == {"echo": "applied"}, applied
    assert echo.eos("status", "staging", "--as-minion").stdout.startswith("staging")
    other = echo.eos("status", "staging", "--as-minion", "--minion", "web1")
    assert other.rc == 1 and "only its own pillar" in other.stderr, other
